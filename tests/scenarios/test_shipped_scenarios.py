"""The flows that are shipped keep every promise of their scenarios, and no branch of theirs is without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.scenarios import play, read_scenarios
from ivrbox.flows.branches import branches_of
from ivrbox.flows.read import read_flows
from tests.conftest import Mumble

if TYPE_CHECKING:
    from ivrbox.appliance.rehearsal import Verdict

CONFIG = Path(__file__).parents[2] / "config"
NAMES = sorted(path.stem for path in (CONFIG / "scenarios").glob("*.toml"))


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    prompts = tmp_path_factory.mktemp("prompts")
    return {verdict.name: verdict for verdict in play(CONFIG, read_scenarios(CONFIG), prompts=prompts, voice=Mumble())}


@pytest.mark.parametrize("name", NAMES)
def test_the_scenario_passes(verdicts: dict[str, Verdict], name: str) -> None:
    assert verdicts[name].failures == []


def test_every_step_and_branch_is_taken_by_one(verdicts: dict[str, Verdict]) -> None:
    every = {branch for name, flow in read_flows(CONFIG).items() for branch in branches_of(name, flow)}
    assert every.difference(*(verdict.taken for verdict in verdicts.values())) == set()
