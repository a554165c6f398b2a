"""A caller on tape, a real person talking under the keys, types 12 digits and # during and after the prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from ivrbox.cli.app import ivrbox
from ivrbox.dsp import tones
from ivrbox.prompts.wavfile import read_wav, write_wav
from ivrbox.units import SAMPLE_RATE, dbm0_to_amplitude, ms_to_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS = "159026374840"
SPEECH = Path("/usr/share/asterisk/sounds/en_US_f_Allison/vm-intro.wav")  # Debian: asterisk-core-sounds-en-wav

FLOW = """
[steps.booking]
prompt = "Please key in your twelve digit booking number, then press hash."
dtmf = { digits = 16, end_key = "#", collect_while_speaking = true }
on = { end_key = { say = "Thank you.", hangup = true } }
"""


def level(samples: NDArray[np.floating], dbm0: float) -> NDArray[np.float64]:
    """Scale to a mean power as of a sine of this level."""
    rms = np.sqrt(np.mean(np.square(samples)))
    return np.asarray(samples * (dbm0_to_amplitude(dbm0) / np.sqrt(2) / rms), dtype=np.float64)


@pytest.fixture(scope="module")
def someone_talking() -> NDArray[np.float64]:
    return read_wav(SPEECH).at(SAMPLE_RATE).mono().astype(np.float64)


def taped_caller(talk: NDArray[np.float64], seed: int) -> NDArray[np.int16]:
    """Half a second, then the keys at -20 dBm0 a tone, noise 20 dB and speech 15 dB below them."""
    rng = np.random.default_rng(seed)
    gap = np.zeros(ms_to_samples(120), dtype=np.int16)
    keys = [part for digit in f"{DIGITS}#" for part in (tones.key(digit, ms=80, row_dbm0=-20.0), gap)]
    line = np.concatenate([np.zeros(4000, dtype=np.int16), *keys]).astype(np.float64)
    line += level(rng.normal(size=line.size), -40.0)
    line += level(np.resize(np.roll(talk, -rng.integers(talk.size)), line.size), -35.0)
    return np.clip(np.rint(line), -32768, 32767).astype(np.int16)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "config" / "flows").mkdir(parents=True)
    (tmp_path / "config" / "ivrbox.toml").write_text('[call]\nentry = "booking"\n')
    (tmp_path / "config" / "flows" / "booking.toml").write_text(FLOW)
    return tmp_path / "config"


@pytest.mark.parametrize("rate", [8000, 44100])
def test_all_twelve_and_the_end_key_in_order(
    tmp_path: Path, config: Path, someone_talking: NDArray[np.float64], rate: int
) -> None:
    tape = tmp_path / "caller.wav"
    write_wav(tape, taped_caller(someone_talking, seed=rate))
    if rate != SAMPLE_RATE:
        stereo = np.repeat(read_wav(tape).at(rate).mono()[:, np.newaxis], 2, axis=1)
        write_wav(tape, stereo, rate)
    said = tmp_path / "said.wav"
    places = ["--config", str(config), "--data", str(tmp_path / "data")]
    ran = CliRunner().invoke(ivrbox, ["call", "--tape", str(tape), "--said", str(said), "--json", *places])
    assert ran.exit_code == 0, ran.output
    record = json.loads(ran.stdout)
    assert [(turn["text"], turn["outcome"]) for turn in record["turns"] if turn["role"] == "user"] == [
        (DIGITS, "end_key")
    ]
    assert record["ended"] == "completed"
    assert set(record) >= {"id", "line", "caller", "started", "duration_s", "ended", "turns", "path", "recording"}
    assert np.abs(read_wav(said).samples.astype(int)).max() > 1000, "the box spoke"
