"""`ivrbox`: the group that all commands hang on, and the one place where errors become messages."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

import ivrbox as package
from ivrbox.cli.places import find_places
from ivrbox.errors import IvrboxError

if TYPE_CHECKING:
    from collections.abc import Callable

BAD_INPUT = 2
"""Exit code when a file, an option or a device is at fault: one clear message, no traceback."""

_COMMANDS = {
    "call": "ivrbox.cli.call:call",
    "calls": "ivrbox.cli.calls_view:calls",
    "check": "ivrbox.cli.check:check",
    "decode": "ivrbox.cli.decode:decode",
    "demo": "ivrbox.cli.demo:demo",
    "devices": "ivrbox.cli.devices:devices",
    "doctor": "ivrbox.cli.doctor:doctor",
    "draw": "ivrbox.cli.draw:draw",
    "keypad": "ivrbox.cli.keypad:keypad",
    "line-test": "ivrbox.cli.line_test:line_test",
    "modem-sim": "ivrbox.cli.modem_sim:modem_sim",
    "on-hook": "ivrbox.cli.on_hook:on_hook",
    "recordings": "ivrbox.cli.recordings:recordings",
    "run": "ivrbox.cli.run:run",
    "status": "ivrbox.cli.status:status",
    "test": "ivrbox.cli.test:test",
    "tidy": "ivrbox.cli.retention:tidy",
}


class BadInput(click.ClickException):
    """A file, an option or a device is at fault."""

    exit_code = BAD_INPUT

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message as it is: it already says where."""
        click.echo(f"ivrbox: {self.message}", file=file, err=file is None)


class _Commands(click.Group):
    """Imports a command only when it is asked for: `ivrbox --help` should not load a detector."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        return _with_places(getattr(import_module(module), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message} There are: {', '.join(sorted(_COMMANDS))}.", ctx) from error

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error of the tree becomes one message and exit code 2."""
        try:
            return super().invoke(ctx)
        except IvrboxError as error:
            raise BadInput(str(error)) from error


def _named(ctx: click.Context, param: click.Parameter, folder: Path | None) -> None:
    """Let a folder that is named after the command win over one named before it."""
    if folder is not None:
        ctx.obj = replace(ctx.obj, **{str(param.name): folder})


def _with_places(command: click.Command) -> click.Command:
    """Have a command, and all below it, take --config and --data as well: people type them where they think of them."""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _with_places(child)
    taken = {param.name for param in command.params}
    command.params += [option for option in _place_options(_named) if option.name not in taken]
    return command


def _place_options(callback: Callable[..., None] | None = None) -> list[click.Option]:
    folder = click.Path(path_type=Path, file_okay=False)
    return [
        click.Option(
            [flag],
            type=folder,
            callback=callback,
            expose_value=callback is None,
            envvar=None if callback else env,
            help=text,
        )
        for flag, env, text in (
            ("--config", "IVRBOX_CONFIG", "Folder with ivrbox.toml, flows, functions and prompts; only read."),
            ("--data", "IVRBOX_DATA", "Folder for records, recordings and spoken prompts; all that is ever written."),
        )
    ]


@click.command(cls=_Commands, params=_place_options(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package.__version__, prog_name="ivrbox")
@click.pass_context
def ivrbox(ctx: click.Context, config: Path | None, data: Path | None) -> None:
    """A box that answers a phone line, runs flows written in TOML, and forgets what a caller wants forgotten."""
    ctx.obj = find_places(config, data)
