"""Names of calls: sorted by time, told apart within one second, and known again where logs are searched."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ivrbox.appliance.clock import CALL_ID, new_call_id
from ivrbox.appliance.doctor_bundle import scrub_journal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_names_sort_by_time() -> None:
    names = [new_call_id(NOW + timedelta(seconds=seconds)) for seconds in range(100)]
    assert names == sorted(names)


def test_calls_of_one_second_have_four_thousand_million_names() -> None:
    stamp, digits = new_call_id(NOW).split("-")
    assert (stamp, len(bytes.fromhex(digits))) == ("20260301T120000Z", 4)
    assert len({new_call_id(NOW) for _ in range(100)}) == 100


def test_a_new_name_is_known_by_its_pattern_and_hidden_in_the_bundle() -> None:
    name = new_call_id(NOW)
    assert re.fullmatch(CALL_ID, name)
    assert scrub_journal([f"call {name}: answered"]) == "call <a>: answered\n"
