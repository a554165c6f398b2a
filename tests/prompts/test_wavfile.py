"""Sound files: every allowed layout is read to the same samples, all else is one clear error."""

from __future__ import annotations

import wave
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.errors import WavError
from ivrbox.prompts.wavfile import ALLOWED, Sound, parse_wav, read_wav, write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MakeWav = Callable[..., bytes]

RIFF = b"RIFF\x04\0\0\0WAVE"

EXTENSIBLE_PCM = bytes.fromhex("1600 1800 04000000 0100 0000 0000 1000 8000 00aa00389b71")
EXTENSIBLE_FLOAT = EXTENSIBLE_PCM[:8] + b"\x03" + EXTENSIBLE_PCM[9:]


def packed(samples: NDArray[np.int16], bits: int) -> bytes:
    """The same loudness in another width; what lies below 16 bit is filled with ones, to be left out again."""
    if bits == 8:
        return ((samples.astype(np.int32) >> 8) + 128).astype(np.uint8).tobytes()
    low = np.full((len(samples), bits // 8 - 2), 0xFF, np.uint8)
    return np.hstack([low, samples.astype("<i2").view(np.uint8).reshape(-1, 2)]).tobytes()


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_wider_samples_keep_their_upper_16_bits(wav_bytes: MakeWav, ramp: NDArray[np.int16], bits: int) -> None:
    sound = parse_wav(wav_bytes(packed(ramp, bits), bits=bits, rate=44100), "x.wav")
    assert sound.rate == 44100
    assert np.array_equal(sound.samples, ramp)


def test_8_bit_silence_is_silence_and_its_ends_are_loud(wav_bytes: MakeWav) -> None:
    sound = parse_wav(wav_bytes(bytes([0, 128, 255]), bits=8), "x.wav")
    assert sound.samples.tolist() == [-32768, 0, 127 * 256]


def test_extensible_header_of_24_bit_is_read(wav_bytes: MakeWav, ramp: NDArray[np.int16]) -> None:
    data = wav_bytes(packed(ramp, 24), bits=24, tag=0xFFFE, extra=EXTENSIBLE_PCM)
    assert np.array_equal(parse_wav(data, "x.wav").samples, ramp)


def test_stereo_is_two_columns_and_their_mean_as_mono(wav_bytes: MakeWav) -> None:
    stereo = parse_wav(wav_bytes(np.array([100, 300, -5, -7], "<i2").tobytes(), channels=2), "x.wav")
    assert stereo.samples.tolist() == [[100, 300], [-5, -7]]
    assert stereo.mono().tolist() == [200, -6]
    assert stereo.mono().dtype == np.int16


def test_mono_of_full_scale_stereo_does_not_wrap(wav_bytes: MakeWav) -> None:
    data = np.full(8, -32768, "<i2").tobytes()
    assert set(parse_wav(wav_bytes(data, channels=2), "x.wav").mono().tolist()) == {-32768}


def test_unknown_chunks_and_odd_padding_are_passed_over(wav_bytes: MakeWav, ramp: NDArray[np.int16]) -> None:
    plain = wav_bytes(ramp.tobytes())
    listed = plain[:12] + b"LIST\x03\x00\x00\x00abc\x00" + plain[12:] + b"id3 \xff\xff\x00\x00cut"
    assert np.array_equal(parse_wav(listed, "x.wav").samples, ramp)


@pytest.mark.parametrize("size", [0x7FFF_F000, 0xFFFF_FFFF])
def test_streamed_file_without_a_length_is_read_to_its_end(
    wav_bytes: MakeWav, ramp: NDArray[np.int16], size: int
) -> None:
    assert np.array_equal(parse_wav(wav_bytes(ramp.tobytes(), size=size), "x.wav").samples, ramp)


@pytest.mark.parametrize(
    ("layout", "found"),
    [
        ({"tag": 3, "bits": 32}, "holds floating point"),
        ({"tag": 0xFFFE, "bits": 32, "extra": EXTENSIBLE_FLOAT}, "holds floating point"),
        ({"tag": 7, "bits": 8}, "holds mu-law"),
        ({"tag": 0x1234}, "holds format 0x1234"),
        ({"bits": 12}, "has 12 bit"),
        ({"channels": 0}, "has 0 channels"),
        ({"channels": 6}, "has 6 channels"),
        ({"rate": 3}, "has 3 Hz"),
        ({"rate": 4_000_000_000}, "has 4000000000 Hz"),
        ({"size": 9000}, "is cut short: 800 of 9000 bytes are there"),
    ],
)
def test_refusal_names_file_and_what_was_found_and_what_is_allowed(
    wav_bytes: MakeWav, layout: dict[str, Any], found: str
) -> None:
    with pytest.raises(WavError) as refusal:
        parse_wav(wav_bytes(bytes(800), **layout), "greeting.wav")
    assert str(refusal.value) == f"greeting.wav: {found}; allowed: {ALLOWED}"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "is not a WAV file"),
        (b"ID3\x04 some MP3", "is not a WAV file"),
        (RIFF, "has no fmt chunk"),
        (RIFF + b"fmt \x02\0\0\0\x01\0", "its fmt chunk has 2 bytes"),
        (RIFF + b"fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0", "has no data chunk"),
    ],
)
def test_what_is_no_wav_file_is_said_plainly(data: bytes, found: str) -> None:
    with pytest.raises(WavError, match=found):
        parse_wav(data, "x.wav")


