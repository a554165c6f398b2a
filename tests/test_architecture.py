"""The house stands as drawn: what each room may import, what it must never, and what belongs to one room alone.

Imports count wherever they stand: at the top, inside a function, under `TYPE_CHECKING`, and as the constant name given
to `import_module`. `time.sleep` counts as an import of that name, however it is reached.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent

BASE = ("errors", "units")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "units": (),
    "dsp": BASE,
    "flows": BASE,
    "cdr": BASE,
    "lines": ("dsp", *BASE),
    "prompts": ("dsp", *BASE),
    "recordings": ("dsp", *BASE),
    "dialog": ("flows", *BASE),
    "calls": ("dialog", "flows", "prompts", "recordings", "lines.line", "dsp", *BASE),
    "appliance": ("calls", "dialog", "flows", "prompts", "recordings", "lines", "cdr", "dsp", *BASE),
    "cli": ("appliance", "calls", "dialog", "flows", "prompts", "recordings", "lines", "cdr", "dsp", *BASE),
    "web": ("appliance", "flows", "recordings", "cdr", *BASE),
}
"""Room (or module at the top) to what it may import of the house besides itself; `lines.line` is the contract alone."""


class Never(NamedTuple):
    """What some rooms must never import, and why."""

    rooms: tuple[str, ...]
    names: tuple[str, ...]
    because: str


HEART = ("dsp", "flows", "dialog", "calls")
CLOCKS_AND_THREADS = ("time", "threading", "concurrent", "multiprocessing", "asyncio")
DEVICES = ("pyaudio", "serial", "gpiozero", "evdev")

MUST_NEVER = (
    Never(HEART, CLOCKS_AND_THREADS, "in the tested heart time is frames, and nothing runs beside it"),
    Never(HEART, ("socket", "subprocess", "sqlite3", *DEVICES), "the tested heart does no I/O"),
)

ONLY_IN: dict[str, tuple[str, ...]] = {
    "time.sleep": ("lines", "appliance"),
    "sqlite3": ("cdr",),
    "tomli": ("flows.documents", "flows.read", "appliance.settings", "lines.countries", "lines.modem_profile"),
    "tomllib": (),  # tomli is the one reader, so that all faults in TOML files read alike
    "subprocess": ("prompts", "appliance", "cli"),
    "click": ("cli",),
    "rich": ("cli",),
    "pyrage": ("recordings",),
    **dict.fromkeys(DEVICES, ("lines",)),
}
"""A library, or a name in one, to the rooms or modules that alone may use it."""


class Use(NamedTuple):
    """One name that a module imports, and the line where it does."""

    name: str
    line: int


def uses(source: str, module: str) -> Iterator[Use]:
    """All that a module imports, as full names: `from a.b import c` uses `a.b.c`."""
    tree = ast.parse(source)
    aliases = dict(_aliases(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (Use(alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(origin, names, level):
                here = module.rsplit(".", level)[0] if level else ""
                base = ".".join(filter(None, (here, origin)))
                yield from (Use(f"{base}.{alias.name}", node.lineno) for alias in names)
            case ast.Attribute(ast.Name(name), "sleep") if aliases.get(name) == "time":
                yield Use("time.sleep", node.lineno)
            case ast.Call(func, [ast.Constant(str(name)), *_]) if _called(func) in {"import_module", "__import__"}:
                yield Use(name, node.lineno)


def _aliases(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)


def _called(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def within(name: str, places: Iterable[str]) -> bool:
    """Whether a dotted name is one of the places or lies in one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def check(source: str, module: str) -> list[str]:
    """What a module does against the rules: `file:line: what it imports; what is allowed`.

    A package is given as the module `package.__init__`.
    """
    place = module.replace(".", "/") + ".py"
    found = sorted({(use.line, wrong) for use in uses(source, module) for wrong in _wrongs(use.name, module)})
    return [f"{place}:{line}: {wrong}" for line, wrong in found]


def _wrongs(name: str, module: str) -> Iterator[str]:
    inside = module.partition(".")[2]
    room = inside.partition(".")[0]
    wanted = name.removeprefix("ivrbox.")
    if wanted != name and room != "__init__" and not within(wanted, (room, *MAY_IMPORT[room], "__version__")):
        yield f"imports {name}; {room} may import {', '.join(MAY_IMPORT[room]) or 'nothing of the house'}"
    for rule in MUST_NEVER:
        if room in rule.rooms and within(name, rule.names):
            yield f"imports {name}; {room} must never: {rule.because}"
    for owned, owners in ONLY_IN.items():
        if within(name, [owned]) and not within(inside, owners):
            yield f"uses {name}; only {' and '.join(owners)} may" if owners else f"uses {name}; nobody may"


