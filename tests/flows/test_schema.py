"""Editors get a schema of flows that says what the reader says, and the shipped flows name it."""

from __future__ import annotations

import json
from pathlib import Path

from ivrbox.flows.schema import flow_schema
from ivrbox.flows.spec import DigitSpec, FlowSpec, StepSpec

CONFIG = Path(__file__).parents[2] / "config"


def test_shipped_schema_is_the_one_that_check_writes() -> None:
    assert json.loads((CONFIG / "flow.schema.json").read_text("utf-8")) == flow_schema()


def test_shipped_flows_name_the_schema_first() -> None:
    flows = sorted((CONFIG / "flows").glob("*.toml"))
    assert len(flows) >= 4
    for flow in flows:
        lines = flow.read_text("utf-8").splitlines()
        assert lines[0] == "#:schema ../flow.schema.json"
        assert len(lines) < 60


def test_schema_knows_every_key_and_no_other() -> None:
    schema = flow_schema()
    assert set(schema["properties"]) == set(FlowSpec.model_fields)
    assert set(schema["$defs"]["StepSpec"]["properties"]) == set(StepSpec.model_fields)
    digits = schema["$defs"]["DigitSpec"]
    assert set(digits["properties"]) == set(DigitSpec.model_fields)
    assert digits["additionalProperties"] is False
    assert digits["properties"]["digits"] == {"type": "integer", "minimum": 1, "maximum": 32}


def test_schema_allows_the_short_forms() -> None:
    definitions = flow_schema()["$defs"]
    for model in ("PromptSpec", "ActionsSpec", "ConfirmSpec"):
        assert {form["type"] for form in definitions[model]["anyOf"]} == {"string", "object"}
    assert {"type": "string"} in definitions["DigitSpec"]["properties"]["pattern"]["anyOf"]
