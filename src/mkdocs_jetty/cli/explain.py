"""`jetty explain`: what the code of a problem means, and what to do."""

from __future__ import annotations

import re

import click

from mkdocs_jetty.cli.errors import WrongUse
from mkdocs_jetty.errors import did_you_mean
from mkdocs_jetty.kinds import KINDS

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Say what CODE means, such as JTY201, and what to do about it."""
    known = {kind.code: kind for kind in KINDS}
    kind = known.get(code.strip("[]").upper())
    if kind is None:
        raise WrongUse(f"no problem has the code {code!r}{did_you_mean(code.upper(), list(known))}")
    click.echo(f"{kind.code}: {kind.title.replace('`', '')}")
    click.echo(_LINK.sub(r"\1", kind.remedy))
