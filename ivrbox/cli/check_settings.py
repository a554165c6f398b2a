"""What `ivrbox check` finds in `ivrbox.toml`: by the validation that `run` uses, and no device is opened."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ivrbox.appliance.settings import SETTINGS_FILE, Settings
from ivrbox.errors import ConfigError, Fault, IvrboxError, LineError, SealError, Severity, UnknownName
from ivrbox.flows.documents import load_toml, validate
from ivrbox.flows.wording import meant
from ivrbox.lines.catalog import maker, open_line
from ivrbox.recordings.keys import parse_recipients

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivrbox.appliance.settings import LineSpec
    from ivrbox.flows.documents import Document


def setting_faults(config: Path, flows: tuple[str, ...]) -> tuple[Settings | None, list[Fault]]:
    """Read the settings: what they are, unless they cannot be read, and all that is wrong with them."""
    try:
        document = load_toml(config / SETTINGS_FILE)
        settings = validate(Settings, document)
    except ConfigError as error:
        return None, list(error.faults)
    faults = (*_flow_faults(settings, flows), *_line_faults(settings.line), *_recording_faults(settings))
    return settings, [_placed(fault, document) for fault in faults]


def setting_warning(key: str, message: str) -> Fault:
    """Something in the settings that keeps nobody from using them."""
    return Fault(SETTINGS_FILE, None, key, message, Severity.WARNING)


def _flow_faults(settings: Settings, flows: tuple[str, ...]) -> Iterator[Fault]:
    for key, flow in (("call.entry", settings.call.entry), ("call.main", settings.call.main)):
        if flow is not None and flow not in flows:
            yield _fault(key, f'there is no flow "{flow}"{meant(flow, flows)}')


def _line_faults(line: LineSpec) -> Iterator[Fault]:
    try:
        maker(line.kind)
    except UnknownName as error:
        yield _fault("line.kind", str(error))
        return
    except LineError as error:
        yield setting_warning("line.kind", f"its options are not checked on this machine: {error}")
        return
    try:
        open_line(line.kind, {"name": line.name, **line.options})
    except ConfigError as error:
        yield from error.faults
    except IvrboxError as error:
        named = re.match(r"(line\.options\.\w+): (.*)", str(error))
        yield _fault(*named.groups()) if named else _fault("line.options", str(error))


def _recording_faults(settings: Settings) -> Iterator[Fault]:
    for number, recipient in enumerate(settings.recording.recipients, 1):
        try:
            parse_recipients([recipient])
        except SealError as error:
            yield _fault(f"recording.recipients[{number}]", str(error))
    if settings.recording.local_playback:
        yield setting_warning(
            "recording.local_playback",
            "this box keeps the key to its recordings: whoever takes or breaks into it can hear them",
        )


def _fault(key: str, message: str) -> Fault:
    return Fault(SETTINGS_FILE, None, key, message)


def _placed(fault: Fault, document: Document) -> Fault:
    """The fault with the line that its key stands on; one of another file is left as it is."""
    if fault.file != SETTINGS_FILE or fault.line is not None:
        return fault
    return replace(fault, line=document.line(fault.key.partition("[")[0].split(".")))
