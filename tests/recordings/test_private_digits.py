"""A thousand private digits: none can be read from the recording, and none is in any file of the box."""

from __future__ import annotations

import io
import json
import re
import wave
from typing import TYPE_CHECKING

import numpy as np
import pyrage
import pytest

from ivrbox.dsp.dtmf import DtmfDetector, KeyDown
from ivrbox.dsp.keys import COLUMNS_HZ, DIGITS, ROWS_HZ
from ivrbox.dsp.tones import key
from ivrbox.recordings import Recorder, Spool
from ivrbox.units import FRAME_SAMPLES, SAMPLE_RATE, dbm0_to_amplitude, ms_to_samples, seconds_to_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.conftest import Rig

WINDOW = 40
"""Samples of the decoder's window: 5 ms are enough to read a digit from a clean tone."""

KEYS = "0123456789"
MARGIN = ms_to_samples(20)


def windows_of(sound: NDArray[np.int16]) -> NDArray[np.float64]:
    """Every window of 5 ms that begins on a half of one, shape (n, 40)."""
    return np.lib.stride_tricks.sliding_window_view(sound.astype(float), WINDOW)[:: WINDOW // 2]


def key_likeness(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each window and each key, shape (n, 10): the share of the window's power that is in the key's two tones."""
    time = np.arange(WINDOW) / SAMPLE_RATE
    power = (windows**2).sum(axis=1) + 1e-9
    shares = []
    for digit in KEYS:
        row, column = divmod(DIGITS.index(digit), 4)
        tones = [np.exp(2j * np.pi * hertz * time) for hertz in (ROWS_HZ[row], COLUMNS_HZ[column])]
        basis, _ = np.linalg.qr(np.stack([part for tone in tones for part in (tone.real, tone.imag)], axis=1))
        shares.append(((windows @ basis) ** 2).sum(axis=1) / power)
    return np.stack(shares, axis=1)


def read(sound: NDArray[np.int16]) -> str:
    """The key that some window of the sound is most like: a guess even from nothing."""
    likeness = key_likeness(windows_of(sound))
    return KEYS[int(np.unravel_index(np.argmax(likeness), likeness.shape)[1])]


def typed(digits: str, noise_dbm0: float) -> tuple[NDArray[np.int16], list[tuple[int, int]]]:
    """Digits keyed at -20 dBm0 a tone into line noise, 70 ms each; the sound, and where each key was."""
    dice = np.random.default_rng(7)
    parts, places, at = [], [], 0
    for digit in digits:
        gap = int(dice.integers(ms_to_samples(70), ms_to_samples(110)))
        tone = key(digit, ms=70, row_dbm0=-20)
        parts += [np.zeros(gap), tone]
        places.append((at + gap, at + gap + len(tone)))
        at += gap + len(tone)
    clean = np.concatenate([*parts, np.zeros(-at % FRAME_SAMPLES + 5 * FRAME_SAMPLES)])
    noise = dice.normal(0, dbm0_to_amplitude(noise_dbm0) / np.sqrt(2), len(clean))
    return np.rint(clean + noise).astype(np.int16), places


def recorded(sound: NDArray[np.int16]) -> NDArray[np.int16]:
    """The caller's side as it would be kept; masked key by key, as late as the detector is sure of them."""
    recorder, ear = Recorder(Spool(seconds=len(sound) / SAMPLE_RATE + 1)), DtmfDetector()
    for frame in sound.reshape(-1, FRAME_SAMPLES):
        recorder.push(frame, frame)
        for fact in ear.push(frame):
            onset = seconds_to_samples(fact.onset_s)
            if isinstance(fact, KeyDown):
                recorder.mask(onset)
            else:
                recorder.unmask(onset + seconds_to_samples(fact.length_s))
    recorder.end()
    return np.concatenate([chunk.copy() for chunk in recorder.content()])[:, 0]


def read_right(sound: NDArray[np.int16], digits: str, places: list[tuple[int, int]]) -> int:
    """Digits that a decoder gets right that knows where to listen."""
    return sum(
        read(sound[start - MARGIN : end + MARGIN]) == digit for digit, (start, end) in zip(digits, places, strict=True)
    )


def test_a_short_window_decoder_reads_no_more_than_chance_of_a_thousand_masked_digits() -> None:
    digits = "".join(np.random.default_rng(8).choice(list(KEYS), 1000))
    sound, places = typed(digits, noise_dbm0=-45)
    assert read_right(sound, digits[:200], places[:200]) > 190, "the decoder cannot read at all"
    # One in ten by chance: 100 of 1000, with a standard deviation of 9.5.
    assert read_right(recorded(sound), digits, places) < 140


SETTINGS = """
    [call]
    entry = "pay"
"""

FLOW = """
    [steps.open]
    prompt = "Your customer number, please."
    dtmf = { digits = 4 }
    [steps.open.on]
    complete = { goto = "card" }

    [steps.card]
    prompt = "Your card number, please."
    function = "take_card"
    dtmf = { digits = 32, pii = true, collect_while_speaking = true }
"""

FUNCTION = """
def take_card(conv: Conversation, flow: Flow):
    typed = conv.history[-1].text
    conv.state["cards"] = conv.state.get("cards", 0) + 1
    conv.log("took " + typed)
    if conv.state["cards"] % 2:
        flow.goto_step("card")
        return {"utterance": "Thank you. And the next."}
    raise ValueError("no such card: " + " ".join(typed))
"""


# Eight digits or more in a row: plain, spaced, as a list or JSON, or UTF-16; and the same again in hex.
WRITTEN = re.compile(rb"[0-9](?:[\x00 ,'\"]{0,4}[0-9]){7,}")
IN_HEX = re.compile(rb"3[0-9](?:(?:00|[ ,x\\]){0,4}3[0-9]){7,}")


def digits_in(content: bytes) -> Iterator[str]:
    """All runs of digits in a file, however they are written."""
    for match in WRITTEN.finditer(content):
        yield re.sub(rb"[^0-9]", b"", match[0]).decode()
    for match in IN_HEX.finditer(content):
        yield "".join(re.findall("3([0-9])", match[0].decode()))


def eights(digits: str) -> set[str]:
    return {digits[at : at + 8] for at in range(len(digits) - 7)}


@pytest.mark.parametrize(
    "write",
    [
        str.encode,
        lambda digits: " ".join(digits).encode(),
        lambda digits: repr(list(digits)).encode(),
        lambda digits: json.dumps(list(digits)).encode(),
        lambda digits: digits.encode("utf-16-le"),
        lambda digits: digits.encode("utf-16-be"),
        lambda digits: digits.encode().hex().encode(),
        lambda digits: digits.encode().hex(" ").encode(),
        lambda digits: digits.encode("utf-16-le").hex().encode(),
        lambda digits: "".join(f"\\x{ord(digit):x}" for digit in digits).encode(),
    ],
)
def test_the_search_finds_digits_however_they_are_written(write: Callable[[str], bytes]) -> None:
    assert any("4929123456781234" in run for run in digits_in(b"\x00\xff id=" + write("4929123456781234") + b";"))


def test_a_thousand_private_digits_are_in_no_file_and_not_in_the_sound(
    rig: Callable[..., Rig], caplog: pytest.LogCaptureFixture
) -> None:
    house = rig({"ivrbox.toml": SETTINGS, "pay.toml": FLOW, "functions/pay.py": FUNCTION})
    dice, entries = np.random.default_rng(9), []
    for _ in range(16):
        house.phone.rings(caller="35550100")
        house.phone.hears("customer number")
        house.phone.hears_out()
        house.phone.presses("7391", ms=50, gap_ms=50)
        for _ in range(2):
            house.phone.hears("card number")
            entries.append("".join(dice.choice(list(KEYS), 32)))
            house.phone.presses(entries[-1], ms=50, gap_ms=50)
        house.phone.hangs_up()
    assert sum(map(len, entries)) > 1000
    everything = b"\n".join(path.read_bytes() for path in house.data.rglob("*") if path.is_file())
    runs = [*digits_in(everything), *digits_in(caplog.text.encode())]
    assert any("35550100" in run for run in runs), "the search does not find what is no secret"
    secrets = set.union(*map(eights, entries))
    assert not any(secrets & eights(run) for run in runs)
    for sound in kept_sounds(house.data):
        heard = moments_of_keys(sound)
        assert len(heard) > 10, "the customer number is not heard"
        assert heard[-1] - heard[0] < 4 * 0.1, "more than the customer number is heard"


def moments_of_keys(sound: NDArray[np.int16]) -> NDArray[np.float64]:
    """Where, in seconds, 5 ms of some key can be made out."""
    windows = windows_of(sound)
    loud = np.nonzero(np.abs(windows).max(axis=1) > 100)[0]
    keyed: NDArray[np.intp] = loud[key_likeness(windows[loud]).max(axis=1) > 0.95]
    return keyed * (WINDOW // 2) / SAMPLE_RATE


def kept_sounds(data: Path) -> Iterator[NDArray[np.int16]]:
    """The caller's side of every kept recording."""
    lines = (data / "keys" / "identity.txt").read_text("utf-8").splitlines()
    identity = pyrage.x25519.Identity.from_str(lines[-1])
    for path in (data / "recordings").glob("*.age"):
        with wave.open(io.BytesIO(pyrage.decrypt(path.read_bytes(), [identity]))) as wav:
            yield np.frombuffer(wav.readframes(wav.getnframes()), np.int16).reshape(-1, 2)[:, 0]
