"""The catalog: lines by name, adapters imported when they are named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ivrbox.errors import ConfigError, LineError, UnknownName
from ivrbox.lines import catalog
from ivrbox.lines.loopback import Loopback


def test_a_line_is_made_by_its_name_with_its_settings() -> None:
    line = catalog.open_line("loopback", {"name": "wall", "realtime": True})
    assert isinstance(line, Loopback)
    assert line.name == "wall"
    assert line.capabilities.realtime


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no kind of line is named 'lopback'; did you mean 'loopback'\?"):
        catalog.open_line("lopback")


def test_a_kind_that_resembles_nothing_gets_the_list() -> None:
    with pytest.raises(UnknownName, match="there are loopback, usb_audio, modem"):
        catalog.open_line("carrier-pigeon")


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("loopback", {"foo": 1}, "line.options.foo: unknown key; there are realtime, can_flash"),
        ("loopback", {"realtime": "x"}, "line.options.realtime: must be true or false, not 'x'"),
        ("modem", {"prot": "/dev/x"}, "line.options.prot: unknown key; did you mean 'port'?"),
        ("modem", {"port": 5}, "line.options.port: must be a text in quotes, not 5"),
        ("modem", {}, "line.options.port: is missing"),
        ("modem", {"port": "/dev/x", "open_wire": "y"}, "line.options.open_wire: unknown key; there are port, "),
        ("usb_audio", {"foo": 1}, "line.options.foo: unknown key; there are device, "),
    ],
)
def test_options_that_a_kind_does_not_take_are_named(kind: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        catalog.open_line(kind, {"name": "wall", **options})
    assert f"ivrbox.toml: {words}" in str(raised.value)


def test_missing_libraries_are_told_with_the_extra_that_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = catalog.Adapter("ivrbox_library_that_is_absent", "Line", extra="audio")
    monkeypatch.setitem(catalog.ADAPTERS, "usb_audio", absent)
    with pytest.raises(
        LineError, match=r"line usb_audio: needs ivrbox_library_that_is_absent: pip install 'ivrbox\[audio\]'"
    ):
        catalog.open_line("usb_audio")


@pytest.mark.parametrize("kind", sorted(catalog.ADAPTERS))
def test_every_row_of_the_catalog_leads_to_a_maker_or_a_missing_library(kind: str) -> None:
    try:
        assert callable(catalog.maker(kind))
    except LineError as error:
        assert "pip install" in str(error)  # noqa: PT017 - both ways are right, on different machines


def test_the_catalog_imports_no_adapter_before_it_is_named() -> None:
    program = "import sys, ivrbox.lines.catalog; print([m for m in sys.modules if m.startswith('ivrbox.lines.')])"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "['ivrbox.lines.catalog']"
