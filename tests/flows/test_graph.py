"""Every way out of a step is found, whoever takes it: a key, an outcome, a function, or nobody."""

from __future__ import annotations

import ast

import pytest

from ivrbox.flows.documents import parse_toml, validate
from ivrbox.flows.graph import Leads, ways
from ivrbox.flows.reach import reach_of
from ivrbox.flows.spec import FlowSpec


def ways_of(step: str, functions: str = "") -> set[tuple[str, str, str]]:
    flow = validate(FlowSpec, parse_toml(f"[steps.a]\n{step}", "f.toml"))
    found = ways(flow, "a", reach_of(ast.parse(functions)))
    return {(".".join(map(str, way.path)), way.leads, way.target) for way in found}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ('then = "b"', {("then", Leads.STEP, "b")}),
        ('prompt = "A."', {("then", Leads.AWAY, "")}),
        ("then = { hangup = true }", {("then", Leads.END, "")}),
        ('then = { transfer = "5" }', {("then", Leads.END, "")}),
        ("then = { return = true }", {("then", Leads.AWAY, "")}),
        ('then = { say = "Hm." }', {("then", Leads.AWAY, "")}),
        ("then = { retry = true }", {("then", Leads.AGAIN, "")}),
        (
            'then = { call_flow = "g", return_to = "b" }',
            {("then", Leads.FLOW, "g"), ("then", Leads.STEP, "b")},
        ),
        (
            'menu = { 1 = "b", 2 = { say = "Hm." } }',
            {("menu.1", Leads.STEP, "b"), ("menu.2", Leads.AGAIN, ""), ("on_fail", Leads.END, "")},
        ),
        (
            'on = { 1 = "b", no_input = "c", invalid = { repeat = true } }',
            {("on.1", Leads.STEP, "b"), ("on.no_input", Leads.STEP, "c"), ("on.invalid", Leads.AGAIN, "")},
        ),
        (
            'dtmf = {}\nthen = "b"\non_fail = { say = "Bye." }',
            {("then", Leads.STEP, "b"), ("on_fail", Leads.END, "")},
        ),
        ("dtmf = {}", {("then", Leads.AWAY, ""), ("on_fail", Leads.END, "")}),
        ("record_message = {}", {("then", Leads.AWAY, ""), ("on_fail", Leads.END, "")}),
        (
            'when = "mon 09:00-10:00"\notherwise = "c"\nthen = "b"',
            {("otherwise", Leads.STEP, "c"), ("then", Leads.STEP, "b")},
        ),
        (
            'dtmf = {}\nthen = "b"\nkeys = true\n[keys]\n"*" = { repeat = true }\n0 = { goto_flow = "g" }',
            {
                ("keys.*", Leads.AGAIN, ""),
                ("keys.0", Leads.FLOW, "g"),
                ("then", Leads.STEP, "b"),
                ("on_fail", Leads.END, ""),
            },
        ),
        (
            'dtmf = {}\nthen = "b"\nkeys = false\n[keys]\n0 = { goto_flow = "g" }',
            {("then", Leads.STEP, "b"), ("on_fail", Leads.END, "")},
        ),
    ],
)
def test_every_way_out_of_a_step_is_found(step: str, expected: set[tuple[str, str, str]]) -> None:
    assert ways_of(step) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("flow.goto_step('b')", {("function", Leads.STEP, "b")}),
        ("conv.goto_flow('g')", {("function", Leads.FLOW, "g")}),
        ("conv.exit_flow()", {("function", Leads.AWAY, "")}),
        ("conv.hangup()", {("function", Leads.END, "")}),
        ("return {'hangup': True}", {("function", Leads.END, "")}),
        ("return 'Hm.'", set()),
        ("helper(flow)\ndef helper(flow): flow.goto_step('c')", {("function", Leads.STEP, "c")}),
    ],
)
def test_ways_of_a_function_are_read_from_its_source(body: str, expected: set[tuple[str, str, str]]) -> None:
    assert ways_of('function = "f"', f"def f(conv, flow):\n    {body}\n") == expected


def test_function_that_cannot_be_read_may_leave_the_flow() -> None:
    assert ways_of('function = "f"') == {("function", Leads.AWAY, "")}


def test_function_beside_a_movement_has_ways_of_its_own() -> None:
    source = "def f(conv, flow): flow.goto_step('c')"
    assert ways_of('then = { do = "f", goto = "b" }', source) == {
        ("then.do", Leads.STEP, "c"),
        ("then", Leads.STEP, "b"),
    }
