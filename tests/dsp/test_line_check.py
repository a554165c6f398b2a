"""Promises of the line check: the figures are those of the line, and the words say what to do."""

from __future__ import annotations

import numpy as np
import pytest

from ivrbox.dsp.line_check import PROBE_HZ, check_line, probes

QUIET = np.random.default_rng(1).normal(0, 20, 16000).astype(np.int16)


def through(loss_db: float, delay_ms: int = 150, noise: float = 20) -> list[np.ndarray]:
    """Our own probes as a line brings them back."""
    rng = np.random.default_rng(2)
    gap = np.zeros(8 * delay_ms)
    heard = [np.concatenate([gap, probe * 10 ** (-loss_db / 20)])[: probe.size] for probe in probes()]
    return [(sound + rng.normal(0, noise, sound.size)).clip(-32768, 32767).astype(np.int16) for sound in heard]


@pytest.mark.parametrize("loss_db", [4, 12, 25])
@pytest.mark.parametrize("delay_ms", [0, 300])
def test_the_loss_is_measured_to_half_a_db_wherever_it_comes_back(loss_db: float, delay_ms: int) -> None:
    check = check_line(QUIET, through(loss_db, delay_ms))
    assert list(check.loss_db) == list(PROBE_HZ)
    assert all(abs(loss - loss_db) < 0.5 for loss in check.loss_db.values())


def test_a_line_that_lets_one_frequency_back_is_judged_by_that() -> None:
    heard = through(30)
    heard[3] = through(5)[3]
    assert abs(check_line(QUIET, heard).worst_loss_db - 5) < 0.5


@pytest.mark.parametrize(
    ("loss_db", "words"),
    [
        (4, "echo only 4 dB down: keys during prompts will be missed; use a matched DAA"),
        (9, "echo 9 dB down: soft keys during prompts may be missed; lower the output level"),
        (25, "good: echo 25 dB down, noise floor"),
        (120, "nothing of our own sound comes back: a very good hybrid, or no line is connected"),
    ],
)
def test_the_verdict_says_what_to_do(loss_db: float, words: str) -> None:
    [verdict] = check_line(QUIET, through(loss_db, noise=1)).verdict
    assert verdict.startswith(words)


def test_clipping_and_noise_are_told_with_the_echo() -> None:
    square = np.tile(np.array([32767, -32768], np.int16), 2800)
    noisy = np.random.default_rng(3).normal(0, 500, 16000).astype(np.int16)
    verdict = check_line(noisy, [*through(4)[:7], square]).verdict
    assert [words.split()[0] for words in verdict] == ["echo", "input", "noise"]
    assert verdict[1].startswith("input clips (9.2 % of all samples)")


def test_a_dead_input_is_no_division_by_zero() -> None:
    silent = [np.zeros(probe.size, np.int16) for probe in probes()]
    assert check_line(np.zeros(100, np.int16), silent).worst_loss_db > 60
