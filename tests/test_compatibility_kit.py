"""The Cucumber Compatibility Kit: its features, our step definitions, its expected results.

Each sample is a project of its own: the sample's `.feature` files as the option `features`, and the step definitions of
`tests/cck/<sample>.py` as its steps. What is compared is the status of every scenario and whether the run succeeds.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cucumber_compatibility_kit
import pytest

from mkdocs_jetty import config
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run import runner
from mkdocs_jetty.spec import reader

DISAGREE: dict[str, str] = {}
"""The samples that are known to disagree, and why. Strict: one that agrees after all has to leave."""

KIT = Path(cucumber_compatibility_kit.__file__).parent / "features"
STEPS = Path(__file__).parent / "cck"
SAMPLES = sorted(path.name for path in KIT.iterdir() if path.is_dir())
STRICTER = {"empty": "a run with a scenario without steps succeeds in Cucumber; here nothing unproved is ever green"}
"""The samples whose scenarios end as the kit says, and whose run fails here all the same, and why."""
AS_CONFTEST = {"global-hooks-afterall-error", "global-hooks-beforeall-error", "test-run-exception"}
"""Samples whose step module holds a hook of pytest's, which are only obeyed in a `conftest.py`."""
RETRIES = 2
"""What the kit's own runner is told for its samples of retries."""
SEVERITY = ("UNKNOWN", "PASSED", "SKIPPED", "PENDING", "UNDEFINED", "AMBIGUOUS", "FAILED")


@dataclass(frozen=True)
class Outcome:
    """What became of a sample."""

    scenarios: tuple[tuple[str, int, str, str], ...]
    """File, line, name and status of each scenario, sorted: the order of a run is nobody's promise."""
    success: bool


def envelopes(sample: str) -> Iterator[tuple[str, Any]]:
    with (KIT / sample / f"{sample}.ndjson").open(encoding="utf-8") as messages:
        for line in messages:
            yield from json.loads(line).items()


def expected(sample: str) -> Outcome:
    """The worst status of each scenario in its last attempt, hooks included, as the kit's messages tell it."""
    pickles: dict[str, dict[str, Any]] = {}
    pickle_of: dict[str, str] = {}
    worst: dict[str, str] = {}
    success = False
    for kind, message in envelopes(sample):
        if kind == "pickle":
            pickles[message["id"]] = message
            worst[message["id"]] = "UNKNOWN"
        elif kind == "testCase":
            pickle_of[message["id"]] = message["pickleId"]
        elif kind == "testCaseStarted":
            pickle = pickle_of[message["id"]] = pickle_of[message["testCaseId"]]
            worst[pickle] = "UNKNOWN"
        elif kind == "testStepFinished":
            pickle = pickle_of[message["testCaseStartedId"]]
            worst[pickle] = max(worst[pickle], message["testStepResult"]["status"], key=SEVERITY.index)
        elif kind == "testRunFinished":
            success = message["success"]
    scenarios = (
        (Path(pickle["uri"]).name, pickle["location"]["line"], pickle["name"], worst[id_])
        for id_, pickle in pickles.items()
    )
    return Outcome(tuple(sorted(scenarios)), success and sample not in STRICTER)


def project(sample: str, root: Path) -> Path:
    """A MkDocs project made of the sample, and its configuration file."""
    shutil.copytree(KIT / sample, root / "kit", ignore=shutil.ignore_patterns("*.ndjson"))
    (root / "docs").mkdir()
    (root / "docs/index.md").write_text("# Compatibility\n", encoding="utf-8")
    for page in (root / "kit").glob("*.md"):
        page.rename(root / "docs" / page.name)
    (root / "features").mkdir()
    module = "conftest.py" if sample in AS_CONFTEST else "steps.py"
    shutil.copy(STEPS / f"{sample.replace('-', '_')}.py", root / "features" / module)
    configuration = root / "mkdocs.yml"
    where = "features: [kit]" if any((root / "kit").glob("*.feature")) else "syntax: [mdg]"
    options = f"{where}, cache: false, retries: {RETRIES if sample.startswith('retry') else 0}"
    configuration.write_text(f"site_name: Compatibility\nplugins: [{{jetty: {{{options}}}}}]\n", encoding="utf-8")
    return configuration


def actual(sample: str, root: Path) -> Outcome:
    """The same as we tell it."""
    settings = config.load(project(sample, root))
    spec = reader.read(settings)
    results = runner.run(spec, settings)
    verdict = judge(spec, results, name=settings.site_name, state=settings.state, fail_on=settings.fail_on)
    scenarios = (
        (Path(each.feature.page).name, judged.scenario.row_line or judged.scenario.line, judged.scenario.name,
         judged.result.status.upper())
        for each in verdict.features
        for judged in each.scenarios
    )  # fmt: skip
    return Outcome(tuple(sorted(scenarios)), not verdict.fails)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    """The outcome of a sample, which runs when it is first asked for."""
    known: dict[str, Outcome] = {}

    def ask(sample: str) -> Outcome:
        if sample not in known:
            known[sample] = actual(sample, tmp_path_factory.mktemp(sample))
        return known[sample]

    return ask


@pytest.mark.slow
@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(sample, marks=pytest.mark.xfail(reason=DISAGREE[sample], raises=AssertionError, strict=True))
        if sample in DISAGREE
        else sample
        for sample in SAMPLES
    ],
)
def test_sample_has_the_statuses_of_the_compatibility_kit(sample: str, outcome: Callable[[str], Outcome]) -> None:
    assert outcome(sample) == expected(sample)


@pytest.mark.slow
def test_all_49_samples_agree(outcome: Callable[[str], Outcome]) -> None:
    assert len(SAMPLES) == 49
    assert [sample for sample in SAMPLES if outcome(sample) != expected(sample)] == []
