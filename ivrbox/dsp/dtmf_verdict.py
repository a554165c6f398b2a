"""From evidence to verdict: the limits that every key must keep, and the score of the rest.

| evidence | unit | weight | why it tells a key from a voice |
|---|---|---|---|
| beside | bel | -6.2 | power in 633-1733 Hz that is not the tones': a voice has other harmonics there |
| below | bel | -2.1 | power in 133-567 Hz: a voice has its fundamental and first formant there |
| change below | bel | -2.3 | since before the key: dial tone, hum and noise stay as they were |
| above | bel | -0.8 | power in 1800-3500 Hz: the rest of a voice |
| tones before | bel | -0.6 | power at the tones' frequencies before they began: a key comes out of nothing |
| wander | bel | -1.6 | of the phase over the key: a key holds still, a voice glides |
| wander | 1 | -3.8 | and where it is large, it is so even under noise |
| deviation | %^2 | -1.3 | telephones are far better than the 1.8 % that ITU-T Q.24 allows them |
| twist | dB | -0.55 | the tones of a key are about as strong |
| skew | ms | -0.28 | and begin together |

Powers are shares of the tones' own. The weights were found by logistic regression, with keys through noise, speech,
codecs, echoes and holes on one side and a day of speech and music on the other, then rounded; voices and keys of
other makes than those gave the same picture. A clean key scores 28 at its nominal frequencies and at least 15 at the
limits of deviation and twist; most of what a voice does is below 0. How much is enough depends on age: what a voice
does for 30 ms it seldom keeps up for 50, so doubtful keys get a longer look and clean ones are sure at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ivrbox.dsp.dtmf_evidence import Surroundings, Tone

MOST_DEVIATION: Final = 0.0235
"""Heard to 1.8 % (NTT, Brazil) and to 1.5 % + 4 Hz, which is 2.07 % at 697 Hz (Australia); refused from 3 % (NTT,
Brazil): all of ITU-T Q.24, table A-1. This is near the middle."""

MOST_TWIST_DB: Final = 12.0
"""Either tone over the other. Australia asks for 10 dB both ways (ITU-T Q.24, table A-1); a codec may add two."""

LEAST_LEVEL_DBM0: Final = -48.0
"""Well below the -27 dBm of Denmark and Australia, for long lines and weak sound cards; nothing may be
heard at -55 (AT&T; all of ITU-T Q.24, table A-1)."""

LEAST_SHARE_HELD: Final = ((30.5, 0.94), (34.5, 0.8), (math.inf, 0.55))
"""Until an age in ms: amplitude of the newest window over the key's. A tone of 25 ms has ended 3.5 ms before the first
look; its newest window lacks 3.5 of 12 ms, which leaves 0.87 of a Hann window. Later looks bear a codec's ripple."""

ENOUGH: Final = ((33.0, 12.0), (38.5, 11.6), (48.0, 10.8), (100.0, 9.2), (math.inf, 10.8))
"""Until an age in ms: the score above which a press is a key. What sounds for longer may be a held note of a song."""

MOST_SECOND_SHARE: Final = 0.25
"""Power of a second tone of either group over the key's own, 6 dB less: "one and only one frequency" of each is a key
(ITU-T Q.24, clause 2). A voice under a key comes as near now and then, two keys held at once stay there."""

_MOST_MISFIT: Final = 13.0
"""Deviation and twist together cost no more than this, so that a clean key is heard at the limits of both."""


class Evidence(NamedTuple):
    """All that is known of a press at one look; levels are per tone."""

    row: Tone
    column: Tone
    row_dbm0: float
    column_dbm0: float
    skew_ms: float
    around: Surroundings

    @property
    def snr_db(self) -> float:
        """Both tones over what else is in their band, in dB; at most 60."""
        return round(-10 * math.log10(self.around.beside + 1e-6), 2)


def off_frequency(name: str, tone: Tone) -> str:
    """How far a tone is off its frequency, in words with the figure; empty within the limit."""
    return f"{name} {100 * tone.deviation:+.1f} %" if abs(tone.deviation) > MOST_DEVIATION else ""


def off_level(row_dbm0: float, column_dbm0: float) -> str:
    """Which limit the tones' levels break, in words with the figure; empty when they keep both."""
    twist = column_dbm0 - row_dbm0
    if abs(twist) > MOST_TWIST_DB:
        return f"twist {twist:.1f} dB"
    weaker = min(row_dbm0, column_dbm0)
    return f"level {weaker:.1f} dBm0" if weaker < LEAST_LEVEL_DBM0 else ""


def second_tone(row_share: float, column_share: float) -> str:
    """Which group has a second tone, as when two keys are held at once: `two rows`, `two columns`, or neither.

    The shares are power of the group's second tone over that of the key's own.
    """
    if row_share > MOST_SECOND_SHARE:
        return "two rows"
    return "two columns" if column_share > MOST_SECOND_SHARE else ""


def is_held(age_ms: float, share: float) -> bool:
    """Whether the newest window has so much of the key's amplitude that the tones must still be on."""
    return share >= _at_age(LEAST_SHARE_HELD, age_ms)


def is_key(evidence: Evidence, age_ms: float) -> bool:
    """Whether the evidence is enough for a press of this age."""
    return score(evidence) > _at_age(ENOUGH, age_ms)


def score(evidence: Evidence) -> float:
    """Weighted sum of the evidence. Rounded, so that no machine's last bit decides."""
    around = evidence.around
    deviation = 1e4 * (evidence.row.deviation**2 + evidence.column.deviation**2)
    misfit = 1.3 * deviation + 0.55 * abs(evidence.column_dbm0 - evidence.row_dbm0)
    wander = evidence.row.wander + evidence.column.wander
    pieces = (
        -6.2 * _bel(around.beside, 2e-3),
        -2.1 * _bel(around.below, 1e-2),
        -2.3 * min(1.0, abs(_bel(around.below, 1e-2) - _bel(around.below_before, 1e-2))),
        -0.8 * _bel(around.above, 5e-3),
        -0.6 * _bel(around.tones_before, 1e-2),
        -1.6 * _bel(wander, 2e-3),
        -3.8 * min(1.0, wander),
        -min(_MOST_MISFIT, misfit),
        -0.28 * evidence.skew_ms,
    )
    return round(math.fsum(pieces), 6)


def _at_age(steps: tuple[tuple[float, float], ...], age_ms: float) -> float:
    return next(value for until, value in steps if age_ms < until)


def _bel(share: float, floor: float) -> float:
    """Powers of ten; what is below the floor is as good as nothing."""
    return math.log10(max(share, 0.0) + floor)
