"""A box that answers a thousand callers who do as they please: `python tests/bench/soak.py [CALLS]`.

Callers key digits, say nothing, hang up at any moment, opt out, leave messages, meet functions that fail. What is
measured every so often must not grow with the number of calls: resident memory, threads, file handles, child processes,
rows besides one for each call. Simulated time; ends 1 if anything grows.
"""

from __future__ import annotations

import gc
import random
import sqlite3
import sys
import tempfile
import textwrap
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ivrbox.appliance.outside import shown_outside
from ivrbox.appliance.phone import NotHeard, Phone
from ivrbox.appliance.status import resident_bytes
from ivrbox.appliance.wiring import Box, open_box
from ivrbox.lines.loopback import Loopback
from ivrbox.prompts.clip import Clip
from ivrbox.units import SAMPLE_RATE

if TYPE_CHECKING:
    from ivrbox.cdr import CallRecord

CALLS = 1000
LOOKS = 40

MOST_BYTES_A_CALL = 1500
"""Slope of the resident memory over the second half that still counts as none: 1.5 MB in a thousand calls."""

FILES = {
    "ivrbox.toml": """
        [call]
        entry = "main"
        function_limit_s = 0.5
        [line]
        rings = 1
        [recording]
        max_minutes = 2
        [retention]
        count = 20
        reserve_megabytes = 1
    """,
    "flows/main.toml": """
        [steps.consent]
        prompt = "Two."
        dtmf = { digits = 1, collect_while_speaking = true, first_digit_timeout = 1 }
        on.1 = { discard_recording = true, goto = "menu" }
        on.no_input = "menu"
        on.complete = "menu"
        on_fail = { hangup = true }

        [steps.menu]
        prompt = "Menu."
        dtmf = { digits = 1, first_digit_timeout = 1 }
        on = { 1 = "card", 2 = "message", 3 = "raises", 4 = "nonsense", 5 = "dies", no_input = { hangup = true } }
        on_fail = { hangup = true }

        [steps.card]
        prompt = "Card."
        dtmf = { digits = 8, pii = true, first_digit_timeout = 1, inter_digit_timeout = 1 }
        then = "menu"
        on_fail = { hangup = true }

        [steps.message]
        prompt = "Speak."
        record_message.max_length = 5
        then = "menu"
        on_fail = { hangup = true }

        [steps.raises]
        function = "raises"
        on_fail = "menu"
        [steps.nonsense]
        function = "nonsense"
        on_fail = "menu"
        [steps.dies]
        function = "dies"
        on_fail = "menu"
    """,
    "functions/main.py": """

        def raises(conv, flow):
            raise ValueError(conv.history[-1].text)

        def nonsense(conv, flow):
            return 42

        def dies(conv, flow):
            os._exit(1)
    """,
}


class Hum:
    """A voice that hums any text at once, 50 ms a character."""

    name: Final = "hum"

    def available(self) -> bool:
        """Everywhere."""
        return True

    def speak(self, text: str) -> Clip:
        """Hum it."""
        phase = np.arange(400 * len(text)) * (2 * np.pi * 150 / SAMPLE_RATE)
        return Clip((800 * np.sin(phase)).astype(np.int16), text)


@dataclass(frozen=True)
class Look:
    """What a box held after so many calls."""

    calls: int
    resident: int
    threads: int
    handles: int
    children: int
    rows: int


