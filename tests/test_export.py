"""The files that other programs read: valid, complete, and deaf to what a specification says."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import cucumber_messages
import pytest
from jsonschema import Draft202012Validator

from mkdocs_jetty.config import load
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.imported import with_imported
from mkdocs_jetty.run.model import Results, ScenarioResult, StepDefinition, StepResult
from mkdocs_jetty.show.badges import LABEL_COLOUR, LOOKS, ON_NOTHING, badge_endpoint, badge_stem, badge_svg
from mkdocs_jetty.show.export import (
    junit_xml,
    messages_ndjson,
    spec_json,
    write_if_changed,
    write_site_files,
)
from mkdocs_jetty.show.spec_json import SCHEMA
from mkdocs_jetty.spec import reader
from mkdocs_jetty.spec.model import Feature, Problem, Scenario, Spec, Step

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=timezone.utc)
NASTY = "<script>]]>&\"'\x00\x0b\ufffe\ud800 {0} \u202e \u2028 \x85 門"
SVG = "{http://www.w3.org/2000/svg}"

GIVEN = Step("Given", "given", f"a door {NASTY}", 5, table=(("a", "b"), (NASTY, "2")))
THEN = Step("Then", "then", "it is open", 8, docstring=f"text {NASTY}", media_type="text/plain")
PASS = StepResult("passed", 1.5, "features/door.py:7")

OUTCOMES: dict[str, ScenarioResult | None] = {
    "passed": ScenarioResult("passed", None, (PASS, PASS), 3.0, reused=True),
    "failed": ScenarioResult(
        "failed",
        "assertion",
        (PASS, StepResult("failed", 2.0, "features/door.py:9", NASTY, "features/door.py:11", "Traceback …")),
        4.5,
        output=f"printed {NASTY}",
    ),
    "stopped": ScenarioResult("failed", "error", (StepResult("failed", message="no"), StepResult("unknown"))),
    "crash": ScenarioResult("failed", "crash", (PASS, StepResult("unknown")), float("nan"), "killed by signal 9"),
    "setup": ScenarioResult("failed", "setup", (), None, "fixture 'door' not found"),
    "teardown": ScenarioResult("failed", "teardown", (PASS, PASS), 1.0, "could not close"),
    "pending": ScenarioResult("pending", None, (StepResult("pending"), StepResult("unknown"))),
    "undefined": ScenarioResult("undefined", None, (StepResult("undefined"), StepResult("unknown"))),
    "ambiguous": ScenarioResult(
        "ambiguous", None, (StepResult("ambiguous", candidates=("features/a.py:1", "odd place")), StepResult("unknown"))
    ),
    "skipped": ScenarioResult("skipped", None, (), None, "not today"),
    "off": ScenarioResult("unknown", "not-selected"),
    "nothing": None,
}


def scenario(name: str, **fields: Any) -> Scenario:
    values: dict[str, Any] = {
        "id": f"door/{name}",
        "name": f"{name} {NASTY}",
        "keyword": "Scenario",
        "mode": "speed",
        "tags": ("@a",),
        "line": 4,
        "steps": (GIVEN, THEN),
    }
    return Scenario(**{**values, **fields})


@pytest.fixture
def verdict() -> Verdict:
    wip = scenario("known", tags=("@wip", "@standard:throttling"), mode="stable", row_line=12, rule="A rule")
    late = scenario("late", tags=("@wip",), mode="stable", rule="A rule")
    empty = scenario("empty", steps=(), defect="no-steps", mode="production")
    scenarios = (*(scenario(name) for name in OUTCOMES), wip, late, empty)
    door = Feature("door", f"Door {NASTY}", "docs/door.md", 1, scenarios, tags=("@f",), traits=("entrance",))
    window = Feature("window", "Window", "docs/window.md", 1, (scenario("green", id="window/green"),), language="fr")
    results = {f"door/{name}": result for name, result in OUTCOMES.items() if result}
    passed, failed = results["door/passed"], results["door/failed"]
    results.update({"door/known": failed, "door/late": passed, "window/green": passed})
    problem = Problem("error", "docs/x.md", 7, 3, f"broken {NASTY}")
    spec = Spec((door, window), problems=(problem, Problem("warning", "", None, None, "odd")))
    return judge(spec, Results(results, duration_s=1.25), name=NASTY, state="external", fail_on=["red"])


def url_for(page: str) -> str:
    return page.removeprefix("docs/").removesuffix(".md") + "/"


# ---- spec.json ----


def problems_of(document: Any) -> list[str]:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(json.loads(json.dumps(document)))]


def test_spec_json_keeps_to_its_schema(verdict: Verdict) -> None:
    assert problems_of(spec_json(verdict, url_for, NOW)) == []


def test_the_schema_notices_what_is_wrong(verdict: Verdict) -> None:
    document = spec_json(verdict, url_for, NOW)
    document["features"][0]["scenarios"][0]["status"] = "splendid"
    assert problems_of(document)


def test_spec_json_of_an_empty_project_keeps_to_its_schema() -> None:
    nothing = judge(Spec(), Results(), name="", state="internal", fail_on=())
    document = spec_json(nothing, url_for, NOW)
    assert problems_of(document) == []
    assert document["project"]["verdict"] == "none"


def test_spec_json_says_what_the_contract_promises(verdict: Verdict) -> None:
    document = spec_json(verdict, url_for, NOW)
    feature = document["features"][0]
    assert document["generated"] == "2026-11-22T18:00:00Z"
    assert document["project"] == {
        "name": NASTY, "state": "external", "preset": [], "finish_line": "production", "verdict": "red",
    }  # fmt: skip
    assert (feature["url"], feature["traits"], feature["level"]) == ("door/", ["entrance"], "none")
    known = next(one for one in feature["scenarios"] if one["id"] == "door/known")
    assert (known["url"], known["row_line"], known["wip"]) == ("door/#scenario-door--known", 12, True)
    assert known["standards"] == ["throttling"]
    assert known["steps"][0]["definition"] == "features/door.py:7"


# ---- JUnit ----


def test_junit_has_a_suite_for_each_feature_and_one_for_errors(verdict: Verdict) -> None:
    root = ET.fromstring(junit_xml(verdict))  # noqa: S314 - our own
    # What is ambiguous is a case of its own, and its cause a problem.
    assert [len(suite) for suite in root] == [15, 1, 2]
    assert [(suite.get("tests"), suite.get("failures")) for suite in root] == [("15", "5"), ("1", "0"), ("2", "0")]
    assert (root.get("errors"), root.get("skipped")) == ("8", "3")


def test_junit_tells_failures_errors_and_skips_apart(verdict: Verdict) -> None:
    root = ET.fromstring(junit_xml(verdict))  # noqa: S314 - our own
    kinds = {(case.get("name") or "").split()[0]: [child.tag for child in case] for case in root[0]}
    assert kinds["passed"] == []
    assert kinds["failed"] == ["failure", "system-out"]
    assert kinds["crash"] == kinds["nothing"] == kinds["empty"] == ["error"]
    assert kinds["known"] == ["skipped", "system-out"]
    assert kinds["off"] == ["skipped"]
    assert kinds["late"] == ["failure"]


def test_junit_names_the_line_of_the_page(verdict: Verdict) -> None:
    case = ET.fromstring(junit_xml(verdict))[0][12]  # noqa: S314 - our own
    assert (case.get("file"), case.get("line"), case.get("classname")) == ("docs/door.md", "12", "door")


# ---- Cucumber Messages ----


def envelopes(verdict: Verdict) -> list[dict[str, Any]]:
    return [json.loads(line) for line in messages_ndjson(verdict, NOW).splitlines()]


def test_every_message_survives_a_round_trip(verdict: Verdict) -> None:
    convert = cucumber_messages.message_converter
    for envelope in envelopes(verdict):
        assert len(envelope) == 1
        assert convert.to_dict(convert.from_dict(envelope, cucumber_messages.Envelope)) == envelope


def test_two_features_of_one_page_have_two_addresses(tmp_path: Path) -> None:
    """Cucumber's formatter takes two documents of one address for one; results come back to the page all the same."""
    (tmp_path / "docs").mkdir()
    text = "".join(f"```gherkin\nFeature: {name}\n  Scenario: S\n    Given x\n```\n\n" for name in ("One", "Two"))
    (tmp_path / "docs/a.md").write_text(f"# A\n\n{text}", encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: S\nplugins: [jetty]\n", encoding="utf-8")
    spec = reader.read(load(tmp_path / "mkdocs.yml"))
    passed = ScenarioResult("passed", None, (StepResult("passed", 1.0, "s.py:1"),), 1.0)
    both = {scenario.id: passed for _, scenario in spec.scenarios()}
    verdict = judge(spec, Results(both), name="S", state="internal", fail_on=("red",))
    said = messages_ndjson(verdict, datetime.now(timezone.utc))
    documents = [json.loads(line)["gherkinDocument"]["uri"] for line in said.splitlines() if "gherkinDocument" in line]
    assert documents == ["docs/a.md", "docs/a.md#two"]
    assert {json.loads(line)["pickle"]["uri"] for line in said.splitlines() if '"pickle"' in line} == {*documents}
    (tmp_path / "m.ndjson").write_text(said, encoding="utf-8")
    back = with_imported(spec, Results(executed=False), tmp_path, ["m.ndjson"])
    assert {id_: result.status for id_, result in back.scenarios.items()} == dict.fromkeys(both, "passed")
    assert back.problems == ()


def test_messages_have_the_true_times_and_what_was_captured(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = "# A\n\n```gherkin\nScenario: S\n  Given 12 x\nScenario: T\n  Given 3 x\n```\n"
    (tmp_path / "docs/a.md").write_text(page, encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: S\nplugins: [jetty]\n", encoding="utf-8")
    spec = reader.read(load(tmp_path / "mkdocs.yml"))
    step = StepResult("passed", 500.0, "s.py:1", spans=((0, 2),))
    first = ScenarioResult("passed", None, (step,), 600.0, started=1_000.25)
    second = ScenarioResult("passed", None, (step,), 600.0, started=1_007.0)
    known = (StepDefinition("s.py:1", "given", "{n:d} x", ""),)
    results = Results({"a/s": first, "a/t": second}, definitions=known)
    verdict = judge(spec, results, name="S", state="internal", fail_on=("red",))
    found = [json.loads(line) for line in messages_ndjson(verdict, NOW).splitlines()]
    times = [
        (kind, at["seconds"] + at["nanos"] / 1e9)
        for each in found
        for kind, body in each.items()
        if (at := body.get("timestamp"))
    ]
    assert times[0] == ("testRunStarted", 1_000.25)
    assert [at for kind, at in times if kind == "testCaseStarted"] == [1_000.25, 1_007.0]
    assert [at for kind, at in times if kind == "testStepFinished"] == [1_000.75, 1_007.5]
    assert times[-1] == ("testRunFinished", 1_007.5)
    assert [each["stepDefinition"]["pattern"]["source"] for each in found if "stepDefinition" in each] == ["{n:d} x"]
    (case, _) = [each["testCase"]["testSteps"][0] for each in found if "testCase" in each]
    assert case["stepMatchArgumentsLists"][0]["stepMatchArguments"][0]["group"]["value"] == "12"


def test_messages_name_the_protocol_that_they_were_checked_against(verdict: Verdict) -> None:
    ours = envelopes(verdict)[0]["meta"]["protocolVersion"]
    assert int(ours.split(".")[0]) >= int(metadata.version("cucumber-messages").split(".")[0])


def test_messages_refer_only_to_what_was_announced_before(verdict: Verdict) -> None:
    seen: set[str] = set()
    for envelope in envelopes(verdict):
        for key, value in walk(envelope):
            if key == "id":
                assert value not in seen
                seen.add(value)
        references = {value for key, value in walk(envelope) if key.endswith(("Id", "Ids")) and key != "workerId"}
        assert references <= seen


def walk(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, key)
    else:
        yield key, value


def test_each_scenario_ends_with_the_status_it_was_judged_to_have(verdict: Verdict) -> None:
    found: dict[str, set[str]] = {}
    for envelope in envelopes(verdict):
        finished = envelope.get("testStepFinished")
        if finished:
            name = finished["testCaseStartedId"].removesuffix(":attempt")
            found.setdefault(name, set()).add(finished["testStepResult"]["status"])
    for feature in verdict.features:
        for judged in feature.scenarios:
            if judged.result.cause != "not-selected":
                assert judged.result.status.upper() in found[judged.scenario.id]
    assert "door/off" not in found
    assert found["door/stopped"] == {"FAILED", "SKIPPED"}
    assert found["window/green"] == {"PASSED"}


def test_messages_hold_everything_once(verdict: Verdict) -> None:
    kinds = Counter(next(iter(envelope)) for envelope in envelopes(verdict))
    assert kinds["pickle"] == 16
    assert kinds["testCase"] == kinds["testCaseStarted"] == kinds["testCaseFinished"] == 15
    assert kinds["testStepStarted"] == kinds["testStepFinished"]
    assert kinds["meta"] == kinds["testRunStarted"] == kinds["testRunFinished"] == kinds["parseError"] == 1
    assert envelopes(verdict)[-1]["testRunFinished"]["success"] is False


# ---- badges ----


def luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", sorted({LABEL_COLOUR, ON_NOTHING.colour, *(look.colour for look in LOOKS.values())}))
def test_badge_colours_can_be_read(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


@pytest.mark.parametrize("status", LOOKS)
@pytest.mark.parametrize("label", ["Login · speed", NASTY, "x" * 300, ""])
def test_a_badge_is_well_formed_and_says_its_status_in_words(status: Any, label: str) -> None:
    root = ET.fromstring(badge_svg(label, LOOKS[status]))  # noqa: S314 - our own
    assert [text.text for text in root.iter(f"{SVG}text")][1] == LOOKS[status].words
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "title", "rect", "path", "g", "text"}
    assert badge_endpoint(label, LOOKS[status])["message"] == LOOKS[status].words


def test_a_green_badge_on_nothing_is_not_green() -> None:
    endpoint = badge_endpoint("Login · stable", ON_NOTHING)
    assert (endpoint["schemaVersion"], endpoint["message"]) == (1, "green, lower mode not green")
    assert endpoint["color"] != LOOKS["green"].colour


@pytest.mark.parametrize("feature_id", ["../../etc/passwd", "a/b", ".", "", "x" * 400, "門" * 200, "nul\x00"])
def test_a_badge_never_leaves_its_folder(feature_id: str) -> None:
    stem = badge_stem(feature_id, "speed")
    assert re.fullmatch(r"[\w-]+", stem)
    assert len(stem.encode()) < 200


def test_an_ordinary_id_is_its_own_file_name() -> None:
    assert badge_stem("login", "stable") == "login-stable"


# ---- files ----


def test_the_authors_own_llms_txt_is_left_alone(verdict: Verdict, tmp_path: Path) -> None:
    (tmp_path / "llms.txt").write_text("# Ours\n", encoding="utf-8")
    write_site_files(verdict, tmp_path, url_for, NOW)
    assert (tmp_path / "llms.txt").read_text("utf-8") == "# Ours\n"


def test_all_files_are_written_and_read_as_utf8(verdict: Verdict, tmp_path: Path) -> None:
    write_site_files(verdict, tmp_path, url_for, NOW)
    written = (tmp_path / "jetty").rglob("*")
    names = {path.relative_to(tmp_path / "jetty").as_posix() for path in written if path.is_file()}
    assert (tmp_path / "llms.txt").read_text("utf-8").startswith("# ")
    badges = {f"badges/{id_}-{mode}" for id_ in ("door", "window") for mode in ("speed", "stable", "production")}
    expected = {f"{badge}.{ending}" for badge in badges for ending in ("svg", "json")}
    expected |= {"features/door.md", "features/window.md"}
    assert names == {"spec.json", "messages.ndjson", "junit.xml", "history.json", *expected}
    assert problems_of(json.loads((tmp_path / "jetty/spec.json").read_text("utf-8"))) == []


def test_a_file_that_says_the_same_is_left_alone(verdict: Verdict, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    assert write_if_changed(path, "one")
    before = path.stat().st_mtime_ns
    assert not write_if_changed(path, "one")
    assert path.stat().st_mtime_ns == before
    assert write_if_changed(path, "two")
    assert [child.name for child in path.parent.iterdir()] == ["file.txt"]


def test_a_large_file_and_a_small_one_make_their_own_folders(tmp_path: Path) -> None:
    for name, text in (("a/small.txt", "x"), ("b/c/large.txt", "x" * 100_000)):
        assert write_if_changed(tmp_path / name, text)
        assert not write_if_changed(tmp_path / name, text)
        assert (tmp_path / name).read_text(encoding="utf-8") == text
