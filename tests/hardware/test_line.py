"""A real card, a real Pi and a real line: run only when asked, with the wiring of hw/wiring.md or hw/loopback.md.

IVRBOX_HARDWARE=loop IVRBOX_CARD=Line pytest tests/hardware     line out wired to line in
IVRBOX_HARDWARE=line IVRBOX_CARD=Line IVRBOX_PINS=17,27,22 IVRBOX_COUNTRY=de pytest tests/hardware -s
    hook, ring and loop pins; the tester calls the line from another telephone when told to
"""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from ivrbox.dsp import tones
from ivrbox.dsp.dtmf import find_keys
from ivrbox.dsp.line_check import check_line, probes
from ivrbox.lines.line import SILENCE, Line, RemoteHungUp, Ringing
from ivrbox.lines.sound_card import CardSpec, SoundCard
from ivrbox.lines.usb_audio import UsbAudio

ASKED = os.environ.get("IVRBOX_HARDWARE", "")
CARD = os.environ.get("IVRBOX_CARD", "default")
A_MINUTE = 3000


def needs(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(kind != ASKED, reason=f"asked for by IVRBOX_HARDWARE={kind}; see the module")


def say(words: str) -> None:
    sys.stdout.write(f"\n>>> {words}\n")
    sys.stdout.flush()


@needs("loop")
def test_keys_go_round_the_cable() -> None:
    card, heard = SoundCard(CardSpec(CARD, CARD)), []
    card.open()
    said = np.concatenate([np.zeros(8000, np.int16), tones.keys("0123456789*#ABCD"), np.zeros(8000, np.int16)])
    for frame in said[: said.size // 160 * 160].reshape(-1, 160):
        card.write(frame)
        heard.append(card.read()[0])
    card.close()
    assert "".join(key.digit for key in find_keys(np.concatenate(heard))) == "0123456789*#ABCD"
    assert (card.counters.overruns, card.counters.underruns) == (0, 0)


@needs("line")
def test_a_call_from_another_telephone() -> None:
    hook, ring, loop = os.environ["IVRBOX_PINS"].split(",")
    country = os.environ.get("IVRBOX_COUNTRY", "us")
    with UsbAudio(device=CARD, country=country, hook_pin=hook, ring_pin=ring, loop_pin=loop) as line:
        say("call this line now")
        assert any(Ringing() in line.exchange(None).events for _ in range(A_MINUTE))
        line.answer()
        check = check_line(*_measure(line))
        say(f"noise {check.noise_dbm0:.0f} dBm0, losses {check.loss_db}: {'; '.join(check.verdict)}")
        say("press 1 2 3, then hang up")
        heard, gone = [], []
        for _ in range(A_MINUTE):
            exchanged = line.exchange(SILENCE)
            heard.append(exchanged.frame)
            gone += [event for event in exchanged.events if isinstance(event, RemoteHungUp)]
            if gone:
                break
    assert "".join(key.digit for key in find_keys(np.concatenate(heard))) == "123"
    say(f"gone by {gone[0].reason}: {gone[0].evidence}")


def _measure(line: Line) -> tuple[np.ndarray, list[np.ndarray]]:
    def hear(said: np.ndarray) -> np.ndarray:
        return np.concatenate([line.exchange(frame).frame for frame in said.reshape(-1, 160)])

    return hear(np.zeros(16000, np.int16)), [hear(probe) for probe in probes()]
