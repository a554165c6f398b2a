"""The command line."""

from __future__ import annotations


def main() -> None:
    """Run `ivrbox` as the shell would."""
    from ivrbox.cli.app import ivrbox  # noqa: PLC0415 - importing the package alone should cost nothing

    ivrbox()
