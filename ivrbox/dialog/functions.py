"""What passes between the dialog and an author's function: a request, and its reply.

The function itself runs in a child process (`appliance`); here are only the words that both sides use, plain values
that can be pickled. `discard_recording()` is not part of the reply: it takes effect the moment it is called.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ivrbox.dialog.turns import Turn


class FunctionKind(StrEnum):
    """When in the call a function runs."""

    START = "start"  # before the first step; keys are not taken until it has returned
    STEP = "step"
    END = "end"  # after hang-up; nobody can opt out any more


class MoveKind(StrEnum):
    """Where a function or an action sends the call."""

    STEP = "goto_step"
    FLOW = "goto_flow"
    EXIT = "exit_flow"


@dataclass(frozen=True, slots=True)
class Move:
    """A jump: `target` names the step or flow, and is empty for `exit_flow`."""

    kind: MoveKind
    target: str = ""


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """One run of an author's function, with all that it may look at.

    `steps` and `flows` are the names that exist, so that a wrong one raises in the function, at the line at fault.
    `state` is the author's `conv.state`, pickled by the child and opaque here. `values` are the entries that steps
    saved by name (`save_as`), shown in no log.
    """

    kind: FunctionKind
    name: str
    source: Path
    history: tuple[Turn, ...] = ()
    state: bytes = b""
    caller_number: str | None = None
    current_flow: str = ""
    current_step: str = ""
    steps: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class FunctionReply:
    """What a function wants: words to say in order, then a move, then perhaps the end of the call."""

    says: tuple[str, ...] = ()
    move: Move | None = None
    hangup: bool = False
    state: bytes = b""
