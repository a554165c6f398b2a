"""A clip: samples that are ready to be said, with the words they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ivrbox.units import samples_to_seconds

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Clip:
    """One prompt as sound: 8 kHz mono int16, shape (n,), read-only; `text` is what it says, for records and screens.

    Raises:
        TypeError: the samples are not int16 of shape (n,).
    """

    samples: NDArray[np.int16]
    text: str

    def __post_init__(self) -> None:
        """Freeze the samples: one clip is said in many calls."""
        if self.samples.dtype != np.int16 or self.samples.ndim != 1:
            found = f"{self.samples.dtype} of shape {self.samples.shape}"
            raise TypeError(f"a clip's samples must be int16 of shape (n,), not {found}")
        frozen = self.samples.copy() if self.samples.flags.writeable else self.samples
        frozen.flags.writeable = False
        object.__setattr__(self, "samples", frozen)

    @property
    def duration_s(self) -> float:
        """How long it sounds, in seconds."""
        return samples_to_seconds(len(self.samples))
