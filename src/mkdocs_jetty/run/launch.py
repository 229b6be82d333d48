"""How a child begins: where modules are found, before anything of the project's is.

A script on its own: until it has said where modules are found, none of this package is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

STANDBY = "--standby"
"""What a process is started with that is told its arguments later, as one line of JSON on its standard input."""
INSTALLED = ("site-packages", "dist-packages")


def command(root: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs pytest on a project."""
    return [sys.executable, __file__, root, *arguments]


def arguments_of(command: Sequence[str]) -> list[str]:
    """The arguments for pytest in a command that runs it."""
    return list(command[3:])


def standby_command(root: str) -> list[str]:
    """The command that loads pytest for a project, and waits."""
    return [sys.executable, __file__, STANDBY, root]


def make_importable(root: str) -> None:
    """Let a project import what stands in its directory, as under `python -m pytest`, but nothing in place of Python's.

    A file `types.py` beside mkdocs.yml must not stand in for the standard library's.
    """
    if root not in sys.path:
        installed = (number for number, path in enumerate(sys.path) if path.endswith(INSTALLED))
        sys.path.insert(next(installed, len(sys.path)), root)


def main() -> None:
    """Run pytest on the project's directory with the arguments after it; of a standby, with those that it is told."""
    if sys.path[:1] == [os.path.dirname(__file__)]:  # noqa: PTH120 - nothing is imported yet
        del sys.path[0]
    waits = sys.argv[1] == STANDBY
    make_importable(sys.argv[2] if waits else sys.argv[1])
    # pytest rewrites the assertions of whatever a plugin's distribution holds, on each run anew where no bytecode is
    # written. What is imported already is left as it is; step modules, which do assert, come later and are rewritten.
    import pytest  # noqa: PLC0415 - only now are modules found where they should be
    import pytest_bdd  # noqa: PLC0415

    import mkdocs_jetty.hosts.pytest_session  # noqa: PLC0415

    for package in (mkdocs_jetty, pytest_bdd):
        # Else pytest warns of it, which ends the run of a project that has warnings raised.
        package.__doc__ = f"{package.__doc__ or ''}\n\nPYTEST_DONT_REWRITE"

    sys.exit(pytest.main(_told() if waits else sys.argv[2:]))


def _told() -> list[str]:
    """Wait for the arguments, and take over where a process that is started for them would begin."""
    import json  # noqa: PLC0415

    line = sys.stdin.buffer.readline()
    if not line:  # whoever had us wait is gone
        sys.exit()
    order = json.loads(line)
    os.environ.clear()
    os.environ.update(order["environment"])
    output = os.open(order["output"], os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    return list(order["arguments"])


if __name__ == "__main__":
    main()
