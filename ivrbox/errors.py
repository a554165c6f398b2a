"""Everything that can go wrong, as one tree.

Each leaf is also the builtin that a Python programmer would expect, so `except IvrboxError` and `except ValueError`
both do the natural thing. A message says where, what was found, and what is allowed.

    IvrboxError
      ConfigError        ValueError      a file of the owner's is at fault: settings, flow, function, prompt
        FlowError                        ... a flow or its functions
      WavError           ValueError      a sound file is not one, or not one that can be read
      LineError          OSError         the wire: missing, busy, gone
        LineLost                         ... it was there and vanished in use
        LineStuck                        ... its driver hangs: only a new process can open it again
      FunctionError      RuntimeError    an author's function is at fault
        FunctionFailed                   ... it raised
        FunctionTimedOut TimeoutError    ... it took longer than its limit
        BadReturn        TypeError       ... it returned what is not allowed
      UnknownName        LookupError     a step, flow or call was named that does not exist
      DiscardTooLate     RuntimeError    the recording was past its end, nobody can opt out any more
      IllegalTransition  RuntimeError    a state machine was asked for a move its table does not have
      SpeechError        OSError         no synthesizer could speak a text
      SealError          OSError         a recording could not be sealed or opened
      StoreError         OSError         the record store could not be read or written
        RecordRefused                    ... the record itself is at fault: it would bring back what is gone
      StatusError        OSError         no running box tells how it is
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How bad a fault is: an error stops the file from being used, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a file: where, and what was found against what is allowed.

    `line` counts from 1; None where the place cannot be had. `key` is the dotted path (`steps.consent.dtmf.digits`).
    """

    file: str
    line: int | None
    key: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class IvrboxError(Exception):
    """The root of all errors that ivrbox raises on purpose."""


class ConfigError(IvrboxError, ValueError):
    """Files of the owner's are at fault; all faults found are listed, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Take the faults in the order they are to be read."""
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class FlowError(ConfigError):
    """A flow, or a function file that it names, is at fault."""


class WavError(IvrboxError, ValueError):
    """A sound file is not one, or has a format that cannot be read."""


class LineError(IvrboxError, OSError):
    """A line cannot be opened or used."""


class LineLost(LineError):
    """A line that was open has vanished."""


class LineStuck(LineError):
    """A line's driver hangs in this process: the process must be replaced before the line can be opened again."""


class FunctionError(IvrboxError, RuntimeError):
    """An author's function is at fault; the step's failure path runs and the call lives on."""


class FunctionFailed(FunctionError):
    """A function raised; the message carries its traceback."""


class FunctionTimedOut(FunctionError, TimeoutError):
    """A function took longer than its limit and was ended."""


class BadReturn(FunctionError, TypeError):
    """A function returned something other than None, a string, or a dict with `utterance` and `hangup`."""


class UnknownName(IvrboxError, LookupError):
    """A step, flow or call was named that does not exist."""


class DiscardTooLate(IvrboxError, RuntimeError):
    """The call has ended: its recording is already sealed or gone, nobody can opt out any more."""


class IllegalTransition(IvrboxError, RuntimeError):
    """A state machine was asked for a move that its table does not have."""


class SpeechError(IvrboxError, OSError):
    """No synthesizer could speak a text."""


class SealError(IvrboxError, OSError):
    """A recording could not be sealed, or a sealed one not opened."""


class StoreError(IvrboxError, OSError):
    """The store of conversation records could not be read or written."""


class RecordRefused(StoreError):
    """A record would bring back what is gone, or breaks another rule of the store: it is no use to try again."""


class StatusError(IvrboxError, OSError):
    """No running box tells how it is."""


def hint(name: str, known: Iterable[str]) -> str:
    """What is allowed in place of a name that is not known: the one that was meant, or all there are."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names) or 'none'}"
