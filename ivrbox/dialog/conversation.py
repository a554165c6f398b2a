"""A call as the author of a function sees it: `conv` and `flow`, pure.

    def continue_conversation(conv: Conversation, flow: Flow):
        if conv.history[-1].text == "1":
            conv.discard_recording()
        flow.goto_step("menu")
        return {"utterance": "Thank you."}

What the function asks for is collected in `Wishes` and becomes a `FunctionReply` once it has returned. Only
`discard_recording()` does not wait for that: it is carried out the moment it is called.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ivrbox.dialog.functions import FunctionKind, FunctionReply, Move, MoveKind
from ivrbox.errors import BadReturn, DiscardTooLate, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ivrbox.dialog.functions import FunctionRequest
    from ivrbox.dialog.turns import Turn

ALLOWED_RETURNS = "allowed are None, a string, or a dict with 'utterance' (a string) and 'hangup' (True or False)"

_RETURN_KEYS = ("utterance", "hangup")


@dataclass
class Wishes:
    """What a function has asked for so far; of several moves the last one wins."""

    says: list[str] = field(default_factory=list)
    move: Move | None = None
    hangup: bool = False


class Log:
    """The author's log: `conv.log("...")`, or by level, `conv.log.warning("... %s", value)`."""

    def __init__(self, write: Callable[[str, str], None]) -> None:
        """Take what writes a line, given its level (`info`, `warning`, `error`) and its text."""
        self._write = write

    def __call__(self, text: object, *values: object) -> None:
        """Log a line at level info."""
        self.info(text, *values)

    def info(self, text: object, *values: object) -> None:
        """Log what is good to know."""
        self._write("info", _filled(text, values))

    def warning(self, text: object, *values: object) -> None:
        """Log what looks odd."""
        self._write("warning", _filled(text, values))

    def error(self, text: object, *values: object) -> None:
        """Log what went wrong."""
        self._write("error", _filled(text, values))


class Conversation:
    """The call, to an author's function: what has happened, and what shall happen next.

    `history` has the turns so far, oldest first, each with `.role` (`"user"` or `"agent"`) and `.text`; digits are a
    user turn, silence is `""`. `values` has the entries that steps saved by name. `state` is a dict of the author's
    own that lasts as long as the call.
    """

    def __init__(
        self,
        request: FunctionRequest,
        wishes: Wishes,
        *,
        state: dict[Any, Any],
        discard: Callable[[], None],
        log: Callable[[str, str], None],
    ) -> None:
        """Take the request, where wishes go, and the hands: `discard` destroys the recording or raises."""
        self.history: tuple[Turn, ...] = request.history
        self.values: Mapping[str, str] = request.values
        self.caller_number: str | None = request.caller_number
        self.current_flow: str = request.current_flow
        self.current_step: str = request.current_step
        self.log = Log(log)
        self._state = state
        self._request = request
        self._wishes = wishes
        self._discard = discard

    @property
    def state(self) -> dict[Any, Any]:
        """What the functions of this call remember; whatever pickle can keep."""
        return self._state

    @state.setter
    def state(self, state: dict[Any, Any]) -> None:
        if not isinstance(state, dict):
            raise TypeError(f"conv.state must be a dict, not {_kind(state)}")
        self._state = state

    def say(self, text: str) -> None:
        """Say this, after what was asked for before and ahead of the returned utterance."""
        if not isinstance(text, str):
            raise TypeError(f"conv.say() takes a string, not {_kind(text)}")
        if text.strip():
            self._wishes.says.append(text)

    def hangup(self) -> None:
        """End the call once everything has been said."""
        self._wishes.hangup = True

    def exit_flow(self) -> None:
        """Leave this flow for the box's ordinary behaviour."""
        self._wishes.move = Move(MoveKind.EXIT)

    def goto_flow(self, name: str) -> None:
        """Go on in another flow.

        Raises:
            UnknownName: there is no such flow.
        """
        self._wishes.move = _move(MoveKind.FLOW, "flow", name, self._request.flows)

    def discard_recording(self) -> None:
        """Destroy the recording of this call, now and for good, even if this function should fail afterwards.

        Raises:
            DiscardTooLate: the call has ended.
        """
        if self._request.kind is FunctionKind.END:
            raise DiscardTooLate(
                "conv.discard_recording(): the call has ended, and with it the time to opt out: the recording is "
                "already sealed or gone. It can be called in start_function and in the functions of steps."
            )
        self._discard()


class Flow:
    """The flow that the call is in, to an author's function."""

    def __init__(self, request: FunctionRequest, wishes: Wishes) -> None:
        """Take the request and where wishes go."""
        self._steps = request.steps
        self._wishes = wishes

    def goto_step(self, name: str) -> None:
        """Go on at another step of this flow.

        Raises:
            UnknownName: this flow has no such step.
        """
        self._wishes.move = _move(MoveKind.STEP, "step", name, self._steps)


def reply_from(returned: object, wishes: Wishes, *, state: bytes = b"") -> FunctionReply:
    """The reply of a function that returned this and had these wishes; an empty utterance says nothing.

    Raises:
        BadReturn: something other than None, a string, or a dict of `utterance` and `hangup`.
    """
    utterance, hangup = _unpacked(returned)
    says = (*wishes.says, utterance) if utterance.strip() else tuple(wishes.says)
    return FunctionReply(says, wishes.move, wishes.hangup or hangup, state)


def _unpacked(returned: object) -> tuple[str, bool]:
    match returned:
        case None:
            return "", False
        case str():
            return returned, False
        case dict():
            return _unpacked_dict(returned)
    raise BadReturn(f"it returned {_kind(returned)}; {ALLOWED_RETURNS}")


def _unpacked_dict(returned: dict[object, object]) -> tuple[str, bool]:
    for key in returned:
        if key not in _RETURN_KEYS:
            raise BadReturn(f"it returned a dict with the key {key!r}{_hint(key, _RETURN_KEYS)}; {ALLOWED_RETURNS}")
    utterance, hangup = returned.get("utterance"), returned.get("hangup", False)
    if not isinstance(utterance, str | None):
        raise BadReturn(f"it returned {_kind(utterance)} as 'utterance'; {ALLOWED_RETURNS}")
    if not isinstance(hangup, bool):
        raise BadReturn(f"it returned {_kind(hangup)} as 'hangup'; {ALLOWED_RETURNS}")
    return utterance or "", hangup


def _move(kind: MoveKind, noun: str, name: str, known: Iterable[str]) -> Move:
    names = tuple(known)
    if name not in names:
        others = f"; there are {', '.join(names)}" if names else "; there are none here"
        raise UnknownName(f"{kind}({name!r}): no {noun} is named {name!r}{_hint(name, names) or others}")
    return Move(kind, name)


def _hint(name: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1) if isinstance(name, str) else []
    return f"; did you mean {near[0]!r}?" if near else ""


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}" if value is not None else "None"


def _filled(text: object, values: tuple[object, ...]) -> str:
    if not values:
        return str(text)
    try:
        return str(text) % values
    except (TypeError, ValueError):  # a log line is no reason to fail a call
        return " ".join(map(str, (text, *values)))
