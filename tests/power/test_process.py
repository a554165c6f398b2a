"""What is left in the memory of the process, and what goes to the disk, when a caller opts out."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from ivrbox.cdr import CallRecord, Store
from ivrbox.dsp import tones
from ivrbox.recordings import Archive, Recorder, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    Count = Callable[[Iterable[bytes | memoryview], NDArray[np.int16]], int]

PROGRAM = Path(__file__).parent / "discarding_caller.py"
BOX = Path(__file__).parent / "piped_box.py"
FRAMES = 750
KEY_BYTES = 32


def memory_of(process: int) -> Iterator[bytes]:
    """All that the process can write to, held still meanwhile."""
    os.kill(process, signal.SIGSTOP)
    os.waitid(os.P_PID, process, os.WSTOPPED)
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text("utf-8").splitlines():
            where = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if where:
                start, end = (int(number, 16) for number in where.groups())
                yield os.pread(memory.fileno(), end - start, start)
    os.kill(process, signal.SIGCONT)


def said(stream: IO[bytes] | None) -> str:
    assert stream is not None
    return stream.readline().decode().strip()


def test_after_a_discard_the_process_holds_nothing_of_the_call_and_no_key(count_windows: Count) -> None:
    sound = np.random.default_rng(3).integers(-32768, 32768, (FRAMES * 160, 2), np.int16)
    command = [sys.executable, str(PROGRAM), str(FRAMES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        process.stdin.write(sound.tobytes())
        address = int(said(process.stdout).split()[0])
        before = list(memory_of(process.pid))
        with Path(f"/proc/{process.pid}/mem").open("rb", buffering=0) as memory:
            key = os.pread(memory.fileno(), KEY_BYTES, address)
        process.stdin.write(b".")
        assert said(process.stdout) == "True"
        after = list(memory_of(process.pid))
        process.stdin.write(b".")
    words = 2 * sound.nbytes // 8
    assert sum(piece.count(key) for piece in before) == 1, "the key is in one place"
    assert count_windows(before, sound) > words / 100, "the search does not find what is on the desk"
    assert sum(piece.count(key[:16]) + piece.count(key[16:]) for piece in after) == 0
    assert count_windows(after, sound) <= words / 1000


CONFIG = {
    "ivrbox.toml": """
[call]
entry = "ask"
""",
    "flows/ask.toml": """
[steps.ask]
prompt = "To opt out, press 1."
function = "decide"
dtmf = { digits = 1, first_digit_timeout = 60 }

[steps.more]
prompt = "And now?"
dtmf = { digits = 1, first_digit_timeout = 60 }
""",
    "functions/ask.py": """
def decide(conv, flow):
    conv.discard_recording()
    flow.goto_step("more")
""",
}


def test_after_a_discard_the_whole_box_holds_nothing_of_the_caller(count_windows: Count, tmp_path: Path) -> None:
    for name, text in CONFIG.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    sound = np.random.default_rng(5).integers(-200, 200, (FRAMES * 160, 1), np.int16)
    pressed = np.concatenate([sound[:, 0], np.zeros(8000, np.int16), tones.key("1", ms=100), np.zeros(80000, np.int16)])
    command = [sys.executable, str(BOX), str(tmp_path), str(tmp_path / "data"), "50"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        feeder = threading.Thread(target=write_all, args=(process.stdin, pressed.tobytes()))
        feeder.start()
        assert said(process.stdout) == "discarded"
        pieces = list(memory_of(process.pid))
        process.kill()
        feeder.join()
    assert count_windows(pieces, sound) <= sound.nbytes / 8 / 1000


def write_all(pipe: IO[bytes], sound: bytes) -> None:
    """Feed a process for as long as it listens."""
    with suppress(BrokenPipeError):
        for at in range(0, len(sound), 320):
            pipe.write(sound[at : at + 320])


def discarded_call(seconds: int, number: int, store: Store, spool: Spool) -> None:
    call_id, frame = f"call{number}", np.random.default_rng(number).integers(-30000, 30000, 160, np.int16)
    store.begin(call_id, "noise", None, "2026-03-01T12:00:00+00:00", "open")
    recorder = Recorder(spool)
    for _ in range(50 * seconds):
        recorder.push(frame, frame)
    store.discarded(call_id, asdict(recorder.discard()))
    recorder.end()
    store.finish(CallRecord(call_id, "noise", None, "2026-03-01T12:00:00+00:00", seconds, "x", recording="discarded"))
    recorder.release()


def written_bytes(folder: Path, device: Path) -> int:
    """Bytes written to a block device since it is there (Documentation/block/stat.rst: field 7, sectors of 512)."""
    opened = os.open(folder, os.O_RDONLY)
    ctypes.CDLL(None).syncfs(opened)
    os.close(opened)
    return 512 * int(Path(f"/sys/block/{device.name}/stat").read_text("ascii").split()[6])


def test_a_discarded_call_writes_the_same_however_long_it_was(
    formatted: Callable[..., AbstractContextManager[tuple[Path, Path]]],
) -> None:
    with formatted("ext4", 32) as (data, device), closing(Store(data / "calls.db")) as store:
        Archive(data / "recordings", [])
        spool, wrote = Spool(180), []
        for number, seconds in enumerate((10, 10, 120)):  # the first grows the files of the store
            before = written_bytes(data, device)
            discarded_call(seconds, number, store, spool)
            wrote.append(written_bytes(data, device) - before)
    assert wrote[1] > 0
    assert wrote[2] - wrote[1] <= 64 * 1024
