"""Prompts: text, or a sound file of the owner's, becomes a clip of samples ahead of the call.

    text ── sentences ── speech (festival, flite, espeak-ng) ── levels ──┐
                                                                         ├── Clip ── shelf ── the call
    config/prompts/*.wav ── wavfile ── 8 kHz mono ───────────────────────┘

A call takes clips from the shelf's memory and never waits. What is said only in one call, because a function made the
words up, is synthesized on a worker and kept in memory alone: such words may hold what the caller has told.
"""

from ivrbox.prompts.clip import Clip
from ivrbox.prompts.shelf import Shelf
from ivrbox.prompts.shelves import Shelves
from ivrbox.prompts.speech import Voice, best_voice
from ivrbox.prompts.wavfile import Sound, read_wav, write_wav

__all__ = ["Clip", "Shelf", "Shelves", "Sound", "Voice", "best_voice", "read_wav", "write_wav"]
