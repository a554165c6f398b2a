"""Every key of a TOML text is found on its line, however it is written."""

from __future__ import annotations

from typing import Any

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.flows.lines import KeyPath, line_numbers


def test_keys_and_tables_are_found_on_their_lines() -> None:
    text = 'start = "a"\n\n# a comment = 1\n[steps.a]\nprompt = "x" # = y\ndtmf.digits = 4\n'
    assert line_numbers(text) == {
        ("start",): 1,
        ("steps",): 4,
        ("steps", "a"): 4,
        ("steps", "a", "prompt"): 5,
        ("steps", "a", "dtmf"): 6,
        ("steps", "a", "dtmf", "digits"): 6,
    }


def test_strings_of_all_kinds_do_not_confuse_the_count() -> None:
    text = (
        'a = """one\n[two] = 3\n\\"""four"""\n'
        "b = '''\nfive''''\n"
        'c = "six # no } comment \\" ]"\n'
        "d = 'C:\\'\n"
        'e = """x"""""\n'
        "f = 1\n"
    )
    assert {path: text.splitlines()[line - 1][0] for path, line in line_numbers(text).items()} == {
        (key,): key for key in "abcdef"
    }


def test_parts_of_lists_and_inline_tables_are_found() -> None:
    text = "on = { 1 = { goto = 'a' },\n  2 = [ 1, # one\n 2,\n] }\n"
    lines = line_numbers(text)
    assert lines["on", "1", "goto"] == 1
    assert lines["on", "2"] == 2
    assert (lines["on", "2", 0], lines["on", "2", 1]) == (2, 3)


def test_arrays_of_tables_are_counted() -> None:
    text = "[[a]]\nx = 1\n[[a]]\nx = 2\n[a.b]\ny = 3\n[[a.c]]\nz = 4\n"
    lines = line_numbers(text)
    assert (lines["a", 0, "x"], lines["a", 1, "x"], lines["a", 1, "b", "y"], lines["a", 1, "c", 0, "z"]) == (2, 4, 6, 8)


def test_quoted_keys_are_read_as_toml_reads_them() -> None:
    text = '"a.b" = 1\n\'c d\' = 2\n"\\u0041\\n\\"" = 3\n  e . "f"   = 4\n'
    assert line_numbers(text) == {("a.b",): 1, ("c d",): 2, ('A\n"',): 3, ("e",): 4, ("e", "f"): 4}


def paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """All key paths within what tomli has read."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} | {found for key, item in items for found in paths(item, (*path, key))}


WORDS = [
    "a",
    "b",
    '"q.r"',
    "'s t'",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    " ",
    "#",
    '"',
    "'",
    "1",
    "1.5",
]
WORDS += ["true", '"""', "'''", "\\", "1979-05-27T07:32:00Z", '"x # y"', "\r\n", "é", "-", "+inf", "0x1F", "\n[a.b]\n"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join))
def test_whatever_toml_can_be_read_has_a_line_for_every_key(text: str) -> None:
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError:
        return
    assert paths(data) - {()} <= set(line_numbers(text))


LEAVES = st.one_of(st.integers(), st.booleans(), st.text(max_size=5))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@settings(max_examples=150)
@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_every_key_of_a_written_document_is_found(data: dict[str, Any]) -> None:
    text = "".join(f"{written(key)} = {written(value)}\n" for key, value in data.items())
    lines = line_numbers(text)
    assert paths(tomli.loads(text)) - {()} == set(lines)
    assert [lines[key,] for key in data] == list(range(1, len(data) + 1))


def written(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08X}" for letter in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{written(key)} = {written(item)}" for key, item in value.items()) + " }"
    return str(value)
