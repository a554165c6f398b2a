"""A caller hangs up: the exchange's tone that follows is in no message, and who has said nothing has left none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.dsp import tones
from ivrbox.lines.line import RemoteHungUp
from ivrbox.lines.loopback import Loopback
from tests.conftest import STARTED, Mumble, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.cdr import CallRecord
    from ivrbox.lines.line import Frame, Heard

TONE_S = 3

FLOW = """
    [steps.message]
    prompt = "Speak after the tone."
    record_message.max_length = 60
"""


class ToneLine(Loopback):
    """A line on which the far end's leaving is known by the tone of its exchange, as on a sound card."""

    def exchange(self, said: Frame | None) -> Heard:
        heard = super().exchange(said)
        events = [_by_tone(event) if isinstance(event, RemoteHungUp) else event for event in heard.events]
        return replace(heard, events=tuple(events))


def _by_tone(event: RemoteHungUp) -> RemoteHungUp:
    return replace(event, reason="busy_tone", tail_samples=TONE_S * 8000)


@pytest.fixture
def line() -> ToneLine:
    return ToneLine()


@pytest.fixture
def phone(tmp_path: Path, line: ToneLine) -> Iterator[Phone]:
    """A caller who has just heard the beep."""
    config = write_config(tmp_path / "config", {"main.toml": FLOW})
    with open_box(config, tmp_path / "data", line=line, voice=Mumble(), clock=lambda: STARTED) as box:
        phone = Phone(line, box.attendant)
        phone.rings()
        phone.hears_out()
        yield phone


def leaves(phone: Phone, line: ToneLine) -> CallRecord:
    """The caller goes, the exchange says so, and the box takes its word for it."""
    line.far.speaks(tones.busy(TONE_S))
    phone.waits(TONE_S)
    return phone.hangs_up()


def test_a_message_ends_where_its_caller_left(phone: Phone, line: ToneLine) -> None:
    phone.waits(1)
    line.far.speaks(tones.sines([(300, -12), (700, -12)], 4 * 8000))
    phone.waits(4)
    record = leaves(phone, line)
    assert record.ended == "busy_tone"
    (message,) = record.messages
    assert 4 <= message.length_s < 5.5


def test_who_hangs_up_at_the_beep_has_left_nothing(phone: Phone, line: ToneLine) -> None:
    phone.waits(0.6)
    record = leaves(phone, line)
    assert (record.ended, record.messages) == ("busy_tone", ())
