"""What the compatibility tests share: orders of plugins, a site to describe, words for the guide's table."""

from __future__ import annotations

from pathlib import Path

import pytest
from building import Site


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "works(plugin, what): the test shows that this works with the plugin; the guide's table says so"
    )
    config.addinivalue_line(
        "markers", "limit(plugin, what): the test shows a limit with the plugin; the guide's table says so"
    )
    config.addinivalue_line("markers", "order(where): where jetty is listed in this test, if no fixture says it")


@pytest.fixture(params=["after", "before"])
def order(request: pytest.FixtureRequest) -> str:
    """Where jetty stands in `plugins:`, seen from the plugin of the case."""
    return request.param


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)
