"""How long 200 scenarios take: `python tests/bench/scenarios.py`.

The shipped scenarios are played round and round until 200 calls have been made; the figure is processor time on one
core, prompts spoken ahead. Each passes, or the figure is worth nothing.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

from ivrbox.appliance.scenarios import play, read_scenarios

CONFIG = Path(__file__).parents[2] / "config"
CALLS = 200


def main() -> None:
    """Play them and print the figure."""
    shipped = itertools.cycle(read_scenarios(CONFIG).items())
    scenarios = {f"{name} {number}": spec for number, (name, spec) in zip(range(CALLS), shipped, strict=False)}
    with tempfile.TemporaryDirectory() as prompts:
        list(play(CONFIG, read_scenarios(CONFIG), prompts=Path(prompts)))  # speaks the prompts
        before = time.process_time()
        verdicts = list(play(CONFIG, scenarios, prompts=Path(prompts)))
        spent = time.process_time() - before
    failed = [verdict.name for verdict in verdicts if not verdict.passed]
    seconds = sum(verdict.record.duration_s for verdict in verdicts if verdict.record)
    print(f"{len(verdicts)} scenarios, {len(failed)} failed: {spent:.1f} s of processor time")
    print(f"{seconds:.0f} s of calls: {seconds / spent:.0f} x real time")


if __name__ == "__main__":
    main()