def sound_or_wav_error(data: bytes) -> Sound | None:
    """The sound, or None for a WavError; whatever else is raised fails the test."""
    try:
        return parse_wav(data, "x.wav")
    except WavError:
        return None


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_sound_or_a_wav_error(data: bytes) -> None:
    sound = sound_or_wav_error(data)
    assert sound is None or sound.samples.dtype == np.int16


@given(data=st.data())
def test_damaged_wav_is_a_sound_or_a_wav_error(wav_bytes: MakeWav, data: st.DataObject) -> None:
    whole = bytearray(wav_bytes(bytes(range(96)), bits=24, channels=2, tag=0xFFFE, extra=EXTENSIBLE_PCM))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    sound = sound_or_wav_error(bytes(whole[:cut]))
    assert sound is None or sound.at(8000).mono().ndim == 1


def test_missing_file_is_a_wav_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(WavError, match=r"gone\.wav: cannot be read: No such file"):
        read_wav(tmp_path / "gone.wav")


@pytest.mark.parametrize("shape", [(800,), (400, 2)])
def test_what_is_written_is_read_back(tmp_path: Path, ramp: NDArray[np.int16], shape: tuple[int, ...]) -> None:
    samples = np.resize(ramp, shape)
    write_wav(tmp_path / "a.wav", samples, rate=16000)
    back = read_wav(tmp_path / "a.wav")
    assert back.rate == 16000
    assert np.array_equal(back.samples, samples)


def test_written_file_suits_other_readers(tmp_path: Path, ramp: NDArray[np.int16]) -> None:
    write_wav(tmp_path / "a.wav", ramp)
    with wave.open(str(tmp_path / "a.wav")) as other:
        assert other.getparams()[:4] == (1, 2, 8000, len(ramp))


def test_failed_write_leaves_the_old_file_and_no_scraps(tmp_path: Path, ramp: NDArray[np.int16]) -> None:
    (tmp_path / "a.wav").mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match=r"a\.wav"):
        write_wav(tmp_path / "a.wav", ramp)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("rate", [11025, 22050, 44100, 48000])
def test_resampled_tone_keeps_pitch_level_and_length(rate: int) -> None:
    tone = np.rint(10000 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)).astype(np.int16)
    heard = Sound(tone, rate).at(8000)
    assert heard.rate == 8000
    assert abs(len(heard.samples) - 8000) <= 1
    spectrum = np.abs(np.fft.rfft(heard.samples[2000:6000])) / 2000
    assert int(spectrum.argmax()) * 2 == 1000
    assert spectrum.max() == pytest.approx(10000, rel=0.01)


def test_what_lies_above_the_new_band_does_not_fold_back() -> None:
    tone = np.rint(10000 * np.sin(2 * np.pi * 5000 * np.arange(48000) / 48000)).astype(np.int16)
    assert np.abs(Sound(tone, 48000).at(8000).samples[1000:-1000]).max() < 10


def test_full_scale_square_wave_does_not_wrap_when_resampled() -> None:
    square = np.where(np.arange(44100) // 50 % 2, 32767, -32768).astype(np.int16)
    middle = Sound(square, 44100).at(8000).samples[4:-4].astype(int)
    assert np.abs(np.diff(np.sign(middle))).sum() / 2 == pytest.approx(882, abs=6)


def test_digital_silence_stays_silent_when_resampled() -> None:
    assert not Sound(np.zeros(4410, np.int16), 44100).at(8000).samples.any()


@pytest.mark.parametrize("shape", [(0,), (0, 2)])
def test_sound_of_no_length_is_resampled_to_none(shape: tuple[int, ...]) -> None:
    assert Sound(np.zeros(shape, np.int16), 44100).at(8000).samples.shape == shape
