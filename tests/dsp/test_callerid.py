"""Promises of caller ID by sound; the other side is our own maker, and spandsp's sender, which nobody here wrote."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from caller_id_maker import BELL_202, V23, fsk, mdmf, sdmf, with_checksum
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp import tones
from ivrbox.dsp.callerid import UNAVAILABLE, WITHHELD, Caller, CallerIdReceiver, read_clip, read_message

if TYPE_CHECKING:
    from numpy.typing import NDArray

HANS = mdmf({0x01: b"01021504", 0x02: b"0301234567", 0x07: b"MUELLER HANS"})
BOTH = pytest.mark.parametrize("standard", [BELL_202, V23], ids=["bell202", "v23"])


def told(sound: NDArray[np.float64], *, piece: int = 160, noise_dbm0: float = -60, seed: int = 1) -> list[Caller]:
    """What a receiver makes of this sound, between half a second of noise and a little more of it."""
    whole = np.concatenate([np.zeros(4000), sound, np.zeros(400)])
    noise = np.random.default_rng(seed).normal(0, 32767 / 2**0.5 * 10 ** ((noise_dbm0 - 3.14) / 20), whole.size)
    samples = (whole + noise).clip(-32768, 32767).astype(np.int16)
    receiver = CallerIdReceiver()
    return [
        caller for start in range(0, samples.size, piece) for caller in receiver.push(samples[start : start + piece])
    ]


@BOTH
def test_number_and_name_of_a_multiple_data_message(standard: tuple[float, float]) -> None:
    assert told(fsk(HANS, standard)) == [Caller("0301234567", "MUELLER HANS")]


@BOTH
def test_number_of_a_single_data_message(standard: tuple[float, float]) -> None:
    assert told(fsk(sdmf(b"5551234"), standard)) == [Caller("5551234")]


@BOTH
@pytest.mark.parametrize("dbm0", [-4, -34])
@pytest.mark.parametrize("twist_db", [-6, 6])
@pytest.mark.parametrize("bit_rate", [1188, 1212])
def test_lines_differ_in_level_twist_and_speed(
    standard: tuple[float, float], dbm0: float, twist_db: float, bit_rate: float
) -> None:
    assert told(fsk(HANS, standard, dbm0=dbm0, twist_db=twist_db, bit_rate=bit_rate)) == [
        Caller("0301234567", "MUELLER HANS")
    ]


@BOTH
def test_noise_18_db_down_does_no_harm(standard: tuple[float, float]) -> None:
    heard = [told(fsk(HANS, standard), noise_dbm0=-13.5 - 18, seed=seed) for seed in range(20)]
    assert heard == [[Caller("0301234567", "MUELLER HANS")]] * 20


def test_a_short_mark_no_seizure_and_pauses_between_bytes_are_taken() -> None:
    assert told(fsk(HANS, mark_bits=40, seizure=0)) == [Caller("0301234567", "MUELLER HANS")]
    assert told(fsk(HANS, gap_bits=10)) == [Caller("0301234567", "MUELLER HANS")]


@pytest.mark.parametrize(
    ("message", "caller"),
    [
        (mdmf({0x01: b"01021504", 0x04: b"P"}), Caller(None, absent=WITHHELD)),
        (mdmf({0x01: b"01021504", 0x04: b"O", 0x08: b"O"}), Caller(None, absent=UNAVAILABLE)),
        (sdmf(b"P"), Caller(None, absent=WITHHELD)),
        (sdmf(b"O"), Caller(None, absent=UNAVAILABLE)),
        (mdmf({0x07: b"BAKERY"}), Caller(None, "BAKERY", UNAVAILABLE)),
        (mdmf({0x03: b"+49 30-1234", 0x07: b"P"}), Caller("+49301234")),
        (mdmf({0x02: b"0301", 0x03: b"0302"}), Caller("0301")),
        (mdmf({0x02: b"(202) 555.0123"}), Caller("2025550123")),
        (mdmf({0x11: b"\x01", 0x02: b"030 1", 0x07: b"M\xdcLLER"}), Caller("0301", "MÜLLER")),
    ],
)
def test_what_a_message_says(message: bytes, caller: Caller) -> None:
    assert read_message(message) == caller


@pytest.mark.parametrize(
    "message",
    [
        b"",
        HANS[:-1],
        HANS[:-1] + bytes([HANS[-1] ^ 1]),
        with_checksum(0x82, b"\x0b\x01\xff"),  # message waiting
        mdmf({0x11: b"\x81", 0x02: b"0301", 0x13: b"\x02"}),  # ... in ETSI's form
        with_checksum(0x80, b"\x02\x09"),
        mdmf({0x02: b"\x00\x01\x02"}),
    ],
)
def test_what_is_no_caller_id_is_not_taken_for_one(message: bytes) -> None:
    assert read_message(message) is None


def test_a_bit_that_fell_over_spoils_the_message_not_the_next() -> None:
    broken = bytearray(HANS)
    broken[9] ^= 0x10
    both = np.concatenate([fsk(bytes(broken)), np.zeros(4000), fsk(HANS)])
    assert told(both) == [Caller("0301234567", "MUELLER HANS")]


def test_lost_samples_spoil_the_message_not_the_next() -> None:
    sound = fsk(HANS).astype(np.int16)
    receiver = CallerIdReceiver()
    assert receiver.push(sound[:5000]) == []
    receiver.skip(160)
    assert receiver.push(sound[5160:]) == []
    assert receiver.push(np.concatenate([sound, np.zeros(200, np.int16)])) == [Caller("0301234567", "MUELLER HANS")]


@settings(max_examples=15, deadline=None)
@given(piece=st.integers(1, 700))
def test_the_pieces_in_which_sound_arrives_change_nothing(piece: int) -> None:
    assert told(fsk(HANS), piece=piece) == [Caller("0301234567", "MUELLER HANS")]


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_caller_or_none(body: bytes) -> None:
    for kind in (0x04, 0x80):
        caller = read_message(with_checksum(kind, body))
        assert caller is None or caller.number or caller.absent


@settings(max_examples=10, deadline=None)
@given(st.binary(min_size=2, max_size=8000))
def test_any_sound_is_taken(raw: bytes) -> None:
    CallerIdReceiver().push(np.frombuffer(raw[: len(raw) // 2 * 2], dtype=np.int16))


def test_speech_like_noise_for_a_minute_is_nobody() -> None:
    noise = np.random.default_rng(4).normal(0, 1500, 60 * 8000).astype(np.int16)
    receiver = CallerIdReceiver()
    assert [c for start in range(0, noise.size, 160) for c in receiver.push(noise[start : start + 160])] == []


@pytest.mark.parametrize(
    ("digits", "caller"),
    [
        ("A0401234567C", Caller("0401234567")),
        ("A040123D040999C", Caller("040123")),
        ("AB10C", Caller(None, absent=WITHHELD)),
        ("AB00C", Caller(None, absent=UNAVAILABLE)),
        ("B10C", Caller(None, absent=WITHHELD)),
        ("B00C", Caller(None, absent=UNAVAILABLE)),
        ("A040123B00D040999C", Caller("040123")),
        ("A12345678#", Caller("12345678")),
        ("12345678#", Caller("12345678")),
        ("D0223456C", Caller("0223456")),
        ("D1#", Caller(None, absent=WITHHELD)),
        ("D2#", Caller(None, absent=UNAVAILABLE)),
        ("A040", None),
        ("C", None),
        ("12#", None),
    ],
)
def test_caller_id_in_dtmf(digits: str, caller: Caller | None) -> None:
    assert read_clip(digits) == caller
    assert told(tones.keys(digits, row_dbm0=-14).astype(np.float64)) == ([caller] if caller else [])


def test_digits_of_another_time_are_no_part_of_the_number() -> None:
    sound = np.concatenate([tones.keys("77"), tones.silence(1500), tones.keys("A040123C")])
    assert told(sound.astype(np.float64)) == [Caller("040123")]


def test_lost_samples_cut_a_dtmf_message_short() -> None:
    receiver = CallerIdReceiver()
    assert receiver.push(tones.keys("A04")) == []
    receiver.skip(320)
    assert receiver.push(tones.keys("0123C")) == []


@pytest.fixture(scope="module")
def spandsp() -> ctypes.CDLL:
    """Debian's libspandsp2, whose `adsi_tx` sends caller ID in all standards."""
    try:
        library = ctypes.CDLL("libspandsp.so.2")
    except OSError:
        reason = "no libspandsp.so.2: install libspandsp2"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    library.adsi_tx_init.restype = ctypes.c_void_p
    library.adsi_tx_init.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.adsi_add_field.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint8, ctypes.c_char_p, ctypes.c_int,
    ]  # fmt: skip
    library.adsi_tx_put_message.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.adsi_tx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    return library


