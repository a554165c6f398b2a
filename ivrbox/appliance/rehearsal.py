"""Rehearsals: a scenario's call, run through real audio, the real ear and the real flow, in simulated time.

The caller's keys begin at the very sample that the scenario asks for, so a time-out can be tested to the millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.appliance.attendant import Attendant
from ivrbox.appliance.expectations import failures_of
from ivrbox.appliance.office import Office
from ivrbox.appliance.phone import NotHeard, Phone
from ivrbox.appliance.scenario_spec import Anchor
from ivrbox.dsp import tones
from ivrbox.errors import IvrboxError
from ivrbox.lines.impairments import Impairments
from ivrbox.lines.loopback import Loopback
from ivrbox.prompts.wavfile import read_wav
from ivrbox.units import (
    FRAME_SAMPLES,
    SAMPLE_RATE,
    dbm0_to_amplitude,
    ms_to_samples,
    samples_to_seconds,
    seconds_to_samples,
)

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from ivrbox.appliance.clock import Clock
    from ivrbox.appliance.office import Staff
    from ivrbox.appliance.scenario_spec import Moment, MoveSpec, ScenarioSpec
    from ivrbox.cdr import CallRecord


MURMUR_DBM0 = -18.0
"""Level of a murmur: about that of telephone speech (ITU-T P.56 active level)."""

SYLLABLES_A_SECOND = 4


class ScriptError(IvrboxError, AssertionError):
    """The script cannot be followed: a moment has passed, or the call is over."""


@dataclass(frozen=True)
class Deed:
    """What the caller did at which second of the call."""

    at_s: float
    what: str


@dataclass
class Verdict:
    """What came of a scenario. It has passed when there are no failures."""

    name: str
    about: str = ""
    failures: list[str] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    record: CallRecord | None = None
    taken: frozenset[str] = frozenset()

    @property
    def passed(self) -> bool:
        """Whether all that was expected came true."""
        return not self.failures


class Rehearsal:
    """One scenario being played."""

    def __init__(self, staff: Staff, name: str, spec: ScenarioSpec, sounds: Path) -> None:
        """Play on these premises; sound files that the script names stand in the folder `sounds`."""
        self._spec = spec
        self._sounds = sounds
        self._verdict = Verdict(name, spec.about)
        self._line = Loopback(
            "rehearsal",
            impairments=Impairments(**spec.line.model_dump(exclude={"can_flash"})),
            can_flash=spec.line.can_flash,
        )
        office = Office(staff, flow=spec.flow, clock=_pinned(spec.clock) or staff.clock)
        self._attendant = Attendant(self._line, office, rings=1)
        self._phone = Phone(self._line, self._attendant)
        self._last_key_ended = 0

    def play(self) -> Verdict:
        """Make the call, follow the script to its end, and judge what came of it."""
        with self._line:
            try:
                self._follow_script()
            except (NotHeard, ScriptError) as error:
                self._verdict.failures.append(str(error))
                self._attendant.leave("script_broken")
        self._verdict.record = record = self._phone.record
        self._verdict.taken = frozenset(self._call.taken)
        self._verdict.failures += failures_of(self._spec.expect, record, transfers=self._line.far.flashes)
        return self._verdict

    def _follow_script(self) -> None:
        self._phone.rings(self._spec.caller)
        self._call = self._phone.call
        for move in self._spec.script:
            self._make(move)
        self._phone.waits_for_the_end()

    def _make(self, move: MoveSpec) -> None:
        if move.hears is not None:
            self._phone.hears(move.hears)
            self._did(f"hears {move.hears!r}")
        elif move.hears_out:
            self._phone.hears_out()
        elif move.waits is not None:
            self._phone.waits(move.waits)
        elif move.presses is not None:
            self._presses(move, move.presses)
        elif move.speaks is not None:
            sound = read_wav(self._sounds / move.speaks).at(SAMPLE_RATE).mono()
            self._sound(sound, move.moment, f"speaks {move.speaks}")
        elif move.talks is not None:
            self._sound(murmur(move.talks), move.moment, f"talks for {move.talks} s")
        else:
            self._hangs_up(move.moment)

    def _presses(self, move: MoveSpec, digits: str) -> None:
        keys = tones.keys(digits, ms=move.ms, gap_ms=move.gap_ms, row_dbm0=move.level_dbm0)
        began = self._sound(keys, move.moment, f"presses {digits}")
        self._last_key_ended = began + keys.size - ms_to_samples(move.gap_ms)

    def _sound(self, sound: NDArray[np.int16], moment: Moment | None, what: str) -> int:
        """Have a sound begin at its moment, to the sample, and be heard out; gives the sample at which it began."""
        began = self._await(moment)
        self._verdict.deeds.append(Deed(samples_to_seconds(began), what))
        self._phone.speaks(np.concatenate([np.zeros(began - self._call.clock, dtype=np.int16), sound]))
        return began

    def _hangs_up(self, moment: Moment | None) -> None:
        self._await(moment)
        self._did("hangs up")
        self._phone.hangs_up()

    def _await(self, moment: Moment | None) -> int:
        """Let time pass until the moment lies within the next frame; gives its sample."""
        if not self._phone.is_connected:
            raise ScriptError(f"the box has hung up at {self._call.duration_s:.2f} s, before the script was at its end")
        if moment is None:
            return self._call.clock
        if moment.anchor is Anchor.PROMPT_ENDED:
            self._phone.hears_out()
        target = self._anchor(moment.anchor) + seconds_to_samples(moment.seconds)
        if target < self._call.clock:
            late = samples_to_seconds(self._call.clock - target)
            raise ScriptError(f"{moment.seconds} s {moment.anchor.value} has passed {late:.3f} s ago")
        while self._phone.is_connected and target - self._call.clock >= FRAME_SAMPLES:
            self._attendant.tick()
        return max(target, self._call.clock)

    def _anchor(self, anchor: Anchor) -> int:
        match anchor:
            case Anchor.PROMPT_BEGAN:
                return self._call.prompt_began
            case Anchor.PROMPT_ENDED:
                return self._call.prompt_ended
            case Anchor.LAST_KEY:
                return self._last_key_ended

    def _did(self, what: str) -> None:
        self._verdict.deeds.append(Deed(self._call.duration_s, what))


def murmur(seconds: float) -> NDArray[np.int16]:
    """A voice for a message, int16 (n,): noise that comes and goes four times a second, as syllables do."""
    count = seconds_to_samples(seconds)
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * SYLLABLES_A_SECOND * np.arange(count) / SAMPLE_RATE)
    noise = np.random.default_rng(count).normal(0, dbm0_to_amplitude(MURMUR_DBM0) / np.sqrt(2), count)
    return np.rint(syllables * noise).astype(np.int16)


def _pinned(moment: datetime | None) -> Clock | None:
    return None if moment is None else lambda: moment.astimezone() if moment.tzinfo is None else moment
