"""What a modem says unasked: rings, callers, digits, and the end of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrbox.lines.line import CallerId, Digit, ExtensionLifted, RemoteHungUp, Ringing
from ivrbox.lines.modem_codec import Code, TextLine
from ivrbox.lines.modem_news import News
from ivrbox.lines.modem_profile import CodesSpec
from ivrbox.lines.modem_survey import Doing

if TYPE_CHECKING:
    from ivrbox.lines.modem_codec import Item
    from ivrbox.lines.modem_dialogue import Stamped

OWNED = frozenset({Doing.PLAYING, Doing.RECORDING})


def _at(ms: float, *items: Item) -> list[Stamped]:
    return [(item, ms) for item in items]


@pytest.fixture
def news() -> News:
    made = News(CodesSpec(ignored_playing="d", hang_up={"l": 1, "b": 2, "x": 1}))
    made.begin_call(OWNED)
    return made


@pytest.mark.parametrize(
    ("lines", "caller"),
    [
        (["DATE=1122", "TIME=2345", "NMBR=5551234", "NAME=ADA L"], CallerId("5551234", "ADA L")),
        (["NMBR = 5551234"], CallerId("5551234")),
        (["NAME = ADA", "NMBR = 5551234"], CallerId("5551234", "ADA")),
        (["DDN_NMBR= 030123", "NDID=7"], CallerId("030123")),
        (["nbr=123"], CallerId("123")),
        (["NMBR=P", "NAME=PRIVATE"], CallerId(None)),
        (["NMBR=O"], CallerId(None)),
        (["NMBR=PRIVATE"], CallerId(None)),
        (["NMBR=Unknown", "NAME=ADA"], CallerId(None, "ADA")),
        (["NMBR=(202) 555-0123"], CallerId("2025550123")),
        (["NMBR = +44 20.7946/0123"], CallerId("+442079460123")),
        (["MESG=0102", "MESG=0304", "NMBR=99"], CallerId("99")),
        (["NAME=ADA"], CallerId(None, "ADA")),
    ],
)
def test_a_caller_is_read_in_every_spelling(news: News, lines: list[str], caller: CallerId) -> None:
    events = [event for line in lines for event in news.on_hook(_at(1000, TextLine(line)), 1000)]
    assert [*events, *news.on_hook([], 1400)] == [caller]
    assert news.on_hook([], 9000) == []


def test_a_number_waits_for_the_name_that_may_follow(news: News) -> None:
    assert news.on_hook(_at(1000, TextLine("NMBR=1")), 1000) == []
    assert news.on_hook([], 1399) == []
    assert news.on_hook(_at(1399, TextLine("NAME=ADA")), 1399) == [CallerId("1", "ADA")]


def test_a_number_that_comes_just_before_the_ring_is_told_before_it(news: News) -> None:
    told = news.on_hook([*_at(1000, TextLine("NMBR=1")), *_at(1200, TextLine("RING"))], 1200)
    assert told == [CallerId("1"), Ringing()]
    assert news.on_hook([], 5000) == []


def test_lines_without_a_number_or_a_name_are_no_caller(news: News) -> None:
    assert news.on_hook(_at(0, *map(TextLine, ("DATE=1122", "MESG=06", "OK", "NMBR"))), 0) == []
    assert news.on_hook([], 5000) == []


def test_a_ring_in_both_forms_is_one_burst(news: News) -> None:
    assert news.on_hook(_at(0, TextLine("RING"), Code("R")), 0) == [Ringing()]
    assert news.on_hook(_at(400, Code("R")), 400) == []
    assert news.on_hook(_at(3400, Code("R")), 3400) == [Ringing()]


@pytest.mark.parametrize(
    ("item", "rings"),
    [
        (TextLine("RING"), True),
        (TextLine("RING A"), True),
        (TextLine("RING 2"), True),
        (Code("R"), True),
        (TextLine("RINGING"), False),
        (TextLine("DRON=20"), False),
        (Code("r"), False),
    ],
)
def test_a_ring_in_any_form_is_one(news: News, item: Item, *, rings: bool) -> None:
    assert news.on_hook(_at(0, item), 0) == [Ringing()] * rings


def test_what_was_printed_before_the_answer_is_no_caller_of_the_next_call(news: News) -> None:
    news.on_hook(_at(0, TextLine("NMBR=1")), 0)
    news.begin_call(OWNED)
    assert news.on_hook([], 9000) == []


def test_one_break_is_the_end_and_busy_tone_wants_two_reports(news: News) -> None:
    assert news.off_hook(_at(0, Code("b")), Doing.RECORDING) == []
    told = news.off_hook(_at(4000, Code("b")), Doing.RECORDING)
    assert told == [RemoteHungUp("busy_tone", "the modem reported DLE b, 2 times in 4.0 s", 32000)]
    assert news.off_hook(_at(4100, Code("l"), Code("1"), TextLine("NO CARRIER")), Doing.RECORDING) == []


def test_reports_far_apart_are_no_evidence(news: News) -> None:
    assert [news.off_hook(_at(at, Code("b")), Doing.RECORDING) for at in (0, 11_000, 22_000)] == [[], [], []]


def test_a_code_without_a_name_of_its_own_may_end_a_call(news: News) -> None:
    (told,) = news.off_hook(_at(0, Code("x")), Doing.PLAYING)
    assert isinstance(told, RemoteHungUp)
    assert told.reason == "modem_code_x"


def test_no_carrier_is_the_end(news: News) -> None:
    assert news.off_hook(_at(0, TextLine("NO CARRIER")), Doing.PLAYING) == [RemoteHungUp("no_carrier")]


def test_codes_to_be_ignored_are_ignored_only_then() -> None:
    news = News(CodesSpec(ignored_playing="d", hang_up={"d": 1}))
    news.begin_call(OWNED)
    assert news.off_hook(_at(0, Code("d")), Doing.PLAYING) == []
    assert len(news.off_hook(_at(0, Code("d")), Doing.RECORDING)) == 1


def test_digits_count_only_while_the_modem_owns_them(news: News) -> None:
    news.begin_call(frozenset({Doing.PLAYING}))
    assert news.off_hook(_at(0, Code("5")), Doing.PLAYING) == [Digit("5")]
    assert news.off_hook(_at(500, Code("6")), Doing.RECORDING) == []


def test_an_extension_and_underruns_are_told_apart_from_keys(news: News) -> None:
    assert news.off_hook(_at(0, Code("P"), Code("u"), Code("u")), Doing.PLAYING) == [ExtensionLifted()]
    assert news.underruns == 2
