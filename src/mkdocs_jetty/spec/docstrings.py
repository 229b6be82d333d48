"""What a step is given of a doc string: what the same text is in a `.feature` file under pytest-bdd itself."""

from __future__ import annotations

import textwrap


def as_given(docstring: str) -> str:
    """Take away the indentation that all lines share beyond that of the quotes, and the blanks of empty lines.

    Gherkin leaves both to the author, and so do the page and the exports; pytest-bdd does not.
    """
    return textwrap.dedent(docstring)
