"""A picture of what the ear heard: spectrogram, the keys it took, and the candidates it refused.

    level     ▁▂▇▇▂▁▁▇▇▁      peak level in dBm0
    spectrum  the key's eight frequencies as hairlines; a taken key is framed at its two tones, a refused one dashed
    keys      1  5  x         the digits, and the reasons of refusals

Imports matplotlib, which is an extra: import this module only to draw. Drawing goes by `Figure`, not by pyplot: no
display, no state left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ivrbox.dsp.keys import COLUMNS_HZ, ROWS_HZ, digit_tones
from ivrbox.units import FULL_SCALE, FULL_SCALE_DBM0, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ivrbox.dsp.keys import Candidate

INK: Final = "#22303c"
TAKEN: Final = "#1b998b"
REFUSED: Final = "#e2711d"
TAKEN_LIGHT: Final = "#7ef0d4"
REFUSED_LIGHT: Final = "#ffffff"
COLOURS: Final = "magma"

WINDOW: Final = 256
"""Samples in a column of the spectrogram: 32 ms, enough to part two rows and little enough to see a pause."""

COLUMNS_DRAWN: Final = 2400
"""At most so many columns of the spectrogram; a longer sound takes greater steps."""

FLOOR_DBM0: Final = -70
"""What is fainter is black."""

HALF_BAND_HZ: Final = 28
"""Half the height of the frame around a tone; half the distance of two rows is 36 Hz."""

TOP_HZ: Final = 2000

REASON_POINTS: Final = 6.5
LETTER_INCHES: Final = 0.6 * REASON_POINTS / 72
REASON_LINES: Final = (0.6, 0.35, 0.1)
"""Heights at which reasons stand: three, since refusals crowd in speech."""


def draw_keys(path: Path, samples: NDArray[np.int16], candidates: Sequence[Candidate], title: str) -> None:
    """Draw int16 samples at 8000 Hz, and what was made of them, into an image file.

    Raises:
        OSError: the file cannot be written.
        ValueError: its name ends in no image format that matplotlib knows.
    """
    seconds = max(len(samples) / SAMPLE_RATE, 0.1)
    figure = Figure(figsize=(float(np.clip(3 + 2.2 * seconds, 9, 22)), 5.6), dpi=120, layout="constrained")
    level, spectrum, keys = figure.subplots(3, 1, sharex=True, height_ratios=[1.1, 5, 0.9])
    _draw_level(level, samples)
    _draw_spectrum(spectrum, samples)
    for candidate in candidates:
        _frame(spectrum, candidate)
    _name_taken(keys, [each for each in candidates if each.accepted])
    letter_s = seconds / figure.get_figwidth() * LETTER_INCHES
    _name_refused(keys, [each for each in candidates if not each.accepted], letter_s)
    _dress(level, spectrum, keys, seconds)
    level.set_title(_headline(title, candidates), loc="left", color=INK, fontsize=12, fontweight="bold")
    figure.savefig(path)


def _headline(title: str, candidates: Sequence[Candidate]) -> str:
    heard = "".join(each.digit for each in candidates if each.accepted)
    refused = sum(not each.accepted for each in candidates)
    return f"{title}    heard {heard or 'nothing'}" + (f", refused {refused}" if refused else "")


def _draw_level(axes: Axes, samples: NDArray[np.int16]) -> None:
    step = max(SAMPLE_RATE // 200, len(samples) // COLUMNS_DRAWN)
    whole = samples[: len(samples) // step * step].reshape(-1, step).astype(float)
    peak = np.abs(whole).max(axis=1, initial=1.0)
    place = (np.arange(len(peak)) + 0.5) * step / SAMPLE_RATE
    dbm0 = np.maximum(20 * np.log10(peak / FULL_SCALE) + FULL_SCALE_DBM0, FLOOR_DBM0)
    axes.fill_between(place, dbm0, FLOOR_DBM0, color=INK, alpha=0.75, linewidth=0)
    axes.set_ylim(FLOOR_DBM0, 6)
    axes.set_yticks([-60, -30, 0])
    axes.set_ylabel("dBm0", color=INK)


def _draw_spectrum(axes: Axes, samples: NDArray[np.int16]) -> None:
    step = max(SAMPLE_RATE // 250, len(samples) // COLUMNS_DRAWN)
    padded = np.concatenate([np.zeros(WINDOW // 2), samples, np.zeros(WINDOW // 2)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::step]
    hann = np.hanning(WINDOW)
    size = 4 * WINDOW
    bins = size * TOP_HZ // SAMPLE_RATE
    amplitude = np.abs(np.fft.rfft(windows * hann, size, axis=1)[:, :bins]) * 2 / hann.sum()
    dbm0 = 20 * np.log10(np.maximum(amplitude, 1e-3) / FULL_SCALE) + FULL_SCALE_DBM0
    extent = (0, len(windows) * step / SAMPLE_RATE, 0, TOP_HZ)
    axes.imshow(dbm0.T, origin="lower", aspect="auto", extent=extent, cmap=COLOURS, vmin=FLOOR_DBM0, vmax=0)
    for hertz in (*ROWS_HZ, *COLUMNS_HZ):
        axes.axhline(hertz, color="white", linewidth=0.5, alpha=0.28)
    axes.set_ylim(300, TOP_HZ)
    axes.set_yticks([*ROWS_HZ, *COLUMNS_HZ])
    axes.set_ylabel("Hz", color=INK)


def _frame(axes: Axes, candidate: Candidate) -> None:
    """A frame around each of the key's two tones, dashed where the candidate was refused."""
    for hertz in digit_tones(candidate.digit):
        frame = Rectangle((candidate.onset_s, hertz - HALF_BAND_HZ), candidate.length_s, 2 * HALF_BAND_HZ, fill=False)
        frame.set_edgecolor(TAKEN_LIGHT if candidate.accepted else REFUSED_LIGHT)
        frame.set_linewidth(1.6 if candidate.accepted else 1.1)
        frame.set_linestyle("solid" if candidate.accepted else (0, (2, 1.5)))
        axes.add_patch(frame)


