from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrbox.cdr import DOTS, CallRecord, PiiFilter, Redactor, Secret, TurnRecord, hash_caller

if TYPE_CHECKING:
    from collections.abc import Iterator

CARD = "4929123456781234"


def test_a_secret_is_dots_wherever_it_is_printed() -> None:
    secret = Secret(CARD)
    assert {str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr([secret])[1:-1]} == {DOTS}  # noqa: UP031 - logging formats so
    assert secret.reveal() == CARD
    assert CARD not in repr(vars(type(secret)))


def test_no_length_leaks() -> None:
    assert len({str(Secret("1" * length)) for length in range(33)}) == 1


def test_no_serializer_takes_a_secret_at_its_value() -> None:
    with pytest.raises(TypeError):
        json.dumps({"text": Secret(CARD)})
    with pytest.raises(TypeError, match="private"):
        pickle.dumps(Secret(CARD))
    with pytest.raises(TypeError, match="private"):
        copy.deepcopy(Secret(CARD))


def test_secrets_can_be_compared_and_their_hash_tells_nothing() -> None:
    assert Secret(CARD) == Secret(CARD)
    assert Secret(CARD) != Secret("1")
    assert Secret(CARD) != CARD
    assert hash(Secret(CARD)) == hash(Secret("1"))


@pytest.mark.parametrize(
    "written",
    [
        CARD,
        " ".join(CARD),
        "-".join(CARD),
        ", ".join(CARD),
        str(list(CARD)),
        json.dumps(list(CARD)),
        str(tuple(CARD)),
        "4929 1234 5678 1234",
        f"<{CARD}>",
        CARD.encode().hex(),
        CARD.encode().hex(" "),
        CARD.encode("utf-16-le").hex(),
        str(CARD.encode("utf-16-le")),
        "".join(f"\\x{ord(digit):02x}" for digit in CARD),
        f"card={CARD},",
        repr({"text": CARD}),
    ],
)
def test_a_private_value_is_found_however_it_is_written(written: str) -> None:
    redacted = Redactor([CARD]).text(f"the caller typed {written} just now")
    assert DOTS in redacted
    assert not any(CARD[at : at + 4] in redacted for at in range(12))
    assert CARD[:4].encode().hex() not in redacted
    assert redacted.startswith("the caller typed ")
    assert redacted.endswith(" just now")


def test_short_values_are_left_to_their_turns() -> None:
    assert Redactor(["12", "1"]).text("12 of 120 calls") == "12 of 120 calls"


def cached_patterns() -> list[str]:
    """What the module `re` remembers of the patterns it has compiled."""
    return [pattern for _, pattern, _ in vars(re)["_cache"]]


def test_a_forgotten_value_is_known_no_more() -> None:
    redactor = Redactor()
    redactor.add(Secret(CARD))
    assert redactor.text(CARD) == DOTS
    assert redactor._patterns[0].pattern in cached_patterns()
    redactor.forget()
    assert redactor.text(CARD) == CARD
    assert cached_patterns() == []


@given(st.text("0123456789*#", min_size=3, max_size=32), st.text(max_size=40), st.text(max_size=40))
def test_any_digits_go_and_the_rest_of_the_text_stays(digits: str, before: str, after: str) -> None:
    redactor = Redactor([digits])
    redacted = redactor.text(f"{before}<{digits}>{after}")
    assert digits not in redacted
    assert f"<{DOTS}>" in redacted


def test_a_record_is_redacted_in_all_its_parts() -> None:
    record = CallRecord(
        id="a",
        line="desk",
        caller="030999",
        started="2026-03-01T12:00:00+00:00",
        duration_s=1,
        ended="function_failed",
        turns=(TurnRecord("user", CARD), TurnRecord("agent", f"You typed {' '.join(CARD)}.")),
        path=("pay.card",),
        recording_detail=f"sealing failed: {CARD}",
        faults=(f"ValueError: invalid literal: '{CARD}'",),
        trace=(f"keys {list(CARD)}",),
    )
    redacted = Redactor([CARD]).record(record)
    assert redacted.turns == (TurnRecord("user", DOTS), TurnRecord("agent", f"You typed {DOTS}."))
    assert redacted.faults == (f"ValueError: invalid literal: '{DOTS}'",)
    assert redacted.recording_detail == f"sealing failed: {DOTS}"
    assert not any(CARD[at : at + 4] in repr(redacted.to_json()) for at in range(12))
    assert redacted.path == record.path


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO, Redactor]]:
    """A logger whose handler has the filter on."""
    stream, redactor = io.StringIO(), Redactor([CARD])
    handler = logging.StreamHandler(stream)
    handler.addFilter(PiiFilter(redactor))
    logger = logging.getLogger("ivrbox.test-of-redaction")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, stream, redactor
    logger.removeHandler(handler)


def test_the_log_has_dots_in_message_and_arguments(log: tuple[logging.Logger, io.StringIO, Redactor]) -> None:
    logger, stream, _ = log
    logger.info("typed %s in %d s, that is %s", CARD, 3, list(CARD))
    assert stream.getvalue() == f"typed {DOTS} in 3 s, that is ['{DOTS}']\n"


def test_the_log_has_dots_in_tracebacks(log: tuple[logging.Logger, io.StringIO, Redactor]) -> None:
    logger, stream, _ = log
    try:
        int(f"card {CARD}")
    except ValueError:
        logger.exception("the function failed")
        logger.warning("with a stack", stack_info=True)
    written = stream.getvalue()
    assert "Traceback (most recent call last)" in written
    assert f"invalid literal for int() with base 10: 'card {DOTS}'" in written
    assert "Stack (most recent call last)" in written
    assert CARD not in written


def test_values_added_later_in_the_call_are_hidden_from_then_on(
    log: tuple[logging.Logger, io.StringIO, Redactor],
) -> None:
    logger, stream, redactor = log
    redactor.add("998877")
    logger.info("pin 998877")
    assert stream.getvalue() == f"pin {DOTS}\n"


def test_a_hashed_caller_is_the_same_caller_and_tells_no_number() -> None:
    assert hash_caller("+49301234567", b"k" * 32) == hash_caller("+49301234567", b"k" * 32)
    assert hash_caller("+49301234567", b"k" * 32) != hash_caller("+49301234567", b"j" * 32)
    assert hash_caller("+49301234567", b"k" * 32) != hash_caller("+49301234568", b"k" * 32)
    assert "1234567" not in hash_caller("+49301234567", b"k" * 32)
