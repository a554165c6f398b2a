"""The catalog: lines by name, adapters imported when they are named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ivrbox.errors import LineError, UnknownName
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
    with pytest.raises(UnknownName, match="there are loopback, tape"):
        catalog.open_line("carrier-pigeon")


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
