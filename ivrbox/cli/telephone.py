"""A telephone at the terminal: type its keys, read what the box says, watch the call live."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.segment import Segment
from rich.text import Text

from ivrbox.appliance.record import turn_record
from ivrbox.cli.story import STATE_STYLES, conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from ivrbox.appliance.visit import Visit
    from ivrbox.appliance.wiring import Box
    from ivrbox.cdr import CallRecord
    from ivrbox.lines.loopback import Loopback

KEYS = "0123456789*#"
HANG_UP = "hq\x03\x04"  # h, q, Ctrl-C and Ctrl-D
LOCAL_FLAGS = 3
REDRAW_S = 0.1

ROWS_BESIDE = 7
"""Of the screen: the panel's two edges, state, keys, two empty lines, and one below for the cursor."""


def telephone(line: Loopback, box: Box) -> CallRecord:
    """Call the box from this terminal; give the record once either side has hung up."""
    stop = threading.Event()
    attendant = threading.Thread(target=box.attendant.serve, args=(stop,), name="attendant")
    line.far.rings()
    attendant.start()
    try:
        with _raw_keys() as keys, Live(auto_refresh=False) as live:
            _talk(line, box, keys, live)
    finally:
        line.far.hangs_up()
        stop.set()
        attendant.join()
    return _last_record(box)


def _talk(line: Loopback, box: Box, keys: Iterator[str], live: Live) -> None:
    pressed = ""
    while box.attendant.last_filed is None:
        live.update(_picture(box.attendant.visit, pressed), refresh=True)
        for key in next(keys):
            if key in HANG_UP:
                return
            if key in KEYS:
                line.far.presses(key, ms=100, gap_ms=60)
                pressed = (pressed + key)[-1:]


def _last_record(box: Box) -> CallRecord:
    filed = box.attendant.last_filed
    if filed is None:
        raise SystemExit("ivrbox: hung up before the box had answered")
    return filed.result()


def _picture(visit: Visit | None, pressed: str) -> RenderableType:
    if visit is None:
        return Panel(Text("ringing ...", style="yellow"), title="ivrbox demo", border_style="yellow")
    call = visit.call
    state = Text.assemble(
        ("speaking" if call.is_speaking else "listening", "green"),
        f"   {call.duration_s:5.1f} s   ",
        _recording(visit.recorder.state.value),
        f"   last key {pressed}" if pressed else "",
    )
    hint = Text("keys 0-9 * #     h hangs up", style="dim")
    turns = _Newest(conversation(map(turn_record, call.turns)), ROWS_BESIDE)
    return Panel(Group(state, Text(), turns, Text(), hint), title="ivrbox demo", border_style="green")


@dataclass(frozen=True)
class _Newest:
    """What is shown last of a thing that grows; the screen's height less `beside` rows is all there is."""

    shown: RenderableType
    beside: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the last lines that fit."""
        room = max(1, console.height - self.beside)
        lines = console.render_lines(self.shown, options.update(height=None), pad=False)
        for line in lines[-room:]:
            yield from line
            yield Segment.line()


def _recording(state: str) -> Text:
    words = "● recording, in memory only" if state == "open" else f"recording {state}"
    return Text(words, STATE_STYLES[state])


@contextmanager
def _raw_keys() -> Iterator[Iterator[str]]:
    """Read keys as they are typed; the terminal is given back as it was, whatever happens.

    Ctrl-C is a key, too: as a signal it would reach whoever synthesizes speech for the box, and end the call badly.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    mode = termios.tcgetattr(terminal)
    mode[LOCAL_FLAGS] &= ~termios.ISIG
    termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
    try:
        yield _typed(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _typed(terminal: int) -> Iterator[str]:
    while True:
        ready, _, _ = select.select([terminal], [], [], REDRAW_S)
        yield (os.read(terminal, 64).decode(errors="ignore") or HANG_UP[-1]) if ready else ""
