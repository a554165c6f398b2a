"""The README's flow does what the README says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ivrbox.flows.check import check_flows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Rig

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_flow_in_twelve_lines_takes_a_private_number(rig: Callable[..., Rig]) -> None:
    (flow,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert len([line for line in flow.splitlines() if line]) == 12
    house = rig({"main.toml": flow})
    house.phone.rings()
    house.phone.hears("For opening hours")
    house.phone.presses("1")
    house.phone.hears("nine to five")
    house.phone.hears("For opening hours")
    house.phone.hears_out()
    house.phone.presses("2")
    house.phone.hears("key in your number")
    house.phone.hears_out()
    house.phone.presses("5550134#")
    house.phone.hears("we will call you back")
    record = house.phone.waits_for_the_end()
    assert [turn.text for turn in record.turns if turn.role == "user"] == ["1", "2", "●●●●"]
    assert "5550134" not in str(record)


def test_the_fault_in_the_readme_is_told_as_it_says(tmp_path: Path) -> None:
    (flow,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (told,) = re.findall(r"as `(hotline\.toml:.*?)`", README, re.DOTALL)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/hotline.toml").write_text(flow.replace("digits = 16", "digits = 40"))
    assert list(map(str, check_flows(tmp_path))) == [told.replace("\n", " ")]


def test_the_function_in_the_readme_is_the_one_that_is_shipped() -> None:
    (function,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    shipped = Path(__file__).parents[2] / "config" / "functions" / "recording-optout.py"
    assert function in shipped.read_text("utf-8")


def test_every_file_that_it_names_is_there() -> None:
    root = Path(__file__).parents[2]
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (root / target).exists(), target
