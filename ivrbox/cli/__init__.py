"""The command line."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper


def main() -> None:
    """Run `ivrbox` as the shell would.

    Matrix products here are small and on the clock: threads of BLAS would spin between them and cost more than they
    bring, so there are none unless somebody asks for them. A terminal that lacks a sign is shown `?` in its place.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ivrbox.cli.app import ivrbox  # noqa: PLC0415 - numpy must not be loaded before the line above

    ivrbox()
