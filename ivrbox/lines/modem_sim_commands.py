"""The AT commands of a simulated voice modem (V.250, V.253): a line of them in, what is printed and done out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ivrbox.dsp.keys import digit_tones
from ivrbox.lines.modem_survey import VOICE_CLASS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrbox.lines.modem_sim_spec import Behaviour

_EXTENDED = r"(?P<name>[+\-!#*][A-Z0-9]+)(?P<operand>=\?|\?|=[^;]*)?;?"
_BASIC = r"(?P<register>S\d+)(?P<value>=\d*|\?)|(?P<letter>[&\\%]?[A-Z])(?P<number>\d*)"
_TOKEN = re.compile(f"(?:{_EXTENDED}|{_BASIC})")

_REGISTERS = {
    "+VGT": ("128", "(0-255)"),
    "+VGR": ("128", "(0-255)"),
    "+VSD": ("128,0", "(0-255),(0-255)"),
    "+VIT": ("0", "(0-255)"),
    "+VRA": ("50", "(0-255)"),
    "+VRN": ("10", "(0-255)"),
    "+VTD": ("100", "(0-255)"),
    "+VDR": ("0,0", "(0-1),(0-255)"),
    "+VDT": ("0,7", "(0-1),(0-15)"),
    "+VCID": ("0", "(0-2)"),
    "+VDID": ("0", "(0-1)"),
    "+VNH": ("0", "(0-2)"),
    "+VPR": ("0", "(0-115200)"),
    "+IFC": ("2,2", "(0-2),(0-2)"),
    "+VSP": ("0", "(0-1)"),
}
"""Parameters that are kept and told again: their value at power-up, and the answer to `=?`."""

_KNOWN_LETTERS = frozenset("EQVXLMDCKSN") | {"&D", "&C", "&K", "&F", "&S", "\\N", "\\V", "%C"}


class Result(NamedTuple):
    """What a command came to: lines to print, a word (OK, ERROR, CONNECT ...), and after how many samples."""

    word: str = "OK"
    lines: tuple[str, ...] = ()
    after: int = 0


OK, ERROR = Result(), Result("ERROR")


class Hands(Protocol):
    """What commands do to the modem."""

    def choose_label(self, label: int) -> None:
        """Connect what this `+VLS` label names."""

    def hang_up(self) -> None:
        """Go on-hook, for good."""

    def start(self, stream: str) -> Result:
        """Begin `play`, `record` or `both`."""

    def sound(self, tones: list[tuple[int, int, int]]) -> int:
        """Sound pairs of tones (Hz, Hz, ms); give how many samples they take."""

    def reset(self) -> None:
        """Be as after power-up."""


class Commands:
    """Runs lines of commands, and holds the modem's parameters."""

    def __init__(self, behaviour: Behaviour, hands: Hands) -> None:
        """Be as after power-up."""
        self._behaviour = behaviour
        self._hands = hands
        self.power_up()

    def power_up(self) -> None:
        """All parameters as the factory set them."""
        self.echo = True
        self.voice_class = 0
        self.sound_id = self._behaviour.sounds[0].id
        self._label = 0
        self._registers = {name: first for name, (first, _) in _REGISTERS.items()}

    @property
    def wants_caller_id(self) -> bool:
        """Whether `+VCID=1` was asked for."""
        return self._registers["+VCID"] != "0"

    def run(self, line: str) -> Result:
        """Run a line without its CR, such as `ATE0` or `AT+VRA=70;+VRN=10`."""
        if self._behaviour.refuses_all:
            return ERROR
        body = line[2:].upper().replace(" ", "")
        if body.startswith("D"):
            return Result("NO CARRIER") if not body.endswith(";") else OK
        lines: list[str] = []
        result, at = OK, 0
        while at < len(body):
            token = _TOKEN.match(body, at)
            result = self._one(token) if token else ERROR
            lines += result.lines
            if result.word == "ERROR" or token is None:
                return Result("ERROR", tuple(lines))
            at = token.end()
        return result._replace(lines=tuple(lines))

    def _one(self, token: re.Match[str]) -> Result:
        if token["name"]:
            return self._extended(token["name"], token["operand"] or "")
        if token["register"]:
            return OK if token["value"] != "?" else Result(lines=("000",))
        return self._basic(token["letter"], token["number"] or "0")

    def _extended(self, name: str, operand: str) -> Result:
        if name in self._behaviour.refused:
            return ERROR
        if name in _REGISTERS:
            return self._register(name, operand)
        special: dict[str, Callable[[str], Result]] = {
            "+FCLASS": self._fclass,
            "+VSM": self._vsm,
            "+VLS": self._vls,
            "+VTX": lambda _: self._stream("play"),
            "+VRX": lambda _: self._stream("record"),
            "+VTR": lambda _: self._stream("both") if self._behaviour.duplex else ERROR,
            "+VTS": self._vts,
        }
        if name in special:
            return special[name](operand)
        if name in self._behaviour.accepted:
            return OK
        answer = self._behaviour.identity.get(name)
        return Result(lines=(answer,)) if answer is not None else ERROR

    def _register(self, name: str, operand: str) -> Result:
        if operand == "=?":
            return Result(lines=(_REGISTERS[name][1],))
        if operand == "?":
            return Result(lines=(self._registers[name],))
        self._registers[name] = operand.removeprefix("=")
        return OK

    def _basic(self, letter: str, number: str) -> Result:
        if letter == "I":
            answer = self._behaviour.identity.get(f"I{int(number)}")
            return Result(lines=(answer,)) if answer is not None else ERROR
        if letter == "Z":
            self._hands.reset()
        elif letter == "H":
            self._hook(number)
        elif letter == "A":
            return self._answer()
        elif letter == "E":
            self.echo = number != "0"
        elif letter not in _KNOWN_LETTERS:
            return ERROR
        return OK

    def _hook(self, number: str) -> None:
        if number == "0":
            self._hands.hang_up()
            self.voice_class = 0 if self._behaviour.hangs_up_to_data else self.voice_class
        else:
            self._hands.choose_label(1)

    def _answer(self) -> Result:
        if self.voice_class != VOICE_CLASS:
            return Result("NO CARRIER")
        self._hands.choose_label(1)
        return OK

    def _fclass(self, operand: str) -> Result:
        if operand == "=?":
            return Result(lines=(self._behaviour.classes,))
        if operand == "?":
            return Result(lines=(str(self.voice_class),))
        wanted = operand.removeprefix("=")
        if wanted not in re.split(r"[,()]", self._behaviour.classes):
            return ERROR
        self.voice_class = int(float(wanted))
        return OK

    def _vsm(self, operand: str) -> Result:
        if operand == "=?":
            return Result(lines=tuple(sound.text for sound in self._behaviour.sounds))
        if operand == "?":
            return Result(lines=(f"{self.sound_id},8000,0,0",))
        numbers = _numbers(operand)
        if not numbers or numbers[0] not in {sound.id for sound in self._behaviour.sounds}:
            return ERROR
        if numbers[1:2] not in ([], [8000]):
            return ERROR
        self.sound_id = numbers[0]
        return OK

    def _vls(self, operand: str) -> Result:
        if operand == "=?":
            return Result(lines=self._behaviour.labels)
        if operand == "?":
            return Result(lines=(str(self._label),))
        known = {int(match[0]) for text in self._behaviour.labels if (match := re.match(r"\d+", text))}
        numbers = _numbers(operand)
        if self.voice_class != VOICE_CLASS or len(numbers) != 1 or numbers[0] not in known:
            return ERROR
        self._label = numbers[0]
        self._hands.choose_label(self._label)
        return OK

    def _stream(self, stream: str) -> Result:
        return self._hands.start(stream) if self.voice_class == VOICE_CLASS else ERROR

    def _vts(self, operand: str) -> Result:
        if self.voice_class != VOICE_CLASS or not operand.startswith("="):
            return ERROR
        if operand == "=?":
            return Result(lines=("(200-3300),(200-3300),(0-500)",))
        tones = _tones(operand.removeprefix("="), int(self._registers["+VTD"]))
        return Result(after=self._hands.sound(tones)) if tones else ERROR


_TONE = re.compile(r"\[(\d*),(\d*),?(\d*)\]|\{([0-9A-D*#]),?(\d*)\}|([0-9A-D*#])")


def _tones(operand: str, usual: int) -> list[tuple[int, int, int]]:
    """Tone pairs (Hz, Hz, ms) of `[933,,150]`, `{5,70}` and bare digits; lengths are in 10 ms."""
    found = []
    for low, high, length, digit, held, bare in _TONE.findall(operand):
        pair = digit_tones(digit or bare) if digit or bare else (int(low or 0), int(high or 0))
        found.append((*map(int, pair), 10 * int(length or held or usual)))
    return [(low, high, ms) for low, high, ms in found]


def _numbers(operand: str) -> list[int]:
    parts = operand.removeprefix("=").split(",")
    return [int(part) for part in parts if part.isdecimal()]