def _name_taken(axes: Axes, candidates: Sequence[Candidate]) -> None:
    """Each digit under its key."""
    for each in candidates:
        axes.axvspan(each.onset_s, each.onset_s + each.length_s, color=TAKEN, alpha=0.18, linewidth=0)
        middle = each.onset_s + each.length_s / 2
        axes.text(
            middle, 0.5, each.digit, color=TAKEN, fontsize=15, fontweight="bold", ha="center", va="center", clip_on=True
        )


def _name_refused(axes: Axes, candidates: Sequence[Candidate], letter_s: float) -> None:
    """A cross for each refusal, and its reason wherever one of three lines has room for it."""
    free = [0.0] * len(REASON_LINES)
    for each in candidates:
        middle = each.onset_s + each.length_s / 2
        axes.plot(middle, 0.9, marker="x", color=REFUSED, markersize=5, markeredgewidth=1.5)
        half = (len(each.reason) / 2 + 1) * letter_s
        line = next((number for number, end in enumerate(free) if middle - half >= end), None)
        if line is not None:
            free[line] = middle + half
            axes.text(
                middle,
                REASON_LINES[line],
                each.reason,
                color=REFUSED,
                fontsize=REASON_POINTS,
                ha="center",
                clip_on=True,
            )


def _dress(level: Axes, spectrum: Axes, keys: Axes, seconds: float) -> None:
    for axes in (level, spectrum, keys):
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.tick_params(colors=INK, labelsize=8, length=2)
    level.tick_params(bottom=False)
    spectrum.tick_params(bottom=False)
    keys.set_yticks([])
    keys.set_ylim(0, 1)
    keys.set_xlim(0, seconds)
    keys.set_xlabel("seconds", color=INK)
