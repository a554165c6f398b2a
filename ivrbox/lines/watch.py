"""Is the far end gone? Evidence from the wire and from the sound is weighed; no single burst decides.

    loop current broken for 200 ms                  1        polarity reversal, the second in a call    1/2
    busy, congestion or dial tone of the country    0 ... 1, as far as it is proven (3 cycles, or 5 s)
    silence on both sides                           0 ... 1, over `silence_s`

A sum of 1 ends the call; the heaviest names the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ivrbox.dsp.level import is_silent, level_dbm0
from ivrbox.dsp.progress import ECHO_FRAMES, ProgressWatch
from ivrbox.lines.line import RemoteHungUp
from ivrbox.units import FRAME_SAMPLES, ms_to_samples, samples_to_seconds, seconds_to_samples

if TYPE_CHECKING:
    from ivrbox.dsp.progress import ToneSign
    from ivrbox.lines.countries import Country
    from ivrbox.lines.line import Frame

LOOP_BREAK_MS: Final = 200
"""Breaks of 20-50 ms are normal; what exchanges send when the far end hangs up lasts 250-900 ms."""

LOOP_SETTLES_MS: Final = 650
"""After going off-hook the loop current is not steady yet (as DAHDI's xpp driver waits)."""

REVERSAL_WEIGHT: Final = 0.5
"""A reversal may also mark the answer, or metering pulses: it needs a second witness."""

REVERSAL_LASTS_MS: Final = 60_000
"""What it is a sign of comes within a minute; one long ago says nothing of now."""

ANSWER_REVERSAL_MS: Final = 2000
"""A reversal this soon after off-hook is the exchange's answer supervision."""

LOOK_FRAMES: Final = 8
"""Frames whose sound is looked at together: a tone that takes seconds to prove may be proven 140 ms later, and what has
to be fetched into the processor's caches for it is fetched 6 times a second instead of 50."""

_MAYBE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sign that the far end is gone: its weight, 0 to 1, and the sample of the call at which it began."""

    sign: str
    weight: float
    since: int
    words: str


@dataclass(frozen=True, slots=True)
class WatchRules:
    """What an owner may set: the length of silence that counts as gone (0: never), and what is silence."""

    silence_s: float = 30.0
    silence_dbm0: float = -50.0
    loop_break_ms: float = LOOP_BREAK_MS


class FarEndWatch:
    """Weighs the evidence, frame by frame; `answered` starts a call."""

    def __init__(self, country: Country, rules: WatchRules = WatchRules()) -> None:
        """Watch by the tones of this country."""
        self._tones = ProgressWatch(country.tones)
        self._rules = rules
        self.answered()

    def answered(self) -> None:
        """Start a call: nothing has been seen of it."""
        self._tones.reset()
        self._sign: ToneSign | None = None
        self._unseen: list[tuple[Frame, Frame, int]] = []
        self._clock = 0
        self._broken = 0
        self._silent = 0
        self._since_said = ECHO_FRAMES
        self._reversed_at: int | None = None
        self._is_gone = False

    def push(self, heard: Frame, said: Frame, *, lost: int = 0, loop_broken_ms: float = 0) -> RemoteHungUp | None:
        """Take one frame each way, samples lost before it, and how long the loop is broken; give the verdict, once."""
        self._clock += lost + FRAME_SAMPLES
        self._watch_loop(loop_broken_ms)
        self._unseen.append((heard, said, lost))
        if len(self._unseen) == LOOK_FRAMES:
            self._look()
        return self._verdict()

    def reversal(self) -> None:
        """Note that the line's polarity was reversed."""
        if self._clock > ms_to_samples(ANSWER_REVERSAL_MS):
            self._reversed_at = self._clock

    def _watch_loop(self, broken_ms: float) -> None:
        settled = max(0, self._clock - ms_to_samples(LOOP_SETTLES_MS))
        self._broken = min(ms_to_samples(broken_ms), settled)

    def _look(self) -> None:
        for heard, said, lost in self._unseen:
            if lost:
                self._tones.skip(lost)
            self._tones.push(heard, said)
            self._watch_silence(heard, said)
        self._unseen.clear()
        self._sign = self._tones.strongest
        if self._reversed_at is not None and self._clock - self._reversed_at > ms_to_samples(REVERSAL_LASTS_MS):
            self._reversed_at = None

    def _watch_silence(self, heard: Frame, said: Frame) -> None:
        """Silence grows while neither side speaks; our own prompt, and its echo, neither add to it nor end it."""
        self._since_said = self._since_said + 1 if is_silent(said) else 0
        if self._since_said < ECHO_FRAMES:
            return
        silent = level_dbm0(heard) < self._rules.silence_dbm0
        self._silent = self._silent + FRAME_SAMPLES if silent else 0

    def _verdict(self) -> RemoteHungUp | None:
        if self._is_gone or not self._has_signs:
            return None
        evidence = self._evidence()
        if sum(item.weight for item in evidence) < 1:
            return None
        self._is_gone = True
        heaviest = max(evidence, key=lambda item: item.weight)
        words = "; ".join(f"{item.words} (weight {item.weight:.2f})" for item in evidence)
        return RemoteHungUp(heaviest.sign, words, self._clock - heaviest.since)

    @property
    def _has_signs(self) -> bool:
        """Whether there is anything to weigh: in most frames there is not, or a silence that says nothing yet alone."""
        if self._broken or self._reversed_at is not None or self._sign is not None:
            return True
        return bool(self._silent) and self._silent >= seconds_to_samples(self._rules.silence_s)

    def _evidence(self) -> list[Evidence]:
        evidence = [self._of_loop(), self._of_tones(), self._of_reversal(), self._of_silence()]
        return [item for item in evidence if item is not None and item.weight > _MAYBE]

    def _of_loop(self) -> Evidence | None:
        if self._broken < ms_to_samples(self._rules.loop_break_ms):
            return None
        words = f"loop current broken for {1000 * samples_to_seconds(self._broken):.0f} ms"
        return Evidence("loop_break", 1.0, self._clock - self._broken, words)

    def _of_tones(self) -> Evidence | None:
        sign = self._sign
        return None if sign is None else Evidence(sign.tone.sign, sign.proof, sign.since, str(sign.tone))

    def _of_reversal(self) -> Evidence | None:
        if self._reversed_at is None:
            return None
        return Evidence("polarity_reversal", REVERSAL_WEIGHT, self._reversed_at, "polarity reversed")

    def _of_silence(self) -> Evidence | None:
        if not self._rules.silence_s or not self._silent:
            return None
        weight = min(1.0, self._silent / seconds_to_samples(self._rules.silence_s))
        words = f"silence for {samples_to_seconds(self._silent):.0f} s"
        return Evidence("silence", weight, self._clock - self._silent, words)
