"""Metrics as monitoring systems read them: Prometheus' text format, and OpenMetrics with its exemplars."""

from __future__ import annotations

import sys

import pytest

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.logs import samples

ONE = ("asked_total", (("path", "/x"),))


@pytest.mark.parametrize(
    "text",
    [
        'asked_total{path="/x"} 3\n',
        '# HELP asked_total Asked.\n# TYPE asked_total counter\nasked_total{path="/x"} 3.0 1395066363000\n',
        '# TYPE asked counter\nasked_total{path="/x"} 3 # {trace_id="KOO5S4vxi0o"} 0.67\n# EOF\n',
        '# TYPE asked counter\nasked_total{path="/x"} 3 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.789\n',
        '# TYPE asked counter\nasked_total{path="/x"} 3 1520879607.789\n# EOF\n',
        'asked_total{path="/x"} 3\n# TYPE took histogram\ntook_bucket{le="1.0"} 1\ntook_bucket{le="+Inf"} 1\n',
    ],
    ids=["plain", "in milliseconds", "exemplar", "exemplar without an end", "in seconds", "histogram"],
)
def test_a_sample_is_read_whatever_stands_behind_it(text: str) -> None:
    assert samples(text)[ONE] == 3


def test_labels_are_what_their_escapes_say() -> None:
    assert samples('asked_total{path="/a\\"b\\\\c\\nd"} 1\n') == {("asked_total", (("path", '/a"b\\c\nd'),)): 1.0}


@pytest.mark.parametrize(
    "text", ["<html>", "asked_total{", "asked_total three\n", "# TYPE asked counter\nasked 1\nx\n# EOF\n"]
)
def test_what_is_no_metrics_is_said(text: str) -> None:
    with pytest.raises(AssertionError, match="the metrics are not in "):
        samples(text)


def test_without_the_package_the_steps_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "prometheus_client.openmetrics.parser", None)
    with pytest.raises(Unavailable, match="prometheus-client"):
        samples("asked_total 1\n")
