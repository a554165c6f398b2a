"""A voice modem program that nobody here wrote takes the simulated modem for a real one. How it is run: conftest.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivrbox.dsp.dtmf import find_keys
from ivrbox.lines.far_end import FarState
from ivrbox.lines.modem_formats import Coding, decode

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tests.modem.conftest import Session

HEADER = 32
"""Bytes of an .rmd file before its samples."""

PLAYED = 9 * (960 + 640) - 640
"""Samples from the first to the last that sounds, of nine keys of 120 ms with 80 ms between them."""


def _keys_in(file: Path) -> str:
    samples = decode(file.read_bytes()[HEADER:], Coding.UNSIGNED8)
    return "".join(key.digit for key in find_keys(samples))


def test_vm_diagnostics_reads_the_modem(voice_programs: dict[str, Future[Session]]) -> None:
    printed = voice_programs["diagnostics"].result().printed
    assert "AT+FCLASS=? --> 0,1,1.0,2.0,8" in printed
    assert "Simulated voice modem" in printed


def test_vm_record_keeps_what_the_caller_says(voice_programs: dict[str, Future[Session]]) -> None:
    session = voice_programs["record"].result()
    assert "Recording complete" in session.printed
    assert session.file.read_bytes().startswith(b"RMD1V253modem")
    assert "159159159" in _keys_in(session.file)


def test_vm_prints_the_keys_that_the_modem_reports(voice_programs: dict[str, Future[Session]]) -> None:
    assert "2580" in voice_programs["digits"].result().printed


def test_vm_play_is_heard_by_the_caller(voice_programs: dict[str, Future[Session]]) -> None:
    heard = voice_programs["play"].result().modem.far.heard
    assert "".join(key.digit for key in find_keys(heard)) == "159" * 3
    sounding = np.flatnonzero(np.abs(heard) > 500)
    assert PLAYED - 10 < sounding[-1] - sounding[0] < 1.1 * PLAYED  # a busy machine may let the buffer run dry


def test_vm_beep_sounds_on_the_line(voice_programs: dict[str, Future[Session]]) -> None:
    said = voice_programs["beep"].result().modem.exchange.said.samples
    sounding = np.flatnonzero(said)
    assert sounding[-1] - sounding[0] == pytest.approx(4000, abs=10)


def test_vgetty_answers_the_ring_and_keeps_the_message_under_the_callers_number(
    voice_programs: dict[str, Future[Session]],
) -> None:
    session = voice_programs["answer"].result()
    assert session.modem.far.state is FarState.ENDED
    (message,) = Path("/var/spool/voice/incoming").glob("*5550199*.rmd")
    heard = decode(message.read_bytes()[HEADER:], Coding.UNSIGNED8)
    message.unlink()
    assert np.count_nonzero(np.abs(heard) > 1000) > 8000
