"""Files are read with all that is wrong in them, each fault at its place and in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from ivrbox.errors import ConfigError
from ivrbox.flows.documents import load_toml, parse_toml, validate
from ivrbox.flows.wording import Within, did_you_mean, dotted, listed, shown

if TYPE_CHECKING:
    from pathlib import Path


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    size: Annotated[int, Within(1, 32, "inches")] = 1
    share: Annotated[float, Within(0, 1, above=True)] = 1.0
    port: Annotated[int, Field(ge=1, le=9)] = 1
    name: str = ""
    names: tuple[str, ...] = ()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    must: bool
    inner: Inner = Inner()
    more: dict[str, Inner] = {}
    either: Inner | None = None
    count: float = 0.0


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate(Settings, parse_toml(text, "x.toml"))
    return [str(fault) for fault in caught.value.faults]


def test_sound_document_becomes_its_model() -> None:
    text = 'must = true\ncount = 3\n[inner]\nsize = 32\nshare = 1\nnames = ["a"]\n'
    settings = validate(Settings, parse_toml(text, "x.toml"))
    assert settings == Settings(must=True, count=3.0, inner=Inner(size=32, share=1.0, names=("a",)))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("inner.size = 40", "inner.size: must be 1 to 32 inches, not 40"),
        ("inner.size = 0", "inner.size: must be 1 to 32 inches, not 0"),
        ("inner.share = 0.0", "inner.share: must be more than 0 and at most 1, not 0"),
        ("inner.share = nan", "inner.share: must be more than 0 and at most 1, not nan"),
        ("inner.share = inf", "inner.share: must be more than 0 and at most 1, not inf"),
        ("inner.port = 0", "inner.port: must be at least 1, not 0"),
        ("inner.port = 10", "inner.port: must be at most 9, not 10"),
        ('inner.size = "4"', 'inner.size: must be a whole number, not "4"'),
        ("inner.size = 4.5", "inner.size: must be a whole number, not 4.5"),
        ("inner.size = true", "inner.size: must be a whole number, not true"),
        ("inner.name = 5", "inner.name: must be a text in quotes, not 5"),
        ("inner.names = 5", "inner.names: must be a list, not 5"),
        ('inner.names = ["a", 5]', "inner.names[2]: must be a text in quotes, not 5"),
        ("inner = 5", "inner: must be a table, not 5"),
        ("inner = [1]", "inner: must be a table, not a list"),
        ("more = 5", "more: must be a table, not 5"),
        ('count = "x"', 'count: must be a number, not "x"'),
        ("count = 1979-05-27", "count: must be a number, not 1979-05-27"),
        ("inner.sise = 4", "inner.sise: is not known here; did you mean size?"),
        ("more.a.sise = 4", "more.a.sise: is not known here; did you mean size?"),
        ("either.prot = 4", "either.prot: is not known here; did you mean port?"),
        ("unheard-of = 4", "unheard-of: is not known here"),
        ('"odd key" = 4', '"odd key": is not known here'),
    ],
)
def test_fault_tells_where_what_was_found_and_what_is_allowed(line: str, fault: str) -> None:
    assert faults(f"must = true\n{line}\n") == [f"x.toml:2: {fault}"]


def test_missing_key_has_no_line_but_its_name() -> None:
    assert faults("count = 1\n") == ["x.toml: must: is missing"]


def test_wrong_switch_is_told_in_words() -> None:
    assert faults("must = 1\n") == ["x.toml:1: must: must be true or false, not 1"]


def test_all_faults_come_at_once_in_the_order_of_the_lines() -> None:
    text = 'must = "yes"\n[more.b]\nport = 0\n[inner]\nsize = 0\n'
    assert [fault.split(": ")[0] for fault in faults(text)] == ["x.toml:1", "x.toml:3", "x.toml:5"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"a = \n", "x.toml:1: is not TOML: Invalid value"),
        (b"a = 1\na = 2\n", "x.toml:2: is not TOML: Cannot overwrite a value"),
        (b"\xff\n", "x.toml: is not UTF-8 text: byte 0 is none"),
        (b"a = " + b"[" * 5000, "x.toml: is not TOML that can be read: nested too deep"),
    ],
)
def test_file_that_is_not_toml_is_one_fault(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_toml(tmp_path / "x.toml")
    assert str(caught.value) == fault


def test_missing_file_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"x.toml: is missing from {tmp_path}"):
        load_toml(tmp_path / "x.toml")


def test_directory_in_place_of_a_file_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_toml(tmp_path)


def test_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    document = load_toml(tmp_path / "x.toml")
    assert (document.data, document.line(["b"])) == ({"a": 1, "b": 2}, 2)


def test_place_of_a_key_that_is_not_there_is_the_table_around_it() -> None:
    document = parse_toml("\n[a]\nb = 1\n", "x.toml")
    assert (document.line(["a", "c", "d"]), document.line(["z"]), document.line([])) == (2, None, None)


@pytest.mark.parametrize(
    ("value", "words"),
    [(True, "true"), ("x", '"x"'), ("\x00", "'\\x00'"), ((1,), "a list"), ({}, "a table"), (1.5, "1.5"), (3.0, "3")],
)
def test_value_is_shown_as_its_author_would_write_it(value: Any, words: str) -> None:
    assert shown(value) == words


def test_long_value_is_cut() -> None:
    assert shown("x" * 100) == '"' + "x" * 58 + "…"


def test_names_are_put_into_sentences() -> None:
    assert dotted(["steps", "a b", "on", "1", 0]) == 'steps."a b".on.1[1]'
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b or c")
    assert (did_you_mean("gotoo", ["goto", "say"]), did_you_mean("xyz", ["goto"])) == ("; did you mean goto?", "")
