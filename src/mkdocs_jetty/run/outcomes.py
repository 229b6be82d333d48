"""What a step raises when it could not find out: neither a pass nor a failure, and never green."""

from __future__ import annotations


class Unavailable(Exception):  # noqa: N818 - it names an outcome, as `pytest.skip.Exception` does
    """A tool, a port or a service that the scenario needs is missing; the result is `unknown`."""


class Inconclusive(Exception):  # noqa: N818
    """The run could not tell, as when a load driver was itself too slow; the result is `unknown`."""
