"""What recording costs a call: `python tests/bench/recordings.py`.

Budgets: 15 us a frame, 10 ms for the discard of an hour's call and no frame later than 20 ms while it is wiped. Beside
them: what a mere unlink-style clearing of plain memory would cost at once, and how long an hour takes to seal.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from ivrbox.recordings import Archive, Recorder, Spool, key_ring
from ivrbox.units import FRAME_MS, FRAME_SAMPLES, frames_to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600 * 1000 // FRAME_MS
SHORT = 10 * 1000 // FRAME_MS
ROUNDS = 10
NOISE = np.random.default_rng(1).integers(-30000, 30000, (2, FRAME_SAMPLES), np.int16)


def main() -> None:
    """Measure, and print each figure beside its budget."""
    spool = Spool(3600)
    for warning in spool.warnings:
        click.echo(warning)
    pushes = _pushes_us(spool)
    _show("push of a frame", pushes, "us", "15 us")
    click.echo(f"{'an hour of frames in one go':<44}{frames_to_seconds(HOUR) / sum(pushes) * 1e6:9.0f} times real time")
    _show("discard of a ten-second call", [_discard_ms(spool, SHORT)[0] for _ in range(ROUNDS)], "ms", "10 ms")
    hours = [_discard_ms(spool, HOUR) for _ in range(ROUNDS)]
    _show("discard of an hour's call", [discard for discard, _ in hours], "ms", "10 ms")
    _show("longest frame while it is wiped", [frame for _, frame in hours], "ms", "20 ms")
    _show("zeroing and reading back an hour at once", [_at_once_ms() for _ in range(ROUNDS)], "ms", "")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _show("discard of an hour, all but 10 s overflowed", [_overflowed_ms(place) for _ in range(3)], "ms", "")
        archive = Archive(place / "recordings", key_ring(place / "keys").recipients)
        _show("sealing an hour's call", [_seal_ms(archive, spool, number) for number in range(3)], "ms", "")


def _fill(spool: Spool, frames: int) -> Recorder:
    recorder = Recorder(spool)
    for _ in range(frames):
        recorder.push(NOISE[0], NOISE[1])
    return recorder


def _pushes_us(spool: Spool) -> list[float]:
    recorder = Recorder(spool)
    taken = [_ms(lambda: recorder.push(NOISE[0], NOISE[1])) * 1000 for _ in range(HOUR)]
    recorder.discard()
    recorder.release()
    return taken


def _discard_ms(spool: Spool, frames: int) -> tuple[float, float]:
    """The discard, and the longest of the frames that follow while the rest is wiped."""
    recorder = _fill(spool, frames)
    discard = _ms(recorder.discard)
    longest = max(_ms(lambda: recorder.push(NOISE[0], NOISE[1])) for _ in range(50))
    recorder.end()
    recorder.release()
    return discard, longest


def _at_once_ms() -> float:
    room = np.ones(HOUR * FRAME_SAMPLES * 4, np.uint8)

    def wipe() -> None:
        room.fill(0)
        if room.any():
            raise AssertionError

    return _ms(wipe)


def _overflowed_ms(folder: Path) -> float:
    recorder = _fill(Spool(10, overflow=folder / "overflow"), HOUR)
    return _ms(recorder.discard)


def _seal_ms(archive: Archive, spool: Spool, number: int) -> float:
    recorder = _fill(spool, HOUR)
    recorder.end()
    taken = _ms(lambda: archive.keep(recorder, f"call{number}", lambda: None))
    recorder.release()
    return taken


def _ms(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return (time.perf_counter() - began) * 1000


def _show(what: str, taken: list[float], unit: str, budget: str) -> None:
    median, most = statistics.median(taken), max(taken)
    click.echo(f"{what:<44}{median:9.2f} {unit} (at most {most:.2f}){'; budget ' + budget if budget else ''}")


if __name__ == "__main__":
    main()
