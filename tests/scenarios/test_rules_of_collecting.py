"""The rules of collecting digits, each as a whole call: 10 ms before a timer's end, and 10 ms after it.

The numbers are those of the design's section "Collecting digits: the rules".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ivrbox.appliance.rehearsal import Rehearsal
from ivrbox.appliance.scenario_spec import ScenarioSpec
from ivrbox.appliance.wiring import open_premises
from tests.conftest import Mumble, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from ivrbox.appliance.rehearsal import Verdict

PROMPT = "Please key in your number."  # 1.3 s
NEXT = "Anything else?"  # 0.7 s


def press(digits: str, at: str = "0.2 s after the prompt", **how: object) -> dict[str, Any]:
    return {"presses": digits, "at": at, **how}


def call(folder: Path, dtmf: str, *script: dict[str, Any], more: str = "", functions: str = "") -> Verdict:
    """Play a script against one step, whose every outcome leads to a second one, which takes one key as well."""
    flow = f"""
        [steps.first]
        prompt = "{PROMPT}"
        dtmf = {{ retries = 0, {dtmf} }}
        then = "second"
        on_fail = "second"
        {more}
        [steps.second]
        prompt = "{NEXT}"
        dtmf = {{ digits = 1, collect_while_speaking = true, retries = 0 }}
        then = {{ hangup = true }}
        on_fail = {{ hangup = true }}
    """
    files = {"main.toml": flow, **({"functions/main.py": functions} if functions else {})}
    config = write_config(folder / "config", files)
    spec = ScenarioSpec.model_validate({"script": script, "expect": {"ended": "completed"}})
    with open_premises(config, folder / "data", voice=Mumble()) as premises:
        verdict = Rehearsal(premises.staff, "rule", spec, config).play()
    assert verdict.failures == []
    return verdict


def entries(verdict: Verdict) -> list[tuple[str, str | None]]:
    assert verdict.record is not None
    return [(turn.text, turn.outcome) for turn in verdict.record.turns if turn.role == "user"]


HEARS = {"hears": PROMPT}


@pytest.mark.parametrize(
    ("at", "entry"), [("4.990 s", ("7", "complete")), ("5.010 s", ("", "no_input"))], ids=["before", "after"]
)
def test_rule_1_the_first_digit_timer_runs_from_the_end_of_the_prompt(
    tmp_path: Path, at: str, entry: tuple[str, str]
) -> None:
    verdict = call(tmp_path, "digits = 1", HEARS, press("7", f"{at} after the prompt"))
    assert entries(verdict)[0] == entry


@pytest.mark.parametrize(
    ("at", "entry"), [("1.990 s", ("12", "complete")), ("2.010 s", ("1", "timeout_partial"))], ids=["before", "after"]
)
def test_rule_1_after_a_key_only_the_inter_digit_timer_runs(tmp_path: Path, at: str, entry: tuple[str, str]) -> None:
    verdict = call(
        tmp_path, "digits = 2", HEARS, press("1", "4.5 s after the prompt"), press("2", f"{at} after the last key")
    )
    assert entries(verdict)[0] == entry


@pytest.mark.parametrize("held_ms", [60, 1900, 3500])
def test_rule_1_a_key_that_is_held_is_no_silence(tmp_path: Path, held_ms: int) -> None:
    verdict = call(tmp_path, "digits = 2", HEARS, press("1", ms=held_ms), press("2", "1.990 s after the last key"))
    assert entries(verdict)[0] == ("12", "complete")


@pytest.mark.parametrize(
    ("dtmf", "keys", "entry"),
    [
        ("digits = 3", "123", ("123", "complete")),
        ("digits = 5, end_key = '#'", "123#", ("123", "end_key")),
        ("digits = 5", "123", ("123", "timeout_partial")),
        ("digits = 5, min_digits = 4", "123", ("123", "too_short")),
        ("digits = 5, min_digits = 4, end_key = '#'", "123#", ("123", "too_short")),
        ("digits = 3, pattern = 'N2X'", "123", ("123", "invalid")),
        ("digits = 5, cancel_key = '*'", "123*", ("123", "cancelled")),
    ],
)
def test_rule_2_every_entry_has_one_outcome_and_keeps_its_digits(
    tmp_path: Path, dtmf: str, keys: str, entry: tuple[str, str]
) -> None:
    assert entries(call(tmp_path, dtmf, HEARS, press(keys)))[0] == entry


def test_rule_2_a_caller_who_hangs_up_leaves_the_digits_so_far(tmp_path: Path) -> None:
    verdict = call_until_hang_up(tmp_path)
    assert entries(verdict) == [("12", "hangup")]


def call_until_hang_up(folder: Path) -> Verdict:
    config = write_config(
        folder / "config", {"main.toml": f'[steps.a]\nprompt = "{PROMPT}"\ndtmf = {{ digits = 4 }}\n'}
    )
    script = [HEARS, press("12"), {"hangs_up": True, "at": "0.3 s after the last key"}]
    spec = ScenarioSpec.model_validate({"script": tuple(script), "expect": {"ended": "hangup"}})
    with open_premises(config, folder / "data", voice=Mumble()) as premises:
        return Rehearsal(premises.staff, "rule", spec, config).play()


def test_rule_3_the_end_key_with_nothing_typed_is_no_input(tmp_path: Path) -> None:
    assert entries(call(tmp_path, "digits = 4, end_key = '#'", HEARS, press("#")))[0] == ("", "no_input")


def test_rule_3_unless_the_step_accepts_empty(tmp_path: Path) -> None:
    verdict = call(tmp_path, "digits = 4, end_key = '#', min_digits = 0", HEARS, press("#"))
    assert entries(verdict)[0] == ("", "end_key")


@pytest.mark.parametrize(
    ("at", "leaks"), [("0.790 s", False), ("0.810 s", True)], ids=["within the grace", "after the grace"]
)
def test_rule_4_an_end_key_by_habit_is_swallowed_for_0_8_s(tmp_path: Path, at: str, leaks: bool) -> None:  # noqa: FBT001 - a parameter of the test
    verdict = call(tmp_path, "digits = 2, end_key = '#'", HEARS, press("12"), press("#", f"{at} after the last key"))
    assert entries(verdict)[0] == ("12", "complete")
    assert (entries(verdict)[1] == ("#", "complete")) is leaks


def test_rule_5_by_default_keys_over_the_prompt_are_ignored(tmp_path: Path) -> None:
    verdict = call(
        tmp_path, "digits = 1", HEARS, press("7", "0.5 s into the prompt"), press("8", "0.5 s after the prompt")
    )
    assert entries(verdict)[0] == ("8", "complete")


def test_rule_5_the_first_key_stops_the_prompt_and_is_kept(tmp_path: Path) -> None:
    verdict = call(tmp_path, "digits = 2, collect_while_speaking = true", HEARS, press("78", "0.3 s into the prompt"))
    assert entries(verdict)[0] == ("78", "complete")
    assert verdict.record is not None
    second = verdict.record.turns[2]
    assert second.text == NEXT
    assert second.at_s is not None
    assert second.at_s < 1.0, "the rest of the prompt, until 1.3 s, was not said"


def test_rule_5_keys_typed_ahead_carry_over_and_nobody_hears_the_next_prompt_out(tmp_path: Path) -> None:
    verdict = call(tmp_path, "digits = 2, collect_while_speaking = true", HEARS, press("781", "0.3 s into the prompt"))
    assert entries(verdict) == [("78", "complete"), ("1", "complete")]
    assert verdict.record is not None
    assert verdict.record.duration_s < 1.0


def test_rule_5_the_buffer_is_flushed_on_a_timeout(tmp_path: Path) -> None:
    verdict = call(
        tmp_path,
        "digits = 4, min_digits = 3, collect_while_speaking = true",
        HEARS,
        press("78", "0.3 s into the prompt"),
        {"hears": NEXT},
    )
    assert entries(verdict) == [("78", "too_short"), ("", "no_input")]


def test_rule_6_keys_before_the_start_function_has_returned_are_not_taken(tmp_path: Path) -> None:
    start = "def start_function(conv: Conversation):\n    return 'Welcome to the house of many words.'\n"
    verdict = call(tmp_path, "digits = 1", press("5", "0 s into the prompt"), HEARS, press("7"), functions=start)
    assert entries(verdict)[0] == ("7", "complete")


@pytest.mark.parametrize(("digits", "at", "entry"), [("1", "2.1 s", "1"), ("12", "0.1 s", "12")])
def test_rule_8_the_longest_match_is_decided_by_the_inter_digit_timer(
    tmp_path: Path, digits: str, at: str, entry: str
) -> None:
    more = 'on = { 1 = { goto = "second" }, 12 = { goto = "second" } }'
    verdict = call(tmp_path, "inter_digit_timeout = 2", HEARS, press(digits), {"hears": NEXT}, more=more)
    assert entries(verdict)[0][0] == entry
    assert verdict.record is not None
    waited = (verdict.record.turns[1].at_s or 0) - 1.5
    assert (waited > 2) is (digits == "1"), at


def test_rule_9_private_digits_are_dots_in_the_record(tmp_path: Path) -> None:
    verdict = call(tmp_path, "digits = 6, pii = true", HEARS, press("493817"))
    assert entries(verdict)[0] == ("●●●●", "complete")
    for path in (tmp_path / "data").rglob("*"):
        assert path.is_dir() or b"493817" not in path.read_bytes()
