"""What the owner can set of recordings: what happens when they are full, and what stands in for keys."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyrage
import pytest

from ivrbox.dsp.dtmf import find_keys
from ivrbox.prompts.wavfile import parse_wav

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.conftest import Rig

FLOW = """
    {top}
    [steps.ask]
    prompt = "Press keys."
    dtmf = {{ digits = 4, pii = {pii} }}
    then = {{ hangup = true }}
"""
SETTINGS = '[call]\nentry = "main"\n[recording]\n'


def opened(house: Rig, name: str) -> NDArray[np.int16]:
    identity = next(
        line for line in (house.data / "keys" / "identity.txt").read_text().splitlines() if line.startswith("AGE-")
    )
    sealed = (house.data / "recordings" / f"{name}.age").read_bytes()
    wav = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)])
    return np.asarray(parse_wav(io.BytesIO(wav).getvalue(), name).samples)


def recorded(rig: Callable[..., Rig], *, top: str = "", pii: str = "false", settings: str = "") -> NDArray[np.int16]:
    house = rig({"ivrbox.toml": SETTINGS + settings, "main.toml": FLOW.format(top=top, pii=pii)})
    house.phone.rings()
    house.phone.hears("Press keys.")
    house.phone.hears_out()
    house.phone.presses("4711")
    record = house.phone.waits_for_the_end()
    assert record.recording == "kept"
    return opened(house, record.id)


def keys_in(sound: NDArray[np.int16]) -> str:
    return "".join(key.digit for key in find_keys(np.ascontiguousarray(sound[:, 0])))


def test_ordinary_keys_are_in_the_recording_unless_the_flow_masks_them(rig: Callable[..., Rig]) -> None:
    assert keys_in(recorded(rig)) == "4711"


def test_a_flow_may_have_all_its_keys_masked(rig: Callable[..., Rig]) -> None:
    sound = recorded(rig, top="mask_keys = true")
    assert keys_in(sound) == ""
    assert sound.any(), "what is no key is there"


@pytest.mark.parametrize("masked_as", ["silence", "tone"])
def test_private_digits_are_silence_or_a_soft_tone(rig: Callable[..., Rig], masked_as: str) -> None:
    sound = recorded(rig, pii="true", settings=f'masked_as = "{masked_as}"\n')
    assert keys_in(sound) == ""
    entry = sound[-2000:-1000, 0]
    assert bool(entry.any()) is (masked_as == "tone")


@pytest.mark.parametrize("when_full", ["stop", "overflow"])
def test_a_call_that_outlasts_the_room_goes_on(rig: Callable[..., Rig], when_full: str) -> None:
    patient = FLOW.format(top="", pii="false").replace(
        "digits = 4", "digits = 4, first_digit_timeout = 60, retries = 9"
    )
    settings = f'max_minutes = 1\nwhen_full = "{when_full}"\n'
    house = rig({"ivrbox.toml": SETTINGS + settings, "main.toml": patient})
    house.phone.rings()
    house.phone.waits(75)
    record = house.phone.hangs_up()
    assert record.recording == "kept"
    assert record.duration_s > 75
    seconds = len(opened(house, record.id)) / 8000
    assert seconds == pytest.approx(record.duration_s if when_full == "overflow" else 60, abs=0.5)
    assert not list((house.data / "overflow").glob("*")), "what overflowed has no name, and is gone with its call"
