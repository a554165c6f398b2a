"""Authors' functions in their child process: what they may do, what comes back, and that nothing harms the box."""

from __future__ import annotations

import logging
import os
import pickle
import select
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from ivrbox.appliance import function_wire as wire
from ivrbox.appliance import functions
from ivrbox.appliance.function_process import FunctionProcess
from ivrbox.appliance.functions import DiscardAsked, FunctionHost, Raised, Returned
from ivrbox.dialog.functions import FunctionKind, FunctionReply, FunctionRequest, Move, MoveKind
from ivrbox.dialog.turns import DOTS, Turn
from ivrbox.errors import (
    BadReturn,
    DiscardTooLate,
    FunctionError,
    FunctionFailed,
    FunctionTimedOut,
    IllegalTransition,
    IvrboxError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivrbox.appliance.functions import News

    Request = Callable[..., FunctionRequest]

PATIENT_S = 20.0
HASTY_S = 0.4


@pytest.fixture(scope="module")
def host() -> Iterator[FunctionHost]:
    """A host that no test of an ordinary function will find too strict, however slow the machine."""
    with FunctionHost(limit_s=PATIENT_S) as patient:
        patient.warm()
        yield patient


@pytest.fixture(scope="module")
def hasty() -> Iterator[FunctionHost]:
    """A host whose limit a test can wait for."""
    with FunctionHost(limit_s=HASTY_S) as made:
        made.warm()
        yield made


@pytest.fixture
def request_for(tmp_path: Path) -> Request:
    """Write an author's file and ask for its function `f`."""

    def written(source: str, name: str = "f", kind: FunctionKind = FunctionKind.STEP, **more: Any) -> FunctionRequest:
        path = tmp_path / "desk.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return FunctionRequest(kind, name, path, **more)

    return written


def _heard_out(host: FunctionHost, request: FunctionRequest, refusal: IvrboxError | None = None) -> list[News]:
    """All news of one run, every wish to discard answered at once."""
    host.submit(request)
    told: list[News] = []
    while (news := host.poll(wait=True)) is not None:
        told.append(news)
        if isinstance(news, DiscardAsked):
            host.answer_discard(refusal)
    return told


def _reply(host: FunctionHost, request: FunctionRequest) -> FunctionReply:
    told = _heard_out(host, request)
    assert isinstance(told[-1], Returned), told
    return told[-1].reply


def _error(host: FunctionHost, request: FunctionRequest) -> FunctionError:
    told = _heard_out(host, request)
    assert isinstance(told[-1], Raised), told
    return told[-1].error


def _still_works(host: FunctionHost, request_for: Request) -> bool:
    return _reply(host, request_for("def f(conv, flow): return 'alive'")).says == ("alive",)


def _has_lost_its_writer(fifo: int) -> bool:
    """Whether the process that had this FIFO open for writing is gone; waits for it, but not for ever."""
    readable, _, _ = select.select([fifo], [], [], PATIENT_S)
    return bool(readable) and os.read(fifo, 1) == b""


# What a function may do.


def test_the_function_of_the_brief_works_unchanged_and_without_an_import(
    host: FunctionHost, request_for: Request
) -> None:
    source = """
        def continue_conversation(conv: Conversation, flow: Flow):
            conv.exit_flow()
            assert conv.history[-1].role == "user"
            if conv.history[-1].text == "1":
                conv.discard_recording()
            return {
                "utterance": "Hello, this is the front desk. How can I help?"
            }
        """
    history = (Turn("agent", "To opt out, press 1."), Turn("user", "1"))
    told = _heard_out(host, request_for(source, "continue_conversation", history=history))
    assert told[0] == DiscardAsked()
    assert isinstance(told[1], Returned)
    assert told[1].reply.says == ("Hello, this is the front desk. How can I help?",)
    assert told[1].reply.move == Move(MoveKind.EXIT)
    assert len(told) == 2


@pytest.mark.parametrize("kind", [FunctionKind.START, FunctionKind.END])
def test_start_and_end_functions_take_the_conversation_alone(
    kind: FunctionKind, host: FunctionHost, request_for: Request
) -> None:
    request = request_for("def f(conv): return conv.caller_number", kind=kind, caller_number="0123")
    assert _reply(host, request).says == ("0123",)


def test_a_function_sees_where_it_is(host: FunctionHost, request_for: Request) -> None:
    source = "def f(conv, flow): return f'{conv.current_flow}/{conv.current_step} {len(conv.history)}'"
    assert _reply(host, request_for(source, current_flow="desk", current_step="menu")).says == ("desk/menu 0",)


def test_state_lasts_from_function_to_function(host: FunctionHost, request_for: Request) -> None:
    source = """
        def f(conv, flow):
            conv.state["seen"] = conv.state.get("seen", 0) + 1
            return str(conv.state["seen"])
        """
    first = _reply(host, request_for(source))
    assert _reply(host, request_for(source, state=first.state)).says == ("2",)
    assert _reply(host, request_for(source)).says == ("1",)


def test_a_changed_file_is_read_again_even_at_the_same_size_and_time(host: FunctionHost, request_for: Request) -> None:
    for word in ("one", "two"):
        request = request_for(f"def f(conv, flow): return '{word}'")
        os.utime(request.source, (1, 1))
        assert _reply(host, request).says == (word,)


def test_an_unchanged_file_is_run_once(host: FunctionHost, request_for: Request) -> None:
    source = """
        from itertools import count
        numbers = count()
        def f(conv, flow): return str(next(numbers))
        """
    assert [_reply(host, request_for(source)).says for _ in range(3)] == [("0",), ("1",), ("2",)]


def test_large_histories_and_replies_pass_the_pipe_whole(host: FunctionHost, request_for: Request) -> None:
    history = tuple(Turn("agent", f"{number} " + "word " * 100) for number in range(1000))
    request = request_for("def f(conv, flow): return ''.join(turn.text for turn in conv.history)", history=history)
    assert _reply(host, request).says == ("".join(turn.text for turn in history),)


# The wish to forget.


def test_a_refused_discard_raises_in_the_function_and_can_be_caught(host: FunctionHost, request_for: Request) -> None:
    source = """
        def f(conv, flow):
            try:
                conv.discard_recording()
            except RuntimeError as error:
                return f"{type(error).__name__}: {error}"
        """
    told = _heard_out(host, request_for(source), DiscardTooLate("the window is closed"))
    assert isinstance(told[-1], Returned)
    assert told[-1].reply.says == ("DiscardTooLate: the window is closed",)


def test_a_wish_to_discard_arrives_even_if_the_function_then_raises(host: FunctionHost, request_for: Request) -> None:
    told = _heard_out(host, request_for("def f(conv, flow): conv.discard_recording(); raise ValueError('after')"))
    assert [type(news) for news in told] == [DiscardAsked, Raised]


def test_a_wish_to_discard_arrives_even_if_the_function_then_kills_its_process(
    host: FunctionHost, request_for: Request
) -> None:
    source = """
        import os
        def f(conv, flow):
            os.read = lambda *_: os._exit(1)   # it dies the moment it waits for the answer
            conv.discard_recording()
        """
    host.submit(request_for(source))
    assert host.poll(wait=True) == DiscardAsked()
    assert isinstance(host.poll(wait=True), Raised)
    host.answer_discard(None)  # what the dead child will never read is no error


def test_the_function_goes_on_only_once_the_discard_is_answered(hasty: FunctionHost, request_for: Request) -> None:
    hasty.submit(request_for("def f(conv, flow): conv.discard_recording()"))
    assert hasty.poll(wait=True) == DiscardAsked()
    news = hasty.poll(wait=True)
    assert isinstance(news, Raised)
    assert isinstance(news.error, FunctionTimedOut)
    hasty.answer_discard(None)


def test_the_end_function_cannot_discard_and_is_told_why(host: FunctionHost, request_for: Request) -> None:
    told = _heard_out(host, request_for("def f(conv): conv.discard_recording()", kind=FunctionKind.END))
    assert len(told) == 1
    assert isinstance(told[0], Raised)
    assert "DiscardTooLate: conv.discard_recording(): the call has ended" in str(told[0].error)


# What a function may get wrong.


def test_the_story_of_an_error_has_the_authors_lines_and_nobody_elses(host: FunctionHost, request_for: Request) -> None:
    source = """
        import json
        def f(conv, flow):
            try:
                json.loads("{")
            except ValueError as error:
                raise LookupError("no menu") from error
        """
    assert str(_error(host, request_for(source))) == (
        "desk.py: f failed: LookupError: no menu\n"
        '  line 5, in f: json.loads("{")\n'
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n"
        "which led to\n"
        '  line 7, in f: raise LookupError("no menu") from error'
    )


def test_a_name_that_does_not_exist_is_told_at_the_line_at_fault(host: FunctionHost, request_for: Request) -> None:
    request = request_for("def f(conv, flow): flow.goto_step('mneu')", steps=("menu", "consent"))
    error = str(_error(host, request))
    assert "UnknownName: goto_step('mneu'): no step is named 'mneu'; did you mean 'menu'?" in error
    assert "line 1, in f:" in error


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def f(conv, flow) return 1", "desk.py: f failed: SyntaxError: expected ':'"),
        ("def g(conv, flow): pass", "desk.py: no function is named 'f'; it has g"),
        ("def ff(conv, flow): pass", "desk.py: no function is named 'f'; did you mean 'ff'?"),
        ("f = 3", "desk.py: no function is named 'f'; it has none"),
        ("1 / 0", "desk.py: f failed: ZeroDivisionError: division by zero"),
        ("def f(conv): pass", "f() takes 1 positional argument but 2 were given"),
        ("def f(conv, flow): raise SystemExit(3)", "desk.py: f failed: SystemExit: 3"),
        ("def f(conv, flow): input()", "EOFError"),
        ("def f(conv, flow): f(conv, flow)", "RecursionError"),
        ("def f(conv, flow): return bytearray(1 << 40)", "MemoryError"),
        ("class E(Exception):\n    __str__ = None\ndef f(conv, flow): raise E", "E"),
    ],
)
def test_an_error_in_the_file_is_the_functions_failure(
    source: str, says: str, host: FunctionHost, request_for: Request
) -> None:
    error = _error(host, request_for(source))
    assert type(error) is FunctionFailed
    assert says in str(error)