def module_name(path: Path) -> str:
    """`ivrbox.calls.call`, or `ivrbox.calls.__init__` for a package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def cycle(sources: dict[str, str]) -> list[str]:
    """Modules that import each other in a ring, if there are any; keys are module names as `check` takes them.

    What is imported for its types alone (under `TYPE_CHECKING`) closes no ring.
    """
    graph = {module: set(_imported(source, module, sources)) - {module} for module, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        return ring
    return []


def _imported(source: str, module: str, known: Iterable[str]) -> Iterator[str]:
    """The modules of the house that a module needs to run: `a.b.c` is the module a.b.c, or a name in a.b."""
    for use in uses(_without_types(source), module):
        parts = use.name.split(".")
        candidates = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        named = (known_as for name in candidates for known_as in (name, f"{name}.__init__") if known_as in known)
        yield from list(named)[:1]


class _TypesRemoved(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def _without_types(source: str) -> str:
    return ast.unparse(_TypesRemoved().visit(ast.parse(source)))


HOUSE = sorted((ROOT / "ivrbox").rglob("*.py"))
ROOMS = sorted({module_name(path).split(".")[1] for path in HOUSE} - {"__init__", "__main__"})


@pytest.mark.parametrize("room", ROOMS)
def test_room_keeps_the_rules(room: str) -> None:
    assert room in MAY_IMPORT, f"a new room needs a row in MAY_IMPORT: {room}"
    paths = [path for path in HOUSE if module_name(path).split(".")[1] == room]
    wrongs = [wrong for path in paths for wrong in check(path.read_text(), module_name(path))]
    assert not wrongs, "\n" + "\n".join(wrongs)


def test_no_modules_import_each_other_in_a_ring() -> None:
    assert len(HOUSE) > 20
    assert cycle({module_name(path): path.read_text() for path in HOUSE}) == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_sleeps(path: Path) -> None:
    slept = [use.line for use in uses(path.read_text(), module_name(path)) if use.name == "time.sleep"]
    assert not slept, f"{path}: sleeps at lines {slept}; push frames instead"


HEART_REASON = "in the tested heart time is frames, and nothing runs beside it"


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        (
            "ivrbox.lines.tape",
            "\nfrom ivrbox.calls.call import Call",
            "2: imports ivrbox.calls.call.Call; lines may import dsp, errors, units",
        ),
        (
            "ivrbox.dialog.talk",
            "def late():\n    import ivrbox.dsp.keys",
            "2: imports ivrbox.dsp.keys; dialog may import flows, errors, units",
        ),
        (
            "ivrbox.dialog.talk",
            "if TYPE_CHECKING:\n    from ivrbox import recordings",
            "2: imports ivrbox.recordings; dialog may import flows, errors, units",
        ),
        ("ivrbox.units", "import ivrbox.errors", "1: imports ivrbox.errors; units may import nothing of the house"),
        (
            "ivrbox.dsp.dtmf",
            "from ..lines import line",
            "1: imports ivrbox.lines.line; dsp may import errors, units",
        ),
        (
            "ivrbox.dsp.__init__",
            "from ..cdr import Store",
            "1: imports ivrbox.cdr.Store; dsp may import errors, units",
        ),
        (
            "ivrbox.prompts.shelf",
            "importlib.import_module('ivrbox.cli', None)",
            "1: imports ivrbox.cli; prompts may import dsp, errors, units",
        ),
        (
            "ivrbox.calls.call",
            "from ivrbox.lines.loopback import Loopback",
            "1: imports ivrbox.lines.loopback.Loopback; calls may import " + ", ".join(MAY_IMPORT["calls"]),
        ),
        (
            "ivrbox.web.pages",
            "import ivrbox.calls",
            "1: imports ivrbox.calls; web may import appliance, flows, recordings, cdr, errors, units",
        ),
        ("ivrbox.dsp.tones", "import time as clock", f"1: imports time; dsp must never: {HEART_REASON}"),
        (
            "ivrbox.flows.read",
            "from concurrent.futures import Future",
            f"1: imports concurrent.futures.Future; flows must never: {HEART_REASON}",
        ),
        ("ivrbox.calls.player", "import socket", "1: imports socket; calls must never: the tested heart does no I/O"),
        ("ivrbox.prompts.shelf", "from time import sleep", "1: uses time.sleep; only lines and appliance may"),
        ("ivrbox.cli.run", "import time as t\nt.sleep(1)", "2: uses time.sleep; only lines and appliance may"),
        ("ivrbox.appliance.wiring", "import sqlite3", "1: uses sqlite3; only cdr may"),
        ("ivrbox.appliance.wiring", "import serial.tools", "1: uses serial.tools; only lines may"),
        (
            "ivrbox.flows.spec",
            "import tomli",
            f"1: uses tomli; only {' and '.join(ONLY_IN['tomli'])} may",
        ),
        ("ivrbox.cdr.store", "import tomllib", "1: uses tomllib; nobody may"),
    ],
)
def test_breach_is_told_with_file_line_and_what_is_allowed(module: str, source: str, wrong: str) -> None:
    assert check(source, module) == [f"{module.replace('.', '/')}.py:{wrong}"]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ivrbox.calls.call", "from ivrbox.lines.line import Heard\nfrom ivrbox.lines import line"),
        ("ivrbox.lines.pace", "import time\ntime.sleep(1)"),
        ("ivrbox.lines.hook", "def late():\n    import gpiozero"),
        ("ivrbox.cli.app", "import ivrbox\nfrom ivrbox import __version__\nimport rich"),
        ("ivrbox.dsp.dtmf", "from .goertzel import Bank\nimport math"),
        ("ivrbox.__init__", "import ivrbox.errors"),
        ("ivrbox.dialog.timers", "import timeit\nself.sleep = 1"),
    ],
)
def test_what_is_allowed_passes(module: str, source: str) -> None:
    assert check(source, module) == []


def test_ring_is_found_through_packages_and_late_imports() -> None:
    ring = cycle(
        {
            "ivrbox.cdr.__init__": "from ivrbox.cdr.store import Store",
            "ivrbox.cdr.store": "def late():\n    from ivrbox.cdr import Record",
            "ivrbox.cdr.rows": "import ivrbox.cdr.store",
        }
    )
    assert set(ring) == {"ivrbox.cdr.__init__", "ivrbox.cdr.store"}


def test_imports_for_types_alone_close_no_ring() -> None:
    one = "from __future__ import annotations\nif TYPE_CHECKING:\n    from ivrbox.cdr.b import B"
    assert cycle({"ivrbox.cdr.a": one, "ivrbox.cdr.b": "from ivrbox.cdr.a import A"}) == []
