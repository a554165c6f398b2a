"""Getting a modem ready: it is asked what it can do, told how to behave, and a sample format is agreed on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivrbox.errors import LineError
from ivrbox.lines.modem_dialogue import Refused, Unanswered
from ivrbox.lines.modem_survey import Chip, Doing, has_voice, report_masks, sounds
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from ivrbox.lines.modem_dialogue import Dialogue
    from ivrbox.lines.modem_profile import FormatSpec, ProfileSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setup:
    """What was agreed on with this modem."""

    format: FormatSpec
    digits_while: frozenset[Doing]
    """What the modem may be doing while it owns the digits; where RECORDING is not in it, the box listens itself."""

    @property
    def select(self) -> str:
        """The command that selects the sample format."""
        return self.format.command.format(id=self.format.id)


def set_up(name: str, dialogue: Dialogue, profile: ProfileSpec) -> Setup:
    """Make the modem ready to wait for calls; `name` is the line's.

    Raises:
        LineError: it has no voice class, refuses a required command, or has no sample format that the profile knows.
        OSError: the port has gone.
    """
    if not has_voice(dialogue.ask("AT+FCLASS=?")):
        raise LineError(f"{name}: this is no voice modem: AT+FCLASS=? does not list 8")
    for command in profile.start.required:
        dialogue.ask(command)
    for command in profile.start.optional:
        _try(name, dialogue, command)
    dialogue.ask("AT+FCLASS=8")
    chip = Chip(sounds(_try(name, dialogue, "AT+VSM=?")), report_masks(_try(name, dialogue, "AT+VLS=?")))
    setup = Setup(_best_format(name, profile, chip), _digits_while(name, profile, chip))
    dialogue.ask(setup.select)
    _try(name, dialogue, "AT+FCLASS=0")  # waiting is done in data class: there every chip says RING and caller ID
    return setup


def _try(name: str, dialogue: Dialogue, command: str) -> tuple[str, ...]:
    try:
        return dialogue.ask(command)
    except (Refused, Unanswered) as error:
        log.info("line %s: %s; going on without", name, error)
        return ()


def _best_format(name: str, profile: ProfileSpec, chip: Chip) -> FormatSpec:
    if not chip.sounds:
        log.warning("line %s: the modem does not list its sample formats; taking the profile's first", name)
        return profile.format[0]
    for wanted in profile.format:
        if chip.offers(wanted.id, SAMPLE_RATE):
            return wanted
    offered = ", ".join(str(sound.id) for sound in chip.sounds)
    known = " or ".join(str(wanted.id) for wanted in profile.format)
    raise LineError(
        f"{name}: no sample format in common: the modem offers +VSM {offered}, profile {profile.title} knows "
        f"{known}, at {SAMPLE_RATE} Hz"
    )


def _digits_while(name: str, profile: ProfileSpec, chip: Chip) -> frozenset[Doing]:
    """Whose digits count: while playing only the modem can hear any; while recording it is as profile or chip say."""
    if chip.reports_digits(profile.hook.play, Doing.PLAYING) is False:
        log.warning("line %s: the modem says that it hears no keys while it plays: prompts cannot be cut", name)
    owner = profile.codes.recording_digits
    if owner == "asked":
        hears_none = chip.reports_digits(profile.hook.record, Doing.RECORDING) is False
        owner = "box" if hears_none else "modem"
    modems = {Doing.PLAYING, Doing.IDLE}
    return frozenset(modems | {Doing.RECORDING} if owner == "modem" else modems)
