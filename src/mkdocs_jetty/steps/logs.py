"""Phrases for logs and metrics: what each request leaves behind, and what it must not."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.audit import is_now, names_in
from mkdocs_jetty.steps.client import Driver, described, note_before
from mkdocs_jetty.steps.issued import issued
from mkdocs_jetty.steps.ports import Persona, Request, action_named
from mkdocs_jetty.steps.values import TYPES

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client", "mkdocs_jetty.steps.audit"]

Lines = Callable[[], Sequence[Mapping[str, Any]]]
Measure = Callable[[str, object], None]
PATIENCE_S = 2.0
SECRET = re.compile(r"pass|secret|token|code|pin|card|cvc|cvv|ssn|health|diagnos|key", re.IGNORECASE)
SHORTEST = 6
"""A shorter secret occurs by chance."""
EXEMPLAR = re.compile(r"^[^#\n]+ # \{", re.MULTILINE)
"""What stands behind a sample in OpenMetrics only (https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars)."""
END = "# EOF"
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@pytest.fixture
def jetty_traces() -> Lines | None:
    """Gives all spans; override it where there are any."""
    return None


@pytest.fixture
def jetty_error_events() -> Lines | None:
    """Gives all events of the error tracker; override it where there is one."""
    return None


@pytest.fixture
def jetty_log_fields() -> Mapping[str, Sequence[str]]:
    """How a field is called in a scenario, and what it may be called in a log line."""
    return {
        "time": ("time", "timestamp", "ts", "@timestamp"), "route": ("route", "path", "url"),
        "status": ("status", "status_code", "code"), "duration": ("duration_ms", "duration", "duration_s", "took"),
        "request reference": ("request_id", "trace_id", "request", "reference"), "level": ("level", "severity"),
    }  # fmt: skip


# ---- secrets ----


@when(parsers.parse("I {action} with marked secret values"))
def act_marked(jetty_driver: Driver, action: str) -> None:
    """Once with my real secrets, once with marks in their place; both are then looked for, and what I was handed."""
    me = jetty_driver.me
    kept = {key: value for key, value in me.facts.items() if SECRET.search(key)} or dict(me.facts)
    marks = {key: f"jetty-mark-{uuid.uuid4().hex}" for key in kept}
    marked = replace(me, facts={**me.facts, **marks})
    sent = _said(action_named(jetty_driver.actions, action)(marked, True))
    if not any(mark in sent for mark in marks.values()):
        raise Unavailable(f"the action `{action}` sends nothing out of `Persona.facts`, so nothing can be marked")
    jetty_driver.act(action)
    jetty_driver.act(action, marked)
    handed = issued(jetty_driver.world.responses, jetty_driver.client(jetty_driver.me).cookies.jar)
    real = {*(each for each in kept.values() if len(each) >= SHORTEST), *handed}
    jetty_driver.world.notes["marked"] = [*marks.values(), *sorted(real)]


def _said(request: Request) -> str:
    return repr((request.path, request.form, request.json, request.content, dict(request.headers)))


@then("none of the marked values occurs in logs, traces or error events")
def none_occurs(
    jetty_driver: Driver, jetty_logs: Lines, jetty_traces: Lines | None, jetty_error_events: Lines | None,
    jetty_measure: Measure,
) -> None:  # fmt: skip
    """As they are, and as they look in a URL or in Base64."""
    marked = jetty_driver.world.notes.get("marked", ())
    assert marked, "nothing was marked"
    _new_lines(jetty_driver, jetty_logs)  # a request that leaves no line proves nothing about lines
    sources = {"logs": jetty_logs, "traces": jetty_traces, "error events": jetty_error_events}
    for name, source in sources.items():
        said = [json.dumps(dict(each), default=str, ensure_ascii=False) for each in (source() if source else ())]
        found = sum(any(form in text for mark in marked for form in _forms(mark)) for text in said)
        assert not found, f"{found} of {len(said)} {name} hold a marked value"
    jetty_measure("searched", ", ".join(name for name, source in sources.items() if source))


def _forms(mark: str) -> set[str]:
    plain = base64.b64encode(mark.encode()).decode().rstrip("=")
    return {mark, quote(mark, safe=""), quote_plus(mark), json.dumps(mark)[1:-1], plain}


# ---- one line for a request ----


@then(parsers.re(r"one structured log line records (?P<fields>.+)"))
def one_line(
    jetty_driver: Driver, jetty_logs: Lines, jetty_log_fields: Mapping[str, Sequence[str]], fields: str,
    jetty_measure: Measure,
) -> None:  # fmt: skip
    """Exactly one new line since the last When step has all of them, each as the driver saw it."""
    names = names_in(fields)
    new = _new_lines(jetty_driver, jetty_logs)
    full = [line for line in new if all(_value(line, name, jetty_log_fields) is not None for name in names)]
    lacking = {name for name in names if all(_value(line, name, jetty_log_fields) is None for line in new)}
    assert full, f"no line records all of it; none has: {', '.join(sorted(lacking)) or 'all of them together'}"
    assert len(full) == 1, f"{len(full)} lines for one request"
    for name in names:
        _check(jetty_driver, name, _value(full[0], name, jetty_log_fields))
    jetty_measure("log fields", len(names))


def _new_lines(driver: Driver, logs: Lines) -> Sequence[Mapping[str, Any]]:
    before = driver.world.notes.get("logged")
    assert before is not None, "nothing was done before this step, so no line can be of it"
    until = time.monotonic() + PATIENCE_S
    while len(logs()) <= before and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.05)
    new = logs()[before:]
    assert new, "there is no new log line"
    return new


def _value(line: Mapping[str, Any], name: str, fields: Mapping[str, Sequence[str]]) -> Any:
    keys = fields.get(name, (name.replace(" ", "_"),))
    return next((line[key] for key in keys if line.get(key) not in (None, "")), None)


def _check(driver: Driver, name: str, value: Any) -> None:
    response = driver.world.response
    assert response is not None, "there is no answer to compare with"
    if name == "time":
        is_now(driver, name, value)
    elif name == "status":
        assert str(value) == str(response.status_code), f"the line says status {value}, I got {response.status_code}"
    elif name == "duration":
        assert isinstance(value, (int, float)), f"the duration {value!r} is no number"
        assert value >= 0, f"the duration {value} is negative"
    elif name == "route":
        _is_route(str(value), response.request.url.path)
    elif name == "request reference":
        mine = next((response.headers[key] for key in ("x-request-id", "x-correlation-id") if key in response.headers),
                    None)  # fmt: skip
        assert mine is None or str(value) == mine, f"the line says {value}, the answer said {mine}"


def _is_route(said: str, path: str) -> None:
    assert _fits_path(said, path), f"the line says {said}, and I requested {path}"


def _fits_path(said: str, path: str) -> bool:
    pattern = re.sub(r"\\\{[^}]*\\\}|<[^>]*>|:\w+", "[^/]+", re.escape(said))
    return re.fullmatch(pattern, path) is not None


def _fits(label: str, driver: Driver) -> bool:
    response = driver.world.response
    return response is not None and label.startswith("/") and _fits_path(label, response.request.url.path)


@then("a line break in my input does not start a new line")
def no_forged_line(jetty_driver: Driver, jetty_logs: Lines) -> None:
    """The same action with a line break in everything I send leaves as many lines, none of them mine."""
    action = jetty_driver.world.action
    assert action is not None, "no action was done"
    me, mark = jetty_driver.me, f"forged-{uuid.uuid4().hex}"
    if not me.facts:
        raise Unavailable("there is no input to put a line break into: `Persona.facts` is empty")
    hostile = replace(me, facts={key: f"{value}\r\n{mark}" for key, value in me.facts.items()})
    usual = _lines_of(jetty_driver, jetty_logs, action, me)
    forged = _lines_of(jetty_driver, jetty_logs, action, hostile)
    begun = [line for line in forged if any(str(value).startswith(mark) for value in line.values())]
    assert not begun, "my input has begun a line of its own"
    assert len(forged) == len(usual), (
        f"{len(forged)} lines, where the same input without a line break leaves {len(usual)}"
    )


def _lines_of(driver: Driver, logs: Lines, action: str, who: Persona) -> Sequence[Mapping[str, Any]]:
    driver.world.notes["logged"] = len(logs())
    answer = driver.act(action, who, valid=False)
    assert answer.status_code < 500, f"it broke: {described(answer)}"  # noqa: PLR2004
    return _new_lines(driver, logs)


# ---- metrics ----


@then(parsers.parse("the metric {name:Metric} went up by {n:Count}", extra_types={**TYPES, "Metric": str}))
def metric_went_up(jetty_driver: Driver, jetty_metrics: Callable[[], str], name: str, n: int) -> None:
    """Summed over its labels, or only those with the labels that are named: `http_requests_total{route="/login"}`."""
    before = jetty_driver.world.notes.get("metrics")
    assert before is not None, "nothing was done before this step"
    wanted, labels = name.partition("{")[0], dict(LABEL.findall(name))
    now = samples(jetty_metrics())
    assert _total(now, wanted, labels) is not None, f"there is no metric {name}"
    until, rise = time.monotonic() + PATIENCE_S, 0.0
    while time.monotonic() < until:
        rise = (_total(samples(jetty_metrics()), wanted, labels) or 0) - (_total(before, wanted, labels) or 0)
        if rise >= n:
            break
        time.sleep(0.02)
    assert rise == n, f"{name} went up by {rise:g}, not by {n}"


@then(parsers.parse("the request count and latency histogram of {route} went up by one"))
def request_was_counted(jetty_driver: Driver, jetty_metrics: Callable[[], str], route: str) -> None:
    """A counter and a histogram that carry the route as a label, each one higher than before."""
    before = jetty_driver.world.notes.get("metrics")
    assert before is not None, "nothing was done before this step"
    now = samples(jetty_metrics())
    if route == "its route":
        of_route = [key for key in now if any(_fits(value, jetty_driver) for value in dict(key[1]).values())]
    else:
        of_route = [key for key in now if route in dict(key[1]).values()]
    risen = {name: sum(now[key] - before.get(key, 0) for key in of_route if key[0] == name)
             for name in {key[0] for key in of_route}}  # fmt: skip
    counters = [name for name in risen if name.endswith("_total")]
    histograms = [name for name in risen if name.endswith("_count") and f"{name[:-6]}_bucket" in risen]
    assert counters, f"no counter has a label with {route}"
    assert histograms, f"no histogram has a label with {route}"
    assert any(risen[name] == 1 for name in counters), f"the count went up by {risen[counters[0]]:g}"
    assert any(risen[name] == 1 for name in histograms), f"the histogram went up by {risen[histograms[0]]:g}"


@then("errors are counted apart from successes")
def errors_apart(jetty_driver: Driver, jetty_metrics: Callable[[], str]) -> None:
    """The same action with wrong input is counted under other labels than the one that was done."""
    before, action = jetty_driver.world.notes.get("metrics"), jetty_driver.world.action
    assert before is not None, "nothing was done before this step"
    assert action is not None, "no action was done before this step"
    middle = samples(jetty_metrics())
    response = jetty_driver.act(action, valid=False)
    assert not jetty_driver.accepted(response), f"wrong input was accepted: {described(response)}"
    after = samples(jetty_metrics())
    path = response.request.url.path
    done, failed = _risen(before, middle, path), _risen(middle, after, path)
    assert failed, f"the refused request to {path} was not counted"
    assert failed - done, f"the refused request to {path} was counted like a successful one"


def _risen(before: Mapping[Any, float], after: Mapping[Any, float], path: str) -> set[Any]:
    return {key for key, value in after.items()
            if key[0].endswith("_total") and path in dict(key[1]).values() and value > before.get(key, 0)}  # fmt: skip


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The samples of metrics in Prometheus' text format or in OpenMetrics, by name and labels.

    Raises:
        Unavailable: If prometheus-client is missing.
        AssertionError: If the text is neither.
    """
    try:
        from prometheus_client.openmetrics.parser import (  # noqa: PLC0415 - an extra
            text_string_to_metric_families as openmetrics,
        )
        from prometheus_client.parser import text_string_to_metric_families as prometheus  # noqa: PLC0415
    except ModuleNotFoundError:
        raise Unavailable(
            "this needs prometheus-client, which is not installed: pip install 'mkdocs-jetty[steps]'"
        ) from None
    is_open = text.rstrip().endswith(END) or EXEMPLAR.search(text)
    try:
        if is_open:
            whole = text if text.rstrip().endswith(END) else f"{text.rstrip()}\n{END}\n"
            families = [*openmetrics(whole)]  # type: ignore[no-untyped-call]
        else:
            families = [*prometheus(text)]
    except (ValueError, KeyError, IndexError) as error:
        form = "OpenMetrics" if is_open else "Prometheus' text format"
        raise AssertionError(f"the metrics are not in {form}: {error}") from None
    found = (sample for family in families for sample in family.samples)
    return {(each.name, tuple(sorted(each.labels.items()))): float(each.value) for each in found}


def _total(of: Mapping[Any, float], name: str, labels: Mapping[str, str]) -> float | None:
    values = [value for (each, own), value in of.items() if each == name and labels.items() <= dict(own).items()]
    return sum(values) if values else None


# "the metric", "the request count" and "errors are counted" ask for numbers from before; the rest for lines.
METRIC_PHRASES = ("the metric ", "the request count ", "errors are counted ")
LOG_PHRASES = ("one structured log line ", "none of the marked values ", "a line break in my input ")


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    """Note the lines and numbers before each action of a scenario that asks about them afterwards."""
    if step.type != "when":
        return
    names = [each.name for each in scenario.steps]
    if _asks(names, LOG_PHRASES):
        logs = request.getfixturevalue("jetty_logs")
        note_before(request.getfixturevalue("jetty_world"), "logged", lambda: len(logs()))
    if _asks(names, METRIC_PHRASES):
        metrics = request.getfixturevalue("jetty_metrics")
        note_before(request.getfixturevalue("jetty_world"), "metrics", lambda: samples(metrics()))


def _asks(names: Sequence[str], phrases: tuple[str, ...]) -> bool:
    return any(name.startswith(phrases) for name in names)
