"""The simulated modem by itself: what a modem's manual says of it, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.dsp.dtmf import find_keys
from ivrbox.lines.modem_codec import Audio, Decoder, StreamEnded, shield
from ivrbox.lines.modem_formats import Coding, decode, encode
from ivrbox.lines.modem_profile import read_profile
from ivrbox.lines.modem_sim import SimModem
from ivrbox.lines.modem_sim_spec import behaviour_of

SECOND = 8000


def _modem(**habits: object) -> SimModem:
    return SimModem(behaviour_of(read_profile("generic"), "generic", **habits))


def _says(modem: SimModem, command: bytes, seconds: float = 0.1) -> str:
    """What the modem prints within this time after a command, its lines parted by spaces."""
    modem.take()
    modem.receive(command)
    modem.advance_to(modem.clock + round(seconds * SECOND))
    return " ".join(modem.take().decode("latin-1").split())


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"AT\r", "OK"),
        (b"at i3\r", "Simulated voice modem OK"),
        (b"ATI7\r", "ERROR"),
        (b"AT+GMI\r", "ivrbox OK"),
        (b"ATQ0V1H0S0=0&D2\r", "OK"),
        (b"ATS0?\r", "000 OK"),
        (b"AT+FCLASS?\r", "8 OK"),
        (b"AT+FCLASS=2.0\r", "OK"),
        (b"AT+FCLASS=3\r", "ERROR"),
        (b"AT+VSM?\r", "0,8000,0,0 OK"),
        (b"AT+VSM=1,8000,0,0\r", "OK"),
        (b"AT+VSM=1,11025\r", "ERROR"),
        (b"AT+VSM=77\r", "ERROR"),
        (b"AT+VSM=\xb2,8000\r", "ERROR"),
        (b"AT+VRA=70;+VRN=10\r", "OK"),
        (b"AT+VGT?\r", "128 OK"),
        (b"AT+VGT=?\r", "(0-255) OK"),
        (b"AT+VLS?\r", "0 OK"),
        (b"AT+VLS=17\r", "ERROR"),
        (b"AT+VTR\r", "ERROR"),
        (b"AT+VTS=?\r", "(200-3300),(200-3300),(0-500) OK"),
        (b"AT+VTS=\r", "ERROR"),
        (b"AT+XYZ\r", "ERROR"),
        (b"AT@\r", "ERROR"),
        (b"ATW\r", "ERROR"),
        (b"ATDT123;\r", "OK"),
        (b"ATDT123\r", "NO CARRIER"),
        (b"rubbish AT\r", "OK"),
        (b"rubbish\r", ""),
        (b"AT+VCI\r", "ERROR"),
    ],
)
def test_commands_are_answered(command: bytes, answer: str) -> None:
    modem = _modem()
    _says(modem, b"ATE0\r")
    _says(modem, b"AT+FCLASS=8\r")
    assert _says(modem, command) == answer


def test_commands_are_echoed_until_told_otherwise() -> None:
    modem = _modem()
    assert _says(modem, b"ATI0\r") == "ATI0 V253 OK"
    assert _says(modem, b"ATE0\r") == "ATE0 OK"
    assert _says(modem, b"ATI0\r") == "V253 OK"


@pytest.mark.parametrize("command", [b"AT+VLS=1\r", b"AT+VTX\r", b"AT+VTS=[900,900,10]\r"])
def test_voice_commands_want_voice_class(command: bytes) -> None:
    modem = _modem()
    _says(modem, b"ATE0\r")
    assert _says(modem, command) == "ERROR"


def test_the_hook_is_lifted_and_put_down_in_every_way() -> None:
    modem = _modem()
    lifted = []
    for command in (
        b"ATE0+FCLASS=8\r",
        b"ATH1\r",
        b"ATH\r",
        b"AT+FCLASS=8\r",
        b"ATA\r",
        b"AT+VLS=4\r",
        b"AT+VLS=5\r",
        b"ATZ\r",
    ):
        _says(modem, command)
        lifted.append(modem.exchange.is_off_hook)
    assert lifted == [False, True, False, False, True, False, True, False]
    assert _says(modem, b"ATE0\r").endswith("OK")
    assert _says(modem, b"ATA\r") == "NO CARRIER"  # in data class nobody sings at the other end


@pytest.mark.parametrize(
    ("habits", "printed"),
    [
        ({}, "RING DATE=1122 TIME=2345 NMBR=5550100 NAME=ADA"),
        ({"caller_id": "spaced"}, "RING DATE = 1122 TIME = 2345 NMBR = 5550100 NAME = ADA"),
        ({"caller_id": "ddn"}, "RING DDN_NMBR= 5550100"),
        ({"caller_id": "ddn", "caller_id_first": True}, "DDN_NMBR= 5550100 RING"),
    ],
)
def test_a_ring_and_its_caller_are_told(habits: dict[str, object], printed: str) -> None:
    modem = _modem(**habits)
    _says(modem, b"ATE0+VCID=1\r")
    modem.far.rings("5550100", "ADA")
    assert _says(modem, b"", 1.0) == printed


def test_a_caller_who_gives_up_is_told_no_more() -> None:
    modem = _modem()
    _says(modem, b"ATE0+VCID=1\r")
    modem.far.rings("5550100")
    _says(modem, b"", 0.1)
    modem.far.hangs_up()
    assert _says(modem, b"", 10) == ""


def _in_call(**habits: object) -> SimModem:
    modem = _modem(**habits)
    modem.far.rings()
    for command in (b"ATE0+FCLASS=8\r", b"AT+VSM=1\r", b"AT+VLS=1\r"):
        _says(modem, command)
    return modem


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=600), st.booleans())
def test_sound_that_is_sent_is_what_the_caller_hears(sound: bytes, with_sub: bool) -> None:  # noqa: FBT001
    modem = _in_call()
    _says(modem, b"AT+VTX\r")
    shielded = shield(sound).replace(b"\x10" * 4, b"\x10\x1a") if with_sub else shield(sound)
    began = modem.far.heard.size
    assert modem.receive(shielded + b"\x10\x03") == len(shielded) + 2
    modem.advance_to(modem.clock + SECOND)
    heard = modem.far.heard[began:]
    whole = np.zeros_like(heard)
    whole[: len(sound)] = decode(sound, Coding.UNSIGNED8)
    assert np.array_equal(heard, whole)
    assert b"OK" in modem.take()


def test_a_full_buffer_takes_no_more_until_it_has_drained() -> None:
    modem = _in_call()
    _says(modem, b"AT+VTX\r")
    assert modem.receive(b"\x80" * 3000) == 1024
    assert modem.receive(b"\x80") == 0
    modem.advance_to(modem.clock + SECOND // 50)
    assert modem.receive(b"\x80" * 3000) == 160


def test_what_the_caller_says_is_recorded_and_shielded() -> None:
    modem = _in_call()
    sound = np.full(1600, (0x10 - 0x80) * 256, dtype=np.int16)  # a 0x10 for every sample: the worst case
    _says(modem, b"AT+VRX\r", 0.01)
    decoder = Decoder()
    decoder.expects_audio = True
    decoder.feed(b"\r\nCONNECT\r\n")
    modem.take()
    modem.far.speaks(sound)
    modem.advance_to(modem.clock + SECOND // 4)
    modem.receive(b"\x10!")
    modem.advance_to(modem.clock + 100)
    items = decoder.feed(modem.take())
    heard = decode(b"".join(item.data for item in items if isinstance(item, Audio)), Coding.UNSIGNED8)
    assert np.array_equal(heard[:1600], sound)
    assert StreamEnded() in items


def test_cancel_throws_away_what_waits_and_playing_to_the_end_does_not() -> None:
    lengths = []
    for stop in (b"\x00\x10\x18\x10\x03", b"\x10\x03"):
        modem = _in_call()
        _says(modem, b"AT+VTX\r")
        modem.receive(b"\xff" * 800 + stop)
        modem.advance_to(modem.clock + SECOND // 2)
        lengths.append(np.count_nonzero(modem.far.heard))
    assert lengths == [0, 800]


def test_keys_are_sounded_by_the_modem_itself() -> None:
    modem = _in_call()
    assert _says(modem, b"AT+VTD=8\r") == "OK"
    assert _says(modem, b"AT+VTS={5,10},[0,0,10],1\r", 1.0) == "OK"
    assert "".join(key.digit for key in find_keys(modem.far.heard)) == "51"


def test_a_modem_without_a_call_has_dial_tone_and_says_so() -> None:
    modem = _modem()
    for command in (b"ATE0+FCLASS=8\r", b"AT+VLS=1\r"):
        _says(modem, command)
    assert "\x10d" in _says(modem, b"", 4)


def test_on_hook_it_records_silence_and_plays_to_nobody() -> None:
    modem = _modem(sounds=[{"id": 1, "coding": "unsigned8", "text": '1,"PCM",8,0,8000'}], duplex=True)
    _says(modem, b"ATE0+FCLASS=8\r")
    _says(modem, b"AT+VTR\r", 0.01)
    modem.receive(encode(np.full(160, 9000, dtype=np.int16), Coding.UNSIGNED8))
    modem.advance_to(modem.clock + 400)
    assert modem.take().count(b"\x80") >= 320
    assert not modem.exchange.said.samples.any()


def test_three_dle_are_wanted_where_the_firmware_is_so() -> None:
    modem = _in_call(triple_dle=True)
    _says(modem, b"AT+VRX\r")
    assert "OK" not in _says(modem, b"\x10!")
    assert _says(modem, b"\x10\x10\x10!").endswith("OK")