@dataclass
class Soak:
    """The looks in order, and what callers did."""

    looks: list[Look] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    recordings: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def slope(self) -> float:
        """Growth of the resident memory over the second half, in bytes a call."""
        late = self.looks[len(self.looks) // 2 :]
        return float(np.polyfit([look.calls for look in late], [look.resident for look in late], 1)[0])

    def growths(self) -> list[str]:
        """What has grown, in words. The first looks are left out: a box makes its workers and spools when needed."""
        early, late = self.looks[len(self.looks) // 4], self.looks[-1]
        names = ("threads", "handles", "children")
        grown = [f"{name}: {getattr(early, name)}, then {getattr(late, name)}" for name in names]
        return [
            *(words for words, name in zip(grown, names, strict=True) if getattr(late, name) > getattr(early, name)),
            *(f"rows: {look.rows} after {look.calls} calls" for look in self.looks if look.rows != look.calls),
        ]


def soak(calls: int, folder: Path, *, seed: int = 1, looks: int = LOOKS) -> Soak:
    """Make so many calls on a box in `folder`."""
    line, dice, seen = Loopback(), random.Random(seed), Soak()
    with (
        open_box(config_in(folder / "config"), folder / "data", line=line, voice=Hum()) as box,
        shown_outside(box, folder / "data"),
    ):
        phone = Phone(line, box.attendant)
        for number in range(1, calls + 1):
            record = one_call(phone, dice)
            seen.ended[record.ended] += 1
            seen.recordings[record.recording] += 1
            seen.seconds += record.duration_s
            if number % max(1, calls // looks) == 0:
                seen.looks.append(look(box, number))
    return seen


def config_in(folder: Path) -> Path:
    """Write the configuration."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
    return folder


def one_call(phone: Phone, dice: random.Random) -> CallRecord:
    """One caller: some keys and pauses, a hang-up at any moment."""
    phone.rings(caller=f"555{dice.randrange(10000):04}")
    with suppress(NotHeard):  # the box has hung up before
        for _ in range(dice.randrange(1, 6)):
            deed(phone, dice)
        if dice.random() < 0.5:
            phone.hangs_up()
    return phone.waits_for_the_end()


def deed(phone: Phone, dice: random.Random) -> None:
    """Something that a caller may do."""
    fate = dice.random()
    if fate < 0.5:
        phone.hears_out()
        phone.presses(dice.choice("1112345"))
    elif fate < 0.7:
        phone.presses("".join(dice.choices("1234567890*#", k=dice.randrange(1, 10))), ms=60, gap_ms=60)
    elif fate < 0.8:
        noise = np.random.default_rng(dice.randrange(100)).normal(0, 3000, dice.randrange(800, 12000))
        phone.speaks(noise.astype(np.int16))
    else:
        phone.waits(dice.random() * 2)


def look(box: Box, calls: int) -> Look:
    """Look at the process, once all is stored and what is garbage is gone."""
    box.staff.keeper.look_around().result()
    gc.collect()
    process = Path("/proc/self")
    children = sum(len(path.read_text().split()) for path in process.glob("task/*/children"))
    return Look(
        calls,
        resident_bytes(),
        threading.active_count(),
        len(list((process / "fd").iterdir())),
        children,
        rows_in(box.store.path),
    )


def rows_in(database: Path) -> int:
    """Rows of all tables; counted by SQLite, since reading them all would itself need more memory each time."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)  # noqa: S608 - names from the schema itself


def main() -> int:
    """Soak, and print how things stood."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        seen = soak(calls, Path(folder))
    print(f"{'calls':>6} {'resident':>12} {'threads':>8} {'handles':>8} {'children':>9} {'rows':>6}")
    for here in seen.looks[:: max(1, len(seen.looks) // 10)] + seen.looks[-1:]:
        size = f"{here.resident / 1e6:.1f} MB"
        print(f"{here.calls:6} {size:>12} {here.threads:8} {here.handles:8} {here.children:9} {here.rows:6}")
    print(f"ended: {dict(seen.ended)}; recordings: {dict(seen.recordings)}")
    spent = time.process_time() - began
    print(f"{seen.seconds / 3600:.1f} h of calls in {spent:.0f} s of processor time")
    print(f"memory over the second half: {seen.slope:+.0f} bytes a call")
    growths = seen.growths()
    if calls >= CALLS and seen.slope > MOST_BYTES_A_CALL:  # before that, the store's page cache fills
        growths.append(f"memory: {seen.slope:.0f} bytes a call, more than {MOST_BYTES_A_CALL}")
    print("nothing grows" if not growths else "GROWS: " + "; ".join(growths))
    return 1 if growths else 0


if __name__ == "__main__":
    sys.exit(main())
