"""The command `jetty`, called in the tests' own process."""

import inspect
from typing import Any

from click.testing import CliRunner, Result

from mkdocs_jetty import cli

# Before click 8.2 standard error is kept apart only where it is asked for.
_APART = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


def invoke(*arguments: object, answer: str | None = None) -> Result:
    """Call `jetty` with the arguments, and type the answer where it asks."""
    options: dict[str, Any] = {**_APART}
    return CliRunner(**options).invoke(cli.main, [str(argument) for argument in arguments], input=answer)
