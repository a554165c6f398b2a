"""What an author's function costs a call: `python tests/bench/functions.py`.

Budgets: 25 ms for the first answer once the host is warm, 1 ms for later ones, 200 ms from the limit to the end of a
function that would not stop. Beside them: what the call's own thread spends, and what the children weigh.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivrbox.appliance.function_process import FunctionProcess
from ivrbox.appliance.functions import MEMORY_LIMIT, FunctionHost, News, Returned
from ivrbox.dialog.functions import FunctionKind, FunctionRequest
from ivrbox.dialog.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

AUTHOR = """
import re
def greet(conv: Conversation, flow: Flow):
    conv.state["calls"] = conv.state.get("calls", 0) + 1
    return {"utterance": "Hello, this is the front desk."}
def regex(conv, flow):
    re.match(r"(a+)+$", "a" * 40 + "b")
"""
LIMIT_S = 0.3
HISTORY = tuple(Turn("agent", "To opt out of the recording, press 1.") for _ in range(20))


def main() -> None:
    """Measure, and print each figure beside its budget."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "desk.py"
        source.write_text(AUTHOR)
        greet = FunctionRequest(FunctionKind.STEP, "greet", source, HISTORY)
        regex = FunctionRequest(FunctionKind.STEP, "regex", source, HISTORY)
        _show("start of both children", [_start_ms() for _ in range(10)], "")
        _show("first answer", [_first_ms(greet) for _ in range(10)], "25 ms")
        with FunctionHost(LIMIT_S) as host:
            host.warm()
            _answer(host, greet)
            _show("warm answer", [_answer(host, greet) for _ in range(1000)], "1 ms")
            _show("kill after the limit", [_answer(host, regex) - LIMIT_S * 1000 for _ in range(5)], "200 ms")
            _show("first answer after a kill", [_after_a_kill_ms(host, regex, greet) for _ in range(5)], "25 ms")
    _show("start of a spare, in the call's thread", [_spare_ms() for _ in range(10)], "a frame: 20 ms")
    _weigh()


def _start_ms() -> float:
    with FunctionHost() as host:
        began = time.perf_counter()
        host.warm()
        return _ms_since(began)


def _first_ms(request: FunctionRequest) -> float:
    with FunctionHost() as host:
        host.warm()
        return _answer(host, request)


def _after_a_kill_ms(host: FunctionHost, killed: FunctionRequest, request: FunctionRequest) -> float:
    _answer(host, killed)
    return _answer(host, request)


def _answer(host: FunctionHost, request: FunctionRequest) -> float:
    """Milliseconds from the request to its last news."""
    began = time.perf_counter()
    host.submit(request)
    news: News | None = host.poll(wait=True)
    spent = _ms_since(began)
    if request.name == "greet" and not isinstance(news, Returned):
        raise RuntimeError(f"the bench's own function failed: {news}")
    return spent


def _spare_ms() -> float:
    began = time.perf_counter()
    child = FunctionProcess(MEMORY_LIMIT)
    spent = _ms_since(began)
    child.kill()
    return spent


def _weigh() -> None:
    """Memory of a child that is ready: all of it, and what it shares with no other process."""
    child = FunctionProcess(MEMORY_LIMIT)
    while not child.is_ready:
        child.wait(1.0)
        child.receive()
    rollup = Path(f"/proc/{child.pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {name: int(size.split()[0]) for name, size in (line.split(":") for line in rollup)}
    own = kb["Private_Clean"] + kb["Private_Dirty"]
    click.echo(f"{'memory of a ready child':40} {kb['Rss'] / 1024:.1f} MB resident, {own / 1024:.1f} MB its own")
    child.kill()


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _show(what: str, spent_ms: Sequence[float], budget: str) -> None:
    allowed = f"   budget {budget}" if budget else ""
    click.echo(f"{what:40} median {statistics.median(spent_ms):8.2f} ms   worst {max(spent_ms):8.2f} ms{allowed}")


if __name__ == "__main__":
    main()
