"""Modem profiles: those that ship, and what is said of one that is at fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivrbox.errors import ConfigError, UnknownName
from ivrbox.lines.modem_formats import Coding
from ivrbox.lines.modem_profile import profile_for_usb, profile_names, read_profile
from ivrbox.lines.modem_sim_spec import behaviour_of

MINIMAL = 'title = "T"\nformat = [{ id = 1, coding = "ulaw" }]\n[stop]\nplay = ["10 03"]\nrecord = ["1021"]\n'


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_that_ships_is_whole_and_can_be_simulated(name: str) -> None:
    profile = read_profile(name)
    behaviour = behaviour_of(profile, name)
    offered = {sound.id: sound.coding for sound in behaviour.sounds}
    assert any(offered.get(wanted.id) is wanted.coding for wanted in profile.format)
    assert profile.stop.duplex
    assert profile.tone.format(low=1000, high=1000, length=50) == "AT+VTS=[1000,1000,50]"


def test_the_modems_of_the_reference_are_there() -> None:
    assert {"usr5637", "cx930xx", "mt9234", "generic"} <= set(profile_names())
    assert not read_profile("usr5637").duplex
    assert read_profile("cx930xx-duplex").duplex


@pytest.mark.parametrize(
    ("usb", "name"), [("0baf:0303", "usr5637"), ("0803:3095", "cx930xx"), ("dead:beef", "generic"), ("", "generic")]
)
def test_a_modem_is_known_by_its_usb_id(usb: str, name: str) -> None:
    assert profile_for_usb(usb) == name


def test_a_profile_of_ones_own_is_a_base_and_what_differs(tmp_path: Path) -> None:
    (tmp_path / "basis.toml").write_text(
        MINIMAL + "[hook]\nplay = 5\nrecord = 5\n[codes]\nhang_up = { l = 1, b = 2 }\n"
    )
    (tmp_path / "mine.toml").write_text('base = "basis"\n[hook]\nrecord = 9\n[codes]\nhang_up = { s = 3 }\n')
    mine = read_profile("mine", tmp_path)
    assert (mine.hook.play, mine.hook.record) == (5, 9)
    assert mine.codes.hang_up == {"s": 3}
    assert mine.stop.play == (b"\x10\x03",)
    assert mine.format[0].coding is Coding.ULAW


def test_a_profile_may_be_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text(MINIMAL)
    assert read_profile(str(tmp_path / "odd.toml")).title == "T"


def test_a_base_that_leads_in_a_ring_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('base = "b"')
    (tmp_path / "b.toml").write_text('base = "a"')
    with pytest.raises(ConfigError, match=r"a.toml: base: leads back to itself"):
        read_profile("a", tmp_path)


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no modem profile is named 'usr5673' in .*; did you mean 'usr5637'\?"):
        read_profile("usr5673")


def test_an_empty_folder_has_no_profiles(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="there are none"):
        read_profile("usr5637", tmp_path)


def test_all_faults_of_a_profile_are_told_with_their_keys(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        MINIMAL + "wait_ms = -1\n[pace]\nlead_ms = 5\nleed = 1\n[codes]\nhang_up = { b = 0 }\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_profile("bad", tmp_path)
    faults = str(caught.value).splitlines()
    assert [fault.split(": ")[1] for fault in faults] == [
        "stop.wait_ms",
        "codes.hang_up.b",
        "pace.lead_ms",
        "pace.leed",
    ]
    assert "bad.toml: pace.lead_ms: must be greater than or equal to 20, not 5" in faults


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format = []", "format: must name one at least"),
        ('tone = "AT+VTS=[{f1}]"', "tone: may hold {low}, {high}, {length} and no other braces, not 'AT+VTS=[{f1}]'"),
        ('[[format]]\nid = 1\ncoding = "ulaw"\ncommand = "AT{"', "format.0.command: may hold {id} and no other braces"),
        ('[start]\nrequired = ["ATé"]', "start.required.0: must be one line of plain ASCII, not "),
        ('[start]\nrequired = ["ATZ\\r"]', "start.required.0: must be one line of plain ASCII, not "),
        ("[hook]\nhang_up = []", "hook.hang_up: must name one at least"),
        ("[stop]\nplay = []", "stop.play: must name one at least"),
        ('[stop]\nplay = ["zz"]', "stop.play.0: must be bytes in hex, such as '10 18 10 03', not 'zz'"),
        ("[stop]\nplay = [10]", "stop.play.0: must be bytes in hex, such as '10 18 10 03', not 10"),
        ("[port]\nbaud = 10000000000", "port.baud: must be less than or equal to 4000000, not 10000000000"),
        ("[codes]\nringg = 1", "codes.ringg: unknown key"),
    ],
)
def test_what_would_fail_in_mid_call_is_found_when_it_is_read(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "own.toml").write_text('base = "generic"\n' + text)
    with pytest.raises(ConfigError) as caught:
        read_profile(str(tmp_path / "own.toml"))
    (fault,) = str(caught.value).splitlines()
    assert fault.startswith(f"own.toml: {words}")


@pytest.mark.parametrize("text", ["title = ", "\xff"])
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"bad.toml.*(is not TOML|cannot be read)"):
        read_profile("bad", tmp_path)


def test_a_habit_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError, match=r"simulated.stop_delay: no such habit; did you mean 'stop_delay_ms'\?"):
        behaviour_of(read_profile("usr5637"), "usr5637", stop_delay=5)
    with pytest.raises(ConfigError, match=r"usr5637: simulated.colour: no such habit; there are identity, sounds"):
        behaviour_of(read_profile("usr5637"), "usr5637", colour=5)
    with pytest.raises(ConfigError, match=r"usr5637: simulated.digits: must be 'held', 'once' or 'pulse', not"):
        behaviour_of(read_profile("usr5637"), "usr5637", digits="never")


def test_the_udev_rules_name_the_usb_ids_of_all_profiles() -> None:
    rules = (Path(__file__).parents[2] / "hw/udev/60-ivrbox-modem.rules").read_text()
    pairs = re.findall(r'ATTRS\{idVendor\}=="(\w{4})", ATTRS\{idProduct\}=="([\w|]+)"', rules)
    found = {f"{vendor}:{product}" for vendor, products in pairs for product in products.split("|")}
    assert found == {usb for name in profile_names() for usb in read_profile(name).usb}
