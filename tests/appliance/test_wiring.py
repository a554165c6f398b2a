"""What the box does when it starts, before it answers anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.wiring import open_box
from ivrbox.errors import ConfigError, StoreError
from ivrbox.lines.loopback import Loopback
from tests.conftest import STARTED, Mumble, write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ivrbox.appliance.wiring import Box
    from tests.conftest import Rig

FLOW = '[steps.only]\nprompt = "Hello."\nthen = { hangup = true }\n'
SETTINGS = '[call]\nentry = "main"\n'


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., AbstractContextManager[Box]]:
    def opened(settings: str = SETTINGS) -> AbstractContextManager[Box]:
        config = write_config(tmp_path / "config", {"main.toml": FLOW, "ivrbox.toml": settings})
        return open_box(config, tmp_path / "data", line=Loopback(), voice=Mumble(), clock=lambda: STARTED)

    return opened


def test_two_boxes_do_not_share_a_data_folder(start: Callable[..., AbstractContextManager[Box]]) -> None:
    with start(), pytest.raises(StoreError, match="another ivrbox is using it; name another folder"), start():
        pytest.fail("the second box has started")


def test_the_folder_is_free_again_once_a_box_has_stopped(start: Callable[..., AbstractContextManager[Box]]) -> None:
    for _ in range(2):
        with start():
            pass


def test_a_recording_that_was_open_when_the_power_went_is_lost(
    start: Callable[..., AbstractContextManager[Box]], tmp_path: Path
) -> None:
    with start() as box:
        box.store.begin("20260101T000000Z-0000", "line", None, "2026-01-01T00:00:00+00:00", "open")
    (tmp_path / "data" / "recordings" / "20260101T000000Z-0000.age.part").write_bytes(b"half")
    with start() as box:
        assert box.store.call("20260101T000000Z-0000").recording == "lost"
    assert list((tmp_path / "data" / "recordings").iterdir()) == []


def test_a_kept_recording_whose_file_is_gone_is_reported_damaged(
    start: Callable[..., AbstractContextManager[Box]],
) -> None:
    with start() as box:
        box.store.begin("20260101T000000Z-0000", "line", None, "2026-01-01T00:00:00+00:00", "kept")
    with start() as box:
        assert box.store.call("20260101T000000Z-0000").recording == "damaged"


def test_the_keys_are_made_once_and_the_operator_is_told_once(
    start: Callable[..., AbstractContextManager[Box]],
) -> None:
    with start() as box:
        assert "identity.txt" in box.hint
    with start() as box:
        assert box.hint == ""


@pytest.mark.parametrize("key", ["entry", "main"])
def test_a_flow_that_the_settings_name_must_exist(start: Callable[..., AbstractContextManager[Box]], key: str) -> None:
    settings = {"entry": "main", "main": "main", key: "mian"}
    text = "[call]\n" + "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    with (
        pytest.raises(ConfigError, match=f"ivrbox.toml: call.{key}: no flow is named 'mian'; there are main"),
        start(text),
    ):
        pytest.fail("the box has started")


def test_a_callers_number_is_hashed_where_the_owner_wants_it(rig: Callable[..., Rig]) -> None:
    house = rig({"main.toml": FLOW, "ivrbox.toml": SETTINGS + "[records]\nhash_caller = true\n"})
    callers = []
    for number in ("5550100", "5550100", "5550101"):
        house.phone.rings(caller=number)
        callers.append(house.phone.waits_for_the_end().caller)
    assert callers[0] == callers[1] != callers[2]
    assert all("5550" not in (caller or "") for caller in callers)
    for path in house.data.rglob("*"):
        assert path.is_dir() or b"5550100" not in path.read_bytes()


def test_recording_can_be_switched_off(rig: Callable[..., Rig]) -> None:
    house = rig({"main.toml": FLOW, "ivrbox.toml": SETTINGS + "[recording]\nenabled = false\n"})
    house.phone.rings()
    assert house.phone.waits_for_the_end().recording == "off"
    assert list((house.data / "recordings").iterdir()) == []


def test_folder_that_cannot_be_written_is_told_with_the_first_cause(tmp_path: Path) -> None:
    write_config(tmp_path / "config", {"main.toml": FLOW})
    with (
        pytest.raises(StoreError, match=r"/sys/kernel: (Permission denied|Read-only file system|Operation not)"),
        open_box(tmp_path / "config", Path("/sys/kernel"), voice=Mumble()),
    ):
        pass
