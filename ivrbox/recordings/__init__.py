"""What is kept of a caller, and its end."""

from ivrbox.recordings.archive import Archive
from ivrbox.recordings.keys import KeyRing, key_ring
from ivrbox.recordings.recorder import DELAY_SAMPLES, GUARD_SAMPLES, Receipt, Recorder
from ivrbox.recordings.retention import KeptFile, Limits
from ivrbox.recordings.spool import Spool
from ivrbox.recordings.states import TRANSITIONS, RecordingEvent, RecordingState, next_state

__all__ = [
    "DELAY_SAMPLES",
    "GUARD_SAMPLES",
    "TRANSITIONS",
    "Archive",
    "KeptFile",
    "KeyRing",
    "Limits",
    "Receipt",
    "Recorder",
    "RecordingEvent",
    "RecordingState",
    "Spool",
    "key_ring",
    "next_state",
]
