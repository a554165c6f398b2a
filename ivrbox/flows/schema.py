"""The language of flows as a JSON Schema, so that editors complete and mark flows while they are being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from ivrbox.flows.spec import FlowSpec

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _ForEditors(GenerateJsonSchema):
    """TOML has no null, and a title that repeats the key tells nobody anything."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if described.get("default", ...) is None:
            del described["default"]
        return described

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  # pydantic's signature
        return False


def flow_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a flow file."""
    described = FlowSpec.model_json_schema(by_alias=True, schema_generator=_ForEditors)
    return {"$schema": _DIALECT, **described, "title": "ivrbox flow"}
