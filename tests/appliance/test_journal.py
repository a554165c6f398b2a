"""What the journal gets: a datagram socket in its place, and the native protocol read back by its own rules."""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from ivrbox.appliance.journal import JournalHandler, stderr_is_journal
from ivrbox.cdr import PiiFilter, Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALL = "20260301T120000Z-0af3c21b"


def parsed(datagram: bytes) -> dict[str, str]:
    fields = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if not is_short:
            length = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8 : 8 + length], datagram[8 + length + 1 :]
        fields[name.decode()] = value.decode()
    return fields


class Journal:
    def __init__(self, address: Path) -> None:
        self.redactor = Redactor()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(address))
        self._socket.settimeout(0)
        self.handler = JournalHandler(address)
        self.handler.addFilter(PiiFilter(self.redactor))
        self.log = logging.getLogger("ivrbox.appliance.office")
        self.log.addHandler(self.handler)
        self.log.setLevel(logging.DEBUG)

    def entry(self) -> dict[str, str]:
        return parsed(self._socket.recv(1 << 20))

    def shut(self) -> None:
        self._socket.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "socket")
    yield journal
    journal.shut()
    journal.log.removeHandler(journal.handler)
    journal.log.setLevel(logging.NOTSET)
    journal.handler.close()


def test_call_and_event_are_fields(journal: Journal) -> None:
    journal.log.info("call %s: answered on %s", CALL, "line", extra={"event": "answered"})
    entry = journal.entry()
    assert entry["MESSAGE"] == f"call {CALL}: answered on line"
    assert entry["IVRBOX_CALL"] == CALL
    assert entry["IVRBOX_EVENT"] == "answered"
    assert entry["SYSLOG_IDENTIFIER"] == "ivrbox"
    assert entry["LOGGER"] == "ivrbox.appliance.office"


def test_level_and_logger_do_not_stand_in_the_message_when_all_logs_go_there(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "root", logging.RootLogger(logging.INFO))
    logging.basicConfig(handlers=[journal.handler])
    logging.root.info("call %s: answered", CALL)
    assert journal.entry()["MESSAGE"] == f"call {CALL}: answered"


def test_message_of_no_call_has_no_such_fields(journal: Journal) -> None:
    journal.log.warning("call the plumber")
    assert not {"IVRBOX_CALL", "IVRBOX_EVENT"} & set(journal.entry())


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.CRITICAL, "2"), (logging.ERROR, "3"), (logging.WARNING, "4"), (logging.INFO, "6"), (logging.DEBUG, "7")],
)
def test_levels_are_those_of_syslog(journal: Journal, level: int, priority: str) -> None:
    journal.log.log(level, "so bad")
    assert journal.entry()["PRIORITY"] == priority


def test_lines_of_a_message_cannot_become_fields(journal: Journal) -> None:
    journal.log.error("flows are broken:\nIVRBOX_CALL=forged\nPRIORITY=0")
    entry = journal.entry()
    assert entry["MESSAGE"] == "flows are broken:\nIVRBOX_CALL=forged\nPRIORITY=0"
    assert entry["PRIORITY"] == "3"
    assert "IVRBOX_CALL" not in entry


def test_private_values_are_dots_also_in_tracebacks(journal: Journal) -> None:
    journal.redactor.add("48151623")
    try:
        raise ValueError("no account 48151623")  # noqa: TRY301 - the traceback is what is tested
    except ValueError:
        journal.log.exception("a function failed for %s", "48151623")
    message = journal.entry()["MESSAGE"]
    assert "4815" not in message
    assert "ValueError: no account ●●●●" in message


def test_what_the_journal_does_not_take_goes_to_standard_error(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    spare = logging.StreamHandler(sys.stderr)
    journal.handler._spare = spare
    journal.shut()
    journal.log.error("nobody is at home")
    assert capsys.readouterr().err == "nobody is at home\n"


@pytest.mark.usefixtures("capfd")
def test_journal_is_known_by_the_file_that_standard_error_is() -> None:
    status = os.fstat(sys.stderr.fileno())
    assert stderr_is_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
    assert not stderr_is_journal({"JOURNAL_STREAM": f"{status.st_dev}:1"})
    assert not stderr_is_journal({})
