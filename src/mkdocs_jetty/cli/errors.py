"""What ends a command early: a line on stderr for each mistake and an exit status, whatever the message holds."""

from __future__ import annotations

from typing import Any

import click

from mkdocs_jetty.errors import plain

__all__ = ["COULD_NOT_RUN", "RED", "WRONG_USE", "Interrupted", "WrongUse", "plain"]

RED, WRONG_USE, COULD_NOT_RUN = 1, 2, 3


class WrongUse(click.ClickException):
    """Something that the caller has to put right; the message is a line for each mistake."""

    exit_code = WRONG_USE

    def show(self, file: Any = None) -> None:
        """Each mistake on a line of its own on stderr, harmless whatever it holds."""
        for each in self.message.split("\n"):
            if each.strip():
                click.echo(f"Error: {plain(each)}", file=file, err=True)


class Interrupted(click.ClickException):
    """Ctrl-C, or a run that was cut short."""

    exit_code = COULD_NOT_RUN

    def show(self, file: Any = None) -> None:
        """One line on stderr, as for every other end."""
        click.echo(f"Error: {self.message}", file=file, err=True)
