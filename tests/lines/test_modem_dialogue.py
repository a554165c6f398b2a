"""Commands and their answers, and what comes between them unasked."""

from __future__ import annotations

from collections import deque

import pytest

from ivrbox.lines.modem_codec import Code, TextLine
from ivrbox.lines.modem_dialogue import Dialogue, Refused, Unanswered


class ScriptedWire:
    """A wire on which each command is answered by the next piece of the script, 10 ms later."""

    realtime = False

    def __init__(self, *answers: bytes) -> None:
        self._answers = deque(answers)
        self._waiting = b""
        self._now = 0.0
        self.written: list[tuple[float, bytes]] = []

    def now(self) -> float:
        return self._now

    def read(self, limit_s: float) -> bytes:
        data, self._waiting = self._waiting, b""
        self._now += 0.01 if data else limit_s
        return data

    def write(self, data: bytes) -> None:
        self.written.append((self._now, data))
        self._waiting += self._answers.popleft() if self._answers else b""

    def comes(self, data: bytes) -> None:
        self._waiting += data

    def take_lost(self) -> int:
        return 0

    def close(self) -> None:
        return


def test_an_answer_is_the_lines_before_ok_without_the_echo() -> None:
    dialogue = Dialogue(ScriptedWire(b"ATI3\r\r\nUSR 5637\r\n\r\nV1.2\r\nOK\r\n"))
    assert dialogue.ask("ATI3") == ("USR 5637", "V1.2")


def test_what_comes_unasked_is_no_part_of_an_answer_and_is_not_lost() -> None:
    wire = ScriptedWire(b"\r\nRING\r\n8\r\nNMBR = 123\r\n\x10R\r\nOK\r\n\x10/\x101")
    dialogue = Dialogue(wire)
    assert dialogue.ask("AT+FCLASS=?") == ("8",)
    news = [item for item, _ in dialogue.listen(0)]
    assert news == [TextLine("RING"), TextLine("NMBR = 123"), Code("R"), Code("/"), Code("1")]


def test_news_carry_the_time_at_which_they_came() -> None:
    wire = ScriptedWire(b"\x105", b"\r\nOK\r\n")
    dialogue = Dialogue(wire)
    dialogue.send(b"\x10!")
    dialogue.rest(1.0)
    dialogue.ask("AT")
    ((item, at_ms),) = dialogue.kept()
    assert item == Code("5")
    assert at_ms == pytest.approx(10)
    assert dialogue.kept() == []


@pytest.mark.parametrize("word", ["ERROR", "NO CARRIER", "BUSY"])
def test_no_is_an_error_that_names_command_and_word(word: str) -> None:
    with pytest.raises(Refused, match=rf"AT\+VTX was answered {word}"):
        Dialogue(ScriptedWire(f"\r\n{word}\r\n".encode())).ask("AT+VTX")


def test_no_answer_is_an_error_in_good_time() -> None:
    wire = ScriptedWire(b"\r\nRING\r\n")
    dialogue = Dialogue(wire)
    with pytest.raises(Unanswered, match="ATZ was not answered within 2 s"):
        dialogue.ask("ATZ", 2)
    assert wire.now() == pytest.approx(2, abs=0.05)
    assert [item for item, _ in dialogue.listen(0)] == [TextLine("RING")]


def test_commands_keep_their_distance_from_the_last_answer_and_a_late_one_is_dropped() -> None:
    wire = ScriptedWire(b"\r\nOK\r\n", b"\r\nERROR\r\n")
    dialogue = Dialogue(wire, gap_s=0.1)
    dialogue.ask("AT")
    wire.comes(b"\r\nOK\r\n")  # of a command long given up
    with pytest.raises(Refused):
        dialogue.ask("AT+VLS=1")
    (first, _), (second, _) = wire.written
    assert second - first == pytest.approx(0.11)


def test_the_end_of_a_stream_is_waited_for_past_the_sound() -> None:
    wire = ScriptedWire(b"\r\nCONNECT\r\nabc", b"def\x10b\x10\x03\r\nOK\r\n")
    dialogue = Dialogue(wire)
    dialogue.ask("AT+VRX", brings_audio=True)
    dialogue.send(b"\x10!")
    assert dialogue.says_ok(1)
    assert [item for item, _ in dialogue.listen(0)] == [Code("b")]
    assert not dialogue.says_ok(1)
