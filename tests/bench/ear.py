"""The ear's bench: every figure that is promised of the detector, beside the receivers that others use.

    ./box bench ear --quick     what every suite runs: a minute
    ./box bench ear             all of it: some minutes, four hours of speech and twenty of its variety

Needs Debian's libspandsp2, multimon-ng, libgsm1, libopus0, espeak-ng, flite, asterisk-core-sounds-*-wav,
asterisk-moh-opsound-wav, klettres-data and vorbis-tools; what is missing is said in its row, and under CI it is an
error. The exit code is 1 if a row misses what it must reach; the quick run only tells how fast the ear is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import ear_rows_calm as calm
import ear_rows_echo as own_prompt
import ear_rows_keys as heard
import ear_rows_time as timed
from ear_peers import RECEIVERS, Missing
from ear_signals import RATE
from ear_speech import hold_music, real_prompts, synthetic, unknown_voices
from ear_table import COMPARED, EXAMINED, Row, grade, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ear_score import Receiver
    from ear_signals import Pcm, Rng

SEED = 20261122
"""Not a seed of any test; give another to see that it does not matter."""

REPOSITORY = Path(__file__).parents[2]


@click.command()
@click.option("--quick", is_flag=True, help="Fewer keys, less speech.")
@click.option("--seed", default=SEED, show_default=True, help="Seed of all chance.")
@click.option("--hours", default=20.0, show_default=True, help="Hours of speech variety in the full run.")
@click.option("--only", default="", help="Only the groups whose name contains this.")
def main(*, quick: bool, seed: int, hours: float, only: str) -> None:
    """Print the table of the ear; exit 1 if it misses what it must reach."""
    receivers, absent = _receivers()
    rig = heard.Rig(seed, 3 if quick else 12, receivers)
    rows: list[Row] = []
    for name, group in _groups(rig, quick=quick, hours=hours):
        if only in name:
            try:
                rows += map(_said, group())
            except Missing as missing:
                absent.append(f"{name}: {missing}")
    names = [receiver.name for receiver in receivers]
    click.echo(f"\n{datetime.now(tz=UTC):%Y-%m-%d}, `{' '.join(['python', *sys.argv])}`, seed {seed}\n")
    click.echo(markdown(rows, names))
    click.echo("".join(f"\nmissing: {each}" for each in absent))
    incomplete = bool(absent) and bool(os.environ.get("CI"))
    sys.exit(1 if incomplete or not all(row.is_met for row in rows) else 0)


def _receivers() -> tuple[list[Receiver], list[str]]:
    found, absent = [], []
    for create in RECEIVERS.values():
        try:
            found.append(create())
        except Missing as missing:
            absent.append(str(missing))
    return found, absent


def _said(row: Row) -> Row:
    """The row, told as it comes: the full run takes minutes."""
    click.echo(f"{row.reached:>5}  {row.what}: {row.figures}", err=True)
    return row


def _groups(rig: heard.Rig, *, quick: bool, hours: float) -> Iterator[tuple[str, Callable[[], Iterable[Row]]]]:
    yield "standards", lambda: [_standards(rig, [EXAMINED] if quick else [each.name for each in rig.receivers])]
    yield "limits", lambda: (limit(rig) for limit in LIMITS)
    yield "steady", lambda: heard.steady_tones(rig)
    yield "channels", lambda: heard.channels(rig)
    yield "tones", lambda: [calm.other_tones(rig)]
    yield "under", lambda: heard.speech_under(rig, real_prompts())
    yield "echo", lambda: own_prompt.keys_over_own_prompt(rig, real_prompts())
    yield "talk-off", lambda: _talk_off(rig, quick=quick, hours=hours)
    yield "time", lambda: _time(rig, quick=quick)


LIMITS = (
    heard.frequency,
    heard.twist,
    heard.level,
    heard.duration,
    heard.holes,
    heard.signal_to_noise,
)


def _standards(rig: heard.Rig, receivers: Sequence[str]) -> Row:
    """How many of the clauses in tests/standards each receiver keeps."""
    kept = {name: _clauses(name, rig.seed) for name in receivers}
    figures = {name: f"{passed} of {passed + failed}" for name, (passed, failed) in kept.items()}
    passed, failed = kept[EXAMINED]
    what = "Q.24, ES 201 235-3, CM7291: clauses kept, 96 keys each"
    return Row(what, "all", "any seed", figures, grade(passed, passed + failed, passed + failed))


def _clauses(receiver: str, seed: int) -> tuple[int, int]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--no-header",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "tests/standards",
    ]
    environment = os.environ | {"IVRBOX_TEST_RECEIVER": receiver, "IVRBOX_TEST_SEED": str(seed)}
    run = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    counts = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|error)", run.stdout)}
    return counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0)


def _talk_off(rig: heard.Rig, *, quick: bool, hours: float) -> Iterator[Row]:
    rng = rig.rng("talk-off")
    known, unknown, music = real_prompts(), unknown_voices(), hold_music()
    spoken = synthetic(rng, 4 if quick else 60)
    if quick:
        known, unknown = _some(rng, known, 250), _some(rng, unknown, 400)
        music = [clip[: 60 * RATE] for clip in music]
    yield calm.false_keys(rig, "prompts in en es fr it ru", known)
    yield calm.false_keys(rig, "22 voices that nothing was ever tuned on", unknown)
    yield calm.false_keys(rig, "synthetic speech", spoken)
    yield calm.false_keys(rig, "hold music", music)
    yield calm.noises(rig, 2 if quick else 60)
    span = 0.5 if quick else hours
    clips = [*known, *music, *spoken]
    yield calm.hardest_fragments(rig, clips, span)
    if not quick:
        yield calm.whole_variety(rig, clips, span)
        yield calm.whole_variety(rig, unknown, span / 4, "varied, of voices that nothing was ever tuned on")


def _some(rng: Rng, clips: Sequence[Pcm], count: int) -> list[Pcm]:
    return [clips[int(number)] for number in rng.permutation(len(clips))[:count]]


def _time(rig: heard.Rig, *, quick: bool) -> list[Row]:
    speech: Pcm = np.concatenate(real_prompts()[:100])[: 300 * RATE]
    speed = timed.speed(rig, speech)
    return [timed.latency(rig), replace(speed, reached=COMPARED) if quick else speed, timed.any_cut(rig, speech)]


if __name__ == "__main__":
    main()
