"""The ladder out of a stuck modem: from the gentlest means to the last, each step logged, until it answers again.

    stop codes of the profile, in order  ->  quiet, +++, quiet  ->  ATH  ->  ATZ  ->  reopen the port  ->  report

No frame goes by meanwhile, and what is kept of the call waits for it: so to the top and down takes 15 s, about half of
what the watchdog allows.

A modem is stuck when it no longer answers `AT`: it is still playing or recording and took a stop code for sound, or
its firmware has lost its way.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivrbox.lines.modem_dialogue import Refused, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivrbox.lines.modem_dialogue import Dialogue
    from ivrbox.lines.modem_profile import StopSpec

log = logging.getLogger(__name__)

CHECK_S = 1.0
"""`AT` is answered within this time by any modem that is well."""

STEP_S = 0.5
"""What a step is given to show: it is one of a dozen, and the next may be the one that helps."""

STOP_S = 0.25
"""... and a stop code before the first `AT`, since there are many."""

GUARD_S = 1.1
"""Quiet before and after `+++`: the guard time S12 is 50 x 20 ms on every chip read about, and a little more."""


def answers(dialogue: Dialogue, limit_s: float = CHECK_S) -> bool:
    """Whether the modem answers `AT` with OK."""
    try:
        dialogue.ask("AT", limit_s)
    except (Refused, Unanswered):
        return False
    return True


def climb(name: str, dialogue: Dialogue, stop: StopSpec, reopen: Callable[[], Dialogue]) -> Dialogue | None:
    """Free a stuck modem; give the dialogue that works again (another one, after reopening), or None.

    Raises:
        OSError: the port has gone, or could not be opened again.
    """
    for step, act, limit_s in _steps(dialogue, stop):
        log.warning("line %s: the modem is stuck; trying %s", name, step)
        act()
        if _is_free(name, dialogue, step, limit_s):
            return dialogue
    log.warning("line %s: the modem is stuck; trying to open its port again", name)
    dialogue = reopen()
    if _is_free(name, dialogue, "reopening", STEP_S):
        return dialogue
    log.error("line %s: the modem is stuck, and nothing helped: unplug it and plug it in again", name)
    return None


def _steps(dialogue: Dialogue, stop: StopSpec) -> Iterator[tuple[str, Callable[[], None], float]]:
    for code in dict.fromkeys((*stop.play, *stop.record, *stop.duplex)):
        yield f"stop code {code.hex(' ')}", lambda code=code: dialogue.send(code), STOP_S  # type: ignore[misc]
    yield "a quiet +++", lambda: _escape(dialogue), STEP_S
    for command in ("ATH", "ATZ"):
        yield command, lambda command=command: dialogue.send(f"{command}\r".encode()), STEP_S  # type: ignore[misc]


def _escape(dialogue: Dialogue) -> None:
    dialogue.rest(GUARD_S)
    dialogue.send(b"+++")
    dialogue.rest(GUARD_S)


def _is_free(name: str, dialogue: Dialogue, step: str, limit_s: float) -> bool:
    """Ask twice: the first `AT` may be glued to what a stuck modem took for sound."""
    dialogue.decoder.to_text()
    dialogue.says_ok(limit_s)
    if not (answers(dialogue, limit_s) or answers(dialogue, STEP_S)):
        return False
    dialogue.rest(CHECK_S)  # a step before may be answered late, which the next command must not take for its answer
    log.warning("line %s: the modem answers again after %s", name, step)
    return True
