"""What the doctor looks at in the house: the service, settings and flows, prompts, keys, records."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Final

from ivrbox.appliance.doctor import fault, good, note, warning
from ivrbox.appliance.settings import SETTINGS_FILE, read_settings
from ivrbox.cdr import Store
from ivrbox.errors import ConfigError, Severity, StoreError, WavError
from ivrbox.flows.check import check_flows
from ivrbox.flows.read import survey_flows
from ivrbox.prompts import best_voice, read_wav
from ivrbox.recordings.keys import BOX_IDENTITY_FILE, IDENTITY_FILE, RECIPIENT_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.appliance.doctor import Finding, Patient

CALLS_READ: Final = 1000
"""So many of the newest calls are looked at."""

_PRIVATE: Final = 0o077
"""What group and others may do with what is private: nothing."""


def service(patient: Patient) -> Iterator[Finding]:
    """The service as systemd sees it."""
    if not patient.has_systemd:
        yield note("service", "systemd does not run this machine", "start the box by hand: ivrbox run")
        return
    state = patient.unit("LoadState", "ActiveState", "SubState", "UnitFileState", "StatusText", "NRestarts", "Result")
    if state.get("LoadState") != "loaded":
        yield note("service", "is not installed", "sudo ./box install")
        return
    words = ": ".join(filter(None, (f"{state['ActiveState']} ({state['SubState']})", state.get("StatusText"))))
    if state["ActiveState"] == "active":
        yield good("service", words)
    else:
        yield fault("service", f"{words}; {state.get('Result', '')}", "journalctl --unit ivrbox --lines 50 tells why")
    if state.get("UnitFileState") not in {"enabled", "static"}:
        yield warning("service", "does not start with the machine", "sudo systemctl enable ivrbox")
    if (restarts := state.get("NRestarts", "0")) != "0":
        yield warning("service", f"was restarted {restarts} times", "journalctl --unit ivrbox tells when and why")


def settings(patient: Patient) -> Iterator[Finding]:
    """`ivrbox.toml`."""
    if _is_closed(patient.config):
        yield fault("settings", f"{patient.config} is closed to you", "ask as root: sudo ivrbox doctor")
        return
    try:
        read_settings(patient.config)
    except ConfigError as error:
        for found in error.faults:
            yield fault("settings", str(found), f"correct {patient.config / SETTINGS_FILE}")
    else:
        yield good("settings", f"{patient.config / SETTINGS_FILE} is right")


def flows(patient: Patient) -> Iterator[Finding]:
    """What `ivrbox check` finds, counted."""
    if _is_closed(patient.config):
        return
    faults = check_flows(patient.config)
    errors = [found for found in faults if found.severity is Severity.ERROR]
    warnings = len(faults) - len(errors)
    number = len(list((patient.config / "flows").glob("*.toml")))
    if errors:
        yield fault(
            "flows",
            f"{len(errors)} errors, the first in {errors[0].file}: {errors[0].key}",
            "ivrbox check lists all of them",
        )
    elif not number:
        yield fault("flows", f"there are none in {patient.config / 'flows'}", "write one: see docs/flows.md")
    else:
        warned = f", {warnings} warnings (ivrbox check)" if warnings else ""
        yield good("flows", f"{number} flows without an error{warned}")


def prompts(patient: Patient) -> Iterator[Finding]:
    """A voice for texts, and the sound files that flows name."""
    voice = best_voice(patient.settings.prompts.voice if patient.settings else None)
    if voice is None:
        yield fault(
            "voice", "nothing here can speak: texts become a chime", "sudo apt install festival festvox-us-slt-hts"
        )
    else:
        yield good("voice", voice.name)
    for wav in sorted(_sound_files(patient)):
        try:
            read_wav(patient.config / "prompts" / wav)
        except WavError as error:
            yield warning("prompts", str(error), "its text is spoken instead: put the file there, as WAV")


def _sound_files(patient: Patient) -> set[str]:
    survey = survey_flows(patient.config)
    return set() if survey.errors() else {spoken.wav for spoken in survey.book().prompts() if spoken.wav}


def keys(patient: Patient) -> Iterator[Finding]:
    """Who can open recordings, and who else might."""
    folder = patient.data / "keys"
    if patient.settings is None or not patient.settings.recording.enabled:
        return
    if not folder.exists():
        yield note("keys", "none yet: a pair is made at the first start", "or make your own: ivrbox recordings keygen")
        return
    open_files = [path.name for path in folder.iterdir() if path.name != RECIPIENT_FILE and _mode(path) & _PRIVATE]
    if _mode(folder) & _PRIVATE or open_files:
        yield fault(
            "keys",
            f"others may read {folder} or in it {', '.join(open_files) or 'nothing'}",
            f"sudo chmod -R go= {folder}",
        )
    if (folder / IDENTITY_FILE).exists():
        yield warning(
            "keys",
            "the key that opens all recordings is still on the box",
            f"move {folder / IDENTITY_FILE} to a safe place off it",
        )
    elif (folder / BOX_IDENTITY_FILE).exists():
        yield note("keys", "the box keeps a key of its own (local_playback): who has the box can listen")
    else:
        yield good("keys", "no key that opens a recording is on this box")


def data_folder(patient: Patient) -> Iterator[Finding]:
    """The one folder that is written to: it is private, and all in it has one owner."""
    if not patient.data.exists():
        yield note("data", f"{patient.data} is made at the first start")
        return
    owner = patient.data.stat().st_uid
    is_open = bool(_mode(patient.data) & _PRIVATE)
    if is_open:
        yield warning("data", f"others may look into {patient.data}", f"sudo chmod go= {patient.data}")
    strangers = [path for path in patient.data.rglob("*") if path.lstat().st_uid != owner]
    if strangers:
        yield fault(
            "data",
            f"{len(strangers)} files there have another owner, the first {strangers[0].name}",
            f"sudo chown -R --reference={patient.data} {patient.data}",
        )
    elif not os.access(patient.data, os.W_OK):
        yield note("data", f"{patient.data} is not yours to look into", "ask as root: sudo ivrbox doctor")
    elif not is_open:
        yield good("data", f"{patient.data} is private")


def records(patient: Patient) -> Iterator[Finding]:
    """The store can be read; how the newest call fared."""
    database = patient.data / "calls.db"
    if not os.access(database, os.R_OK):
        return
    try:
        with closing(Store(database)) as store:
            calls = store.calls(limit=CALLS_READ)
    except StoreError as error:
        yield fault("records", str(error), "keep a copy of the file, then move it away: a new one is made")
        return
    lost = sum(call.recording in {"lost", "damaged"} for call in calls)
    if lost:
        words = f"{lost} of the last {len(calls)} recordings are lost or damaged"
        yield warning("records", words, "ivrbox calls shows which, and why")
    elif calls:
        yield good("records", f"the last call was on {calls[0].started[:10]}; the last {len(calls)} can be read")
    else:
        yield good("records", "no calls yet")


def _is_closed(folder: Path) -> bool:
    return folder.exists() and not os.access(folder, os.R_OK | os.X_OK)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


HOUSE: Final = (service, settings, flows, prompts, keys, data_folder, records)
