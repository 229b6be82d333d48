"""How a child begins: where modules are found, before anything of the project's is.

A script on its own: until it has said where modules are found, none of this package is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

INSTALLED = ("site-packages", "dist-packages")


def command(root: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs pytest on a project."""
    return [sys.executable, __file__, root, *arguments]


def make_importable(root: str) -> None:
    """Let a project import what stands in its directory, as under `python -m pytest`, but nothing in place of Python's.

    A file `types.py` beside mkdocs.yml must not stand in for the standard library's.
    """
    if root not in sys.path:
        installed = (number for number, path in enumerate(sys.path) if path.endswith(INSTALLED))
        sys.path.insert(next(installed, len(sys.path)), root)


def main() -> None:
    """Run pytest with the arguments after the project's directory."""
    if sys.path[:1] == [os.path.dirname(__file__)]:  # noqa: PTH120 - nothing is imported yet
        del sys.path[0]
    make_importable(sys.argv[1])
    # pytest rewrites the assertions of whatever a plugin's distribution holds, on each run anew where no bytecode is
    # written. What is imported already is left as it is; step modules, which do assert, come later and are rewritten.
    import pytest  # noqa: PLC0415 - only now are modules found where they should be
    import pytest_bdd  # noqa: PLC0415

    import mkdocs_jetty.hosts.pytest_session  # noqa: PLC0415

    for package in (mkdocs_jetty, pytest_bdd):
        # Else pytest warns of it, which ends the run of a project that has warnings raised.
        package.__doc__ = f"{package.__doc__ or ''}\n\nPYTEST_DONT_REWRITE"

    sys.exit(pytest.main(sys.argv[2:]))


if __name__ == "__main__":
    main()
