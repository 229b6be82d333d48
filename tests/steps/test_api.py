"""Generated input: an interface that keeps to its description passes, one that breaks fails, no extra is no result."""

from __future__ import annotations

from typing import Any

import pytest
from step_projects import run, said

pytest.importorskip("schemathesis")

SCENARIOS = """
  Scenario: good
    When each operation of the interface "/openapi.json" gets 5 generated inputs within 40 seconds
    Then every answer is as the interface describes it
  Scenario: bad
    Given a shop without items
    When each operation of the interface "/openapi.json" gets 10 generated inputs within 40 seconds
    Then every answer is as the interface describes it
  Scenario: no description
    When each operation of the interface "/none.json" gets 5 generated inputs within 40 seconds
    Then every answer is as the interface describes it
  Scenario: nothing tried
    Then every answer is as the interface describes it
  Scenario: too long
    When each operation of the interface "/openapi.json" gets 5 generated inputs within 3 hours
    Then every answer is as the interface describes it
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("api"), "api", SCENARIOS)


@pytest.mark.slow
def test_an_interface_that_keeps_to_its_description_passes(found: dict[str, Any]) -> None:
    assert found["good"]["status"] == "passed", said(found["good"])
    assert found["good"]["measured"]["operations"] == "1"


@pytest.mark.slow
def test_an_interface_that_breaks_fails_with_the_operation(found: dict[str, Any]) -> None:
    assert found["bad"]["status"] == "failed"
    assert "GET /items/{n}" in said(found["bad"])


@pytest.mark.slow
def test_what_was_not_tried_proves_nothing(found: dict[str, Any]) -> None:
    assert found["no description"]["status"] != "passed"
    assert found["nothing tried"]["status"] == "failed"
    assert "max_seconds" in said(found["too long"])


@pytest.mark.slow
def test_without_schemathesis_it_is_not_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    only = SCENARIOS.split("  Scenario: bad", maxsplit=1)[0]
    found = run(tmp_path_factory.mktemp("bare"), "api", only, without="schemathesis")
    assert found["good"]["cause"] == "unavailable", said(found["good"])
    assert "mkdocs-jetty[api]" in said(found["good"])