STAMP, NUMBER, NAME = b"01021504", b"5551234", b"Steve"
CLASS, CLIP, CLIP_DTMF = 1, 2, 5  # spandsp's numbers for Bellcore, ETSI and DTMF


@pytest.mark.parametrize(
    ("standard", "kind", "fields", "caller"),
    [
        (CLASS, 0x80, [(1, STAMP), (2, NUMBER), (7, NAME)], Caller("5551234", "Steve")),
        (CLIP, 0x80, [(1, STAMP), (2, NUMBER), (7, NAME)], Caller("5551234", "Steve")),
        (CLASS, 0x04, [(0, STAMP), (0, NUMBER)], Caller("5551234")),
        (CLIP_DTMF, ord("C"), [(ord("A"), NUMBER)], Caller("5551234")),
        (CLIP_DTMF, ord("#"), [(ord("A"), NUMBER)], Caller("5551234")),
    ],
    ids=["bellcore", "etsi", "single data", "dtmf C", "dtmf #"],
)
def test_a_sender_that_nobody_here_wrote_is_understood(
    spandsp: ctypes.CDLL, standard: int, kind: int, fields: list[tuple[int, bytes]], caller: Caller
) -> None:
    sender = spandsp.adsi_tx_init(None, standard)
    message = ctypes.create_string_buffer(256)
    length = spandsp.adsi_add_field(sender, message, -1, kind, None, 0)
    for field, value in fields:
        length = spandsp.adsi_add_field(sender, message, length, field, value, len(value))
    spandsp.adsi_tx_put_message(sender, message, length)
    sound = np.zeros(16000, dtype=np.int16)
    assert spandsp.adsi_tx(sender, sound.ctypes.data, sound.size) > 0
    assert told(sound.astype(np.float64)) == [caller]
