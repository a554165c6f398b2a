"""The flow and scenario of the guide's section on scenarios play as they say."""

from __future__ import annotations

import re
from pathlib import Path

from ivrbox.appliance.scenario_spec import ExpectSpec, LineNoiseSpec, MoveSpec, ScenarioSpec
from ivrbox.appliance.scenarios import play, read_scenarios
from tests.conftest import Mumble, write_config

GUIDE = (Path(__file__).parents[2] / "docs/flows.md").read_text("utf-8")
SECTION = GUIDE.partition("\n## Scenarios\n")[2].partition("\n## ")[0]


def test_example_of_the_guide_passes_and_fails_on_another_flow(tmp_path: Path) -> None:
    files = dict(re.findall(r"```toml\n# config/(\S+)\n(.*?)```", GUIDE, re.DOTALL))
    scenario = {name: text for name, text in files.items() if name.startswith("scenarios/")}
    assert len(scenario) == 1
    for flow, has_failures in ((files["flows/hello.toml"], False), ("[steps.a]\nprompt = 'Hi.'\n", True)):
        settings = "[call]\nentry = 'hello'\n"
        files_here = {"ivrbox.toml": settings, "hello.toml": flow, **scenario}
        config = write_config(tmp_path / str(has_failures), files_here)
        (verdict,) = play(config, read_scenarios(config), prompts=tmp_path / "prompts", voice=Mumble())
        assert bool(verdict.failures) == has_failures, verdict.failures


def test_guide_names_every_key_of_a_scenario() -> None:
    keys = {name for spec in (ScenarioSpec, MoveSpec, LineNoiseSpec, ExpectSpec) for name in spec.model_fields}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", SECTION)] == []
