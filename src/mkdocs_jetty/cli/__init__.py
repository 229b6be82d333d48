"""The command `jetty`: reads, runs and judges like a build of the site, and answers on the terminal.

Each command stands in a module of its own that is imported when it is called, so that `jetty --help` does not wait
for pytest. What comes from a specification or a failure goes through `plain` before it is printed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from mkdocs_jetty import __version__
from mkdocs_jetty.cli.errors import Interrupted, WrongUse, plain
from mkdocs_jetty.config import ConfigError
from mkdocs_jetty.errors import did_you_mean
from mkdocs_jetty.kinds import coded

__all__ = ["main", "plain"]

COMMANDS = {
    "init": ("init", "Set up a project in a directory."),
    "check": ("check", "Run and judge without building a site."),
    "merge": ("merging", "Put results of several machines together and judge them."),
    "report": ("merging", "Write the whole spec as one HTML file."),
    "status": ("status", "Show features by modes, levels, and what is missing."),
    "review": ("review", "Show what hardening a feature takes."),
    "derive": ("review", "Write the scenarios that standards still ask for."),
    "challenge": ("challenge", "Find scenarios that pass without their When steps."),
    "external": ("standards", "Take the project to real users, under a preset."),
    "internal": ("standards", "Take the project back, with a reason."),
    "traits": ("traits", "Propose the traits of features, and write them."),
    "attest": ("standards", "State that a standard is met, until a date."),
    "waive": ("standards", "Record an agreed exception to a standard."),
    "evidence": ("evidence", "Note the report of another tool as evidence."),
    "snippets": ("export", "Print definitions for every undefined step."),
    "explain": ("explain", "Say what the code of a problem means."),
    "export": ("export", "Write features, messages, JUnit or JSON."),
}
"""The module of each command, and what `--help` says of it."""


class JettyGroup(click.Group):
    """Finds commands when they are called, and turns what the rooms raise into one line and an exit status."""

    def list_commands(self, _: click.Context) -> list[str]:
        """All commands, in the order in which they are needed."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import the module of a command."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"mkdocs_jetty.cli.{COMMANDS[name][0]}"), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command that is called, or name the one that may be meant."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        hint = did_you_mean(name, list(COMMANDS))
        raise click.UsageError(f"there is no command `{name}`{hint}; `jetty --help` lists them")

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_module, said) in COMMANDS.items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command on whatever console there is: what it cannot show is escaped."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Answer a wrong option before the command like one after it."""
        with _in_one_line():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _in_one_line():
            return super().invoke(ctx)


# A call without arguments prints the help: an exception of its own from click 8.2 on, an exit before.
NO_ARGUMENTS: tuple[type[Exception], ...] = tuple(filter(None, [getattr(click.exceptions, "NoArgsIsHelpError", None)]))


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        raise Interrupted("interrupted") from None
    except NO_ARGUMENTS:
        raise
    except click.UsageError as error:
        raise WrongUse(error.format_message()) from None
    except ConfigError as error:
        raise WrongUse(coded(str(error))) from error


@click.group(cls=JettyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jetty")
def main() -> None:
    """Living specifications: run the Gherkin on your pages and judge it."""
