"""The caller's side of every test: a telephone on the loopback line of a whole box, in simulated time."""

from __future__ import annotations

import textwrap
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import hypothesis
import numpy as np
import pytest

from ivrbox.appliance.phone import Phone
from ivrbox.appliance.wiring import open_box
from ivrbox.lines.loopback import Loopback
from ivrbox.prompts.clip import Clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivrbox.appliance.wiring import Box
    from ivrbox.lines.impairments import Impairments

pytest.register_assert_rewrite("line_contract")
# For machines that are far slower than any that the box runs on: tests/arm64.sh asks for it.
hypothesis.settings.register_profile("emulated", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])

STARTED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SAMPLES_A_CHARACTER = 400  # 50 ms: about as fast as people speak


class Mumble:
    """A voice that speaks any text at once: soft noise, 50 ms a character, the same for the same text."""

    name: Final = "mumble"

    def available(self) -> bool:
        return True

    def speak(self, text: str) -> Clip:
        noise = np.random.default_rng(len(text)).normal(0, 800, SAMPLES_A_CHARACTER * len(text))
        return Clip(noise.astype(np.int16), text)


@dataclass
class Rig:
    """A box and the person who calls it."""

    box: Box
    line: Loopback
    phone: Phone
    config: Path
    data: Path


def write_config(folder: Path, files: dict[str, str]) -> Path:
    """Write a configuration; a file without a folder in its name is a flow."""
    settings = '[call]\nentry = "main"\n'
    for name, text in {"ivrbox.toml": settings, **files}.items():
        path = folder / (name if "/" in name or name == "ivrbox.toml" else f"flows/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
    return folder


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Make a box from the text of its files: `rig({"main.toml": ...})`; a phone comes with it."""
    with ExitStack() as stack:

        def make(files: dict[str, str], *, impairments: Impairments | None = None) -> Rig:
            config, data = write_config(tmp_path / "config", files), tmp_path / "data"
            line = Loopback(impairments=impairments)
            opened = open_box(config, data, line=line, voice=Mumble(), clock=lambda: STARTED)
            box = stack.enter_context(opened)
            return Rig(box, line, Phone(line, box.attendant), config, data)

        yield make