def test_a_file_that_is_gone_is_the_functions_failure(host: FunctionHost, tmp_path: Path) -> None:
    request = FunctionRequest(FunctionKind.STEP, "f", tmp_path / "gone.py")
    assert str(_error(host, request)) == "gone.py: cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def f(conv, flow): return 42", "desk.py: f: it returned a value of type int; allowed are None, a string"),
        ("async def f(conv, flow): pass", "it returned a value of type coroutine"),
        ("def f(conv, flow): return {'utterence': ''}", "the key 'utterence'; did you mean 'utterance'?"),
        (
            "def f(conv, flow): conv.state['call'] = lambda: 1",
            "the value of 'call', of type function, cannot be pickled",
        ),
        ("def f(conv, flow): conv.state['x'] = bytes(1 << 21)", "conv.state is too large: 2097"),
        ("def f(conv, flow): return 'x' * (5 << 20)", "its reply is too large"),
    ],
)
def test_a_bad_return_says_what_was_found_and_what_is_allowed(
    source: str, says: str, host: FunctionHost, request_for: Request
) -> None:
    error = _error(host, request_for(source))
    assert type(error) is BadReturn
    assert says in str(error)


def test_secret_digits_are_in_no_error_and_no_log_line(
    host: FunctionHost, request_for: Request, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = """
        def f(conv, flow):
            pin = conv.history[-1].text
            conv.log("pin", pin); conv.log.warning("spread %s", list(pin)); print("digits:", pin, conv.history)
            conv.state[pin] = 1
            raise ValueError(f"{pin} or {int(pin)} is not {pin[:2]}-{pin[2:]}, line 12")
        """
    error = str(_error(host, request_for(source, history=(Turn("user", "471133", pii=True),))))
    assert f"ValueError: {DOTS} or {DOTS} is not {DOTS}, line 12" in error
    assert "line 6, in f" in error
    assert "4711" not in caplog.text
    assert f"pin {DOTS}" in caplog.text


# What comes to the log.


def test_logs_and_prints_go_to_the_log_with_their_level(
    host: FunctionHost, request_for: Request, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = """
        import sys
        def f(conv, flow):
            conv.log("plain"); conv.log.error("bad %d", 3)
            print("one\\ntwo"); print("begun", end="", file=sys.stderr)
        """
    _reply(host, request_for(source))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "desk.py: f: plain"),
        ("ERROR", "desk.py: f: bad 3"),
        ("INFO", "desk.py: f: one"),
        ("INFO", "desk.py: f: two"),
        ("INFO", "desk.py: f: begun"),
    ]


