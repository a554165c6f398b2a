"""What chips answer when they are asked, in the forms that their manuals print."""

from __future__ import annotations

import pytest

from ivrbox.lines.modem_survey import Chip, Doing, has_voice, report_masks, sounds


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("0,1,8", True),
        ("(0,1,2.0,8)", True),
        ("+FCLASS: (0-1,8)", True),
        ("0-8", True),
        ("0,1,1.0,2.0", False),
        ("0,1,2,80", False),
        ("0,1,1.8", False),
        ("", False),
    ],
)
def test_voice_is_class_8(answer: str, expected: bool) -> None:  # noqa: FBT001
    assert has_voice([answer]) is expected


@pytest.mark.parametrize(
    ("line", "id_", "has_8000", "has_9000"),
    [
        ('128,"8-BIT LINEAR",(7200,8000,11025)', 128, True, False),
        ('1,"UNSIGNED PCM",8,0,8000,0,0', 1, True, False),
        ('129,"IMA ADPCM",4,0,(7200-11025),(0),(0)', 129, True, True),
        ('4,"8000 ULAW",8,0,11025,0,0', 4, False, False),
        ('+VSM: 5,"ALAW",8,0,8000', 5, True, False),
        ("130", 130, True, True),
    ],
)
def test_a_format_is_read_with_its_rates(line: str, id_: int, has_8000: bool, has_9000: bool) -> None:  # noqa: FBT001
    chip = Chip(sounds([line]))
    assert (chip.offers(id_, 8000), chip.offers(id_, 9000)) == (has_8000, has_9000)
    assert not chip.offers(id_ + 1, 8000)


def test_words_are_no_formats() -> None:
    assert sounds(["", "OK", '"PCM",8']) == ()


def test_masks_tell_when_digits_are_reported() -> None:
    masks = report_masks(
        ['0,"",A0000000,A0000000,A0000000', '1,"T",0B8418000,00,0', '5,"TS",08000000,00001800,B8001800']
    )
    chip = Chip(masks=masks)
    assert [chip.reports_digits(5, doing) for doing in Doing] == [True, False, True]
    assert chip.reports_digits(0, Doing.IDLE) is False
    assert chip.reports_digits(1, Doing.PLAYING) is None  # its masks could not be read: it did not say