def test_printing_without_end_neither_blocks_nor_floods_the_log(
    host: FunctionHost, request_for: Request, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = """
        import os
        def f(conv, flow):
            for _ in range(20_000): print("spam " * 20)
            print("x" * 10_000_000, end="")
            for fd in (1, 2): os.write(fd, bytes(1 << 20))
            return "done"
        """
    assert _reply(host, request_for(source)).says == ("done",)
    assert sum(len(record.getMessage()) for record in caplog.records) < 64 << 10
    assert "more was logged or printed; it was dropped" in caplog.records[-1].getMessage()
    _reply(host, request_for("def f(conv, flow): print('the next run has a budget of its own')"))
    assert "the next run has a budget of its own" in caplog.text


# What no function can do: harm the box.

FOREVER = {
    "a loop": "def f(conv, flow):\n    while True: pass",
    "sleep": "import time\ndef f(conv, flow): time.sleep(1000)",
    "a catastrophic regex": "import re\ndef f(conv, flow): re.match(r'(a+)+$', 'a' * 40 + 'b')",
    "a loop that catches everything": """
def f(conv, flow):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
    "a stopped process": "import os, signal\ndef f(conv, flow): os.kill(os.getpid(), signal.SIGSTOP)",
    "a loop in the file itself": "while True: pass",
}


@pytest.mark.parametrize("source", FOREVER.values(), ids=FOREVER.keys())
def test_a_function_without_end_is_ended_at_its_limit(source: str, hasty: FunctionHost, request_for: Request) -> None:
    error = _error(hasty, request_for(source))
    assert type(error) is FunctionTimedOut
    assert isinstance(error, TimeoutError)
    assert str(error) == "desk.py: f took longer than its limit of 0.4 s and was ended"
    assert _still_works(hasty, request_for)


WRITES_TO_THE_BOX = """
import os
def f(conv, flow):
    for fd in range(3, 256):
        try: os.write(fd, {bytes!r})
        except OSError: pass
    while True: pass
"""
FALSE_REPLY = b'{"kind":"returned"}'
DEATHS = {
    "os._exit": ("import os\ndef f(conv, flow): os._exit(3)", "ended its process with exit status 3"),
    "a segmentation fault": ("import ctypes\ndef f(conv, flow): ctypes.string_at(0)", "crashed its process: SIGSEGV"),
    "abort": ("import os\ndef f(conv, flow): os.abort()", "crashed its process: SIGABRT"),
    "a kill from outside": ("import os\ndef f(conv, flow): os.kill(os.getpid(), 9)", "lost its process: killed"),
    "closed pipes": ("import os\ndef f(conv, flow):\n    os.closerange(3, 99)\n    while True: pass", "shut the pipe"),
    "noise in the pipe": (WRITES_TO_THE_BOX.format(bytes=b"\xff" * 9), "shut the pipe"),
    "words in the pipe": (WRITES_TO_THE_BOX.format(bytes=wire.framed(b"[1]")), "shut the pipe"),
    "a false reply": (WRITES_TO_THE_BOX.format(bytes=wire.framed(FALSE_REPLY)), "wrote into the pipe to the box"),
}


@pytest.mark.parametrize(("source", "says"), DEATHS.values(), ids=DEATHS.keys())
def test_a_function_that_ends_its_process_is_told_as_such(
    source: str, says: str, host: FunctionHost, request_for: Request
) -> None:
    error = _error(host, request_for(source))
    assert type(error) is FunctionFailed
    assert says in str(error)
    assert _still_works(host, request_for)


def test_a_death_is_seen_even_where_a_process_left_behind_holds_the_pipe(
    host: FunctionHost, request_for: Request
) -> None:
    source = """
        import os, signal
        def f(conv, flow):
            if os.fork() == 0: signal.pause()
            os._exit(3)
        """
    assert "ended its process with exit status 3" in str(_error(host, request_for(source)))
    assert _still_works(host, request_for)


def test_a_wish_to_discard_told_in_the_last_moment_counts(
    request_for: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, told = tmp_path / "go", tmp_path / "told"
    os.mkfifo(go)
    os.mkfifo(told)
    source = f"""
        import os, signal
        def wait_for_ever(*_):
            open({str(told)!r}, "w").close()
            signal.pause()
        def f(conv, flow):
            open({str(go)!r}).close()
            os.read = wait_for_ever
            conv.discard_recording()
        """
    kill = FunctionProcess.kill

    def kill_after_the_wish(process: FunctionProcess) -> int | None:
        monkeypatch.undo()
        go.open("w").close()
        told.open().close()
        return kill(process)

    monkeypatch.setattr(FunctionProcess, "kill", kill_after_the_wish)
    with FunctionHost(limit_s=0) as strict:
        strict.submit(request_for(source))
        assert strict.poll(wait=True) == DiscardAsked()
        news = strict.poll(wait=True)
        assert isinstance(news, Raised)
        assert isinstance(news.error, FunctionTimedOut)


def test_memory_without_end_is_the_functions_failure(request_for: Request) -> None:
    source = """
        def f(conv, flow):
            hoard = []
            while len(hoard) < 90: hoard.append(bytearray(1 << 20))
        """
    with FunctionHost(limit_s=PATIENT_S, memory_limit=64 << 20) as poor:
        assert "MemoryError" in str(_error(poor, request_for(source)))
        assert _still_works(poor, request_for)


def test_threads_left_behind_do_not_disturb_the_next_function(host: FunctionHost, request_for: Request) -> None:
    source = """
        import os, threading
        def spin():
            while True: pass
        def f(conv, flow):
            threading.Thread(target=spin, daemon=True).start()
            return str(os.getpid())
        """
    spun = _reply(host, request_for(source)).says
    assert _reply(host, request_for("import os\ndef f(conv, flow): return str(os.getpid())")).says != spun


def test_processes_left_behind_are_ended_and_a_forked_copy_says_nothing(
    host: FunctionHost, request_for: Request, tmp_path: Path
) -> None:
    source = f"""
        import os, signal
        def f(conv, flow):
            ready, done = os.pipe()
            if os.fork() == 0:
                held = open({str(tmp_path / "held")!r}, "w")   # the FIFO below: open as long as this copy lives
                os.write(done, b"x")
                signal.pause()
            os.read(ready, 1)
            copy = os.fork()
            if copy == 0:
                return "from a copy"
            os.waitpid(copy, 0)
            return "from the function"
        """
    os.mkfifo(tmp_path / "held")
    reading = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    told = _heard_out(host, request_for(source))
    assert [news.reply.says for news in told if isinstance(news, Returned)] == [("from the function",)]
    assert _has_lost_its_writer(reading)
    os.close(reading)
    assert _still_works(host, request_for)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_that_end_a_service_do_not_take_a_running_function(
    number: int, host: FunctionHost, request_for: Request
) -> None:
    source = f"""
        import os
        def f(conv, flow):
            os.kill(os.getpid(), {int(number)})
            return "still here"
        """
    assert _reply(host, request_for(source)).says == ("still here",)


def test_a_child_has_its_own_session_no_core_and_none_of_the_boxs_streams(
    host: FunctionHost, request_for: Request
) -> None:
    source = """
        import os, resource
        def f(conv, flow):
            streams = {os.readlink(f"/proc/self/fd/{fd}") for fd in (0, 1, 2)}
            return f"{os.getsid(0) == os.getpid()} {resource.getrlimit(resource.RLIMIT_CORE)} {streams}"
        """
    assert _reply(host, request_for(source)).says == ("True (0, 0) {'/dev/null'}",)


def test_a_child_imports_neither_numpy_nor_the_rooms_of_the_box(host: FunctionHost, request_for: Request) -> None:
    source = """
        import sys
        heavy = ("numpy", "pydantic", "asyncio", "multiprocessing", "ivrbox.dsp", "ivrbox.lines", "ivrbox.calls")
        def f(conv, flow): return " ".join(name for name in heavy if name in sys.modules) or "light"
        """
    assert _reply(host, request_for(source)).says == ("light",)


def test_a_child_dies_with_the_box_even_in_the_middle_of_a_regex(request_for: Request, tmp_path: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    request = request_for(f"""
        import re
        def f(conv, flow):
            global held
            held = open({str(held)!r}, "w")
            re.match(r"(a+)+$", "a" * 40 + "b")
        """)
    box = f"""
        import os, pickle, signal
        from ivrbox.appliance.functions import FunctionHost
        host = FunctionHost()
        host.submit(pickle.loads({pickle.dumps(request)!r}))
        open({str(held)!r}).close()   # returns once the function has opened its end
        print("running", flush=True)
        host.poll(wait=True)
        """
    command = [sys.executable, "-c", textwrap.dedent(box)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "running\n"
        reading = os.open(held, os.O_RDONLY)
        process.kill()
    assert _has_lost_its_writer(reading)
    os.close(reading)


# The host itself.


def test_one_function_runs_at_a_time(host: FunctionHost, request_for: Request) -> None:
    request = request_for("def f(conv, flow): pass")
    host.submit(request)
    with pytest.raises(IllegalTransition, match="cannot run f: it is running f"):
        host.submit(request)
    assert isinstance(host.poll(wait=True), Returned)
    assert host.poll() is None
    assert host.poll(wait=True) is None


def test_an_answer_that_nobody_waits_for_is_refused(host: FunctionHost) -> None:
    with pytest.raises(IllegalTransition, match="no function waits for an answer"):
        host.answer_discard(None)


def test_polling_without_wait_finds_the_reply_in_the_end(host: FunctionHost, request_for: Request) -> None:
    host.submit(request_for("def f(conv, flow): return 'x'"))
    while (news := host.poll()) is None:
        pass
    assert isinstance(news, Returned)


def test_a_child_that_died_idle_costs_the_next_function_nothing(host: FunctionHost, request_for: Request) -> None:
    pid = int(_reply(host, request_for("import os\ndef f(conv, flow): return str(os.getpid())")).says[0])
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert _still_works(host, request_for)


def test_a_host_that_was_not_warmed_starts_its_child_outside_of_the_limit(request_for: Request) -> None:
    with FunctionHost(limit_s=PATIENT_S) as cold:
        assert _still_works(cold, request_for)


def test_closing_ends_what_runs_and_refuses_what_comes(request_for: Request) -> None:
    with FunctionHost() as closing:
        closing.submit(request_for("def f(conv, flow):\n    while True: pass"))
        closing.close()
        assert closing.poll(wait=True) is None
        with pytest.raises(IllegalTransition, match="it is closed"):
            closing.submit(request_for("def f(conv, flow): pass"))


def test_a_child_that_is_never_ready_is_the_functions_failure(
    request_for: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions, "START_LIMIT_S", 0.0)
    with FunctionHost() as impatient:
        error = _error(impatient, request_for("def f(conv, flow): pass"))
        assert type(error) is FunctionTimedOut
        assert str(error) == "desk.py: f could not begin: no child process was ready within 0 s"


def test_a_spare_that_cannot_be_started_is_told_and_tried_again(
    request_for: Request, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with FunctionHost(limit_s=PATIENT_S) as host:
        host.warm()
        monkeypatch.setattr(subprocess, "Popen", refuse)
        _error(host, request_for("import os\ndef f(conv, flow): os._exit(0)"))
        assert "no spare child process can be started" in caplog.text
        monkeypatch.undo()
        assert _still_works(host, request_for)


def test_a_system_without_processes_is_the_functions_failure_not_the_boxs(
    request_for: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with FunctionHost() as starved:
        monkeypatch.setattr(subprocess, "Popen", refuse)
        error = _error(starved, request_for("def f(conv, flow): pass"))
        assert "desk.py: f could not be started: " in str(error)
        monkeypatch.undo()
        assert _still_works(starved, request_for)
