"""The command `jetty`: reads, runs and judges like a build of the site, and answers on the terminal.

The rooms are imported inside the functions, so that `jetty --help` does not wait for pytest.
What comes from a specification or a failure goes through `plain` before it is printed.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from mkdocs_jetty import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, ModeVerdict, Verdict
    from mkdocs_jetty.run.model import ScenarioResult
    from mkdocs_jetty.spec.model import Page, Spec

    OnResult = Callable[[str, ScenarioResult], None]

RED, WRONG_USE, COULD_NOT_RUN = 1, 2, 3

# Control characters can rewrite a terminal, bidirectional overrides can reorder what it shows.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# GitHub's runner obeys `::command::` at the start of a line and `##[command]` anywhere in one.
WORKFLOW_COMMAND = re.compile(r"(?:(?<=\s)|^):(?=:)|##(?=\[)")


class WrongUse(click.ClickException):
    """Something that the caller has to put right."""

    exit_code = WRONG_USE

    def show(self, file: Any = None) -> None:
        """One line on stderr, whatever the message holds."""
        click.echo(f"Error: {plain(self.message)}", file=file, err=True)


class Interrupted(click.ClickException):
    """Ctrl-C, or a run that was cut short."""

    exit_code = COULD_NOT_RUN

    def show(self, file: Any = None) -> None:
        """One line on stderr, as for every other end."""
        click.echo(f"Error: {self.message}", file=file, err=True)


class JettyGroup(click.Group):
    """Turns what the rooms raise into one line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Import the rooms' exceptions only when something was raised."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            raise Interrupted("interrupted") from None
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            from mkdocs_jetty.config import ConfigError

            if isinstance(error, ConfigError):
                raise WrongUse(str(error)) from error
            raise


@click.group(cls=JettyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jetty")
def main() -> None:
    """Living specifications: run the Gherkin on your pages and judge it."""


config_option = click.option(
    "-f",
    "--config-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("mkdocs.yml"),
    show_default=True,
    help="The site's configuration.",
)


@main.command()
@config_option
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the verdict as JSON; - for stdout.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write it as JUnit XML.")
@click.argument("pages", nargs=-1, metavar="[PAGE]...")
def check(config_file: Path, json_file: Path | None, junit_file: Path | None, pages: tuple[str, ...]) -> None:
    """Run and judge without building a site; PAGE narrows it to these pages."""
    from mkdocs_jetty.show import export

    settings = load(config_file)
    report = console(stderr=str(json_file) == "-")
    verdict, interrupted = run_and_judge(settings, report, pages)
    if json_file:
        write(json_file, as_json(export.spec_json(verdict, url_for(settings), datetime.now(timezone.utc))))
    if junit_file:
        write(junit_file, export.junit_xml(verdict))
    show_failures(report, verdict)
    line(report, summary(verdict), "red" if verdict.red or verdict.fails else "green")
    if interrupted:
        raise Interrupted("interrupted; what did not run is unknown")
    sys.exit(RED if verdict.fails else 0)


@main.command()
@config_option
@click.option("--json", "wants_json", is_flag=True, help="Answer in JSON.")
@click.argument("feature", required=False)
def status(config_file: Path, wants_json: bool, feature: str | None) -> None:
    """Show features by modes, the level of each, and what is missing."""
    from mkdocs_jetty.show import export

    settings = load(config_file)
    report = console(stderr=True)
    verdict, interrupted = run_and_judge(settings, report, quiet=True)
    show_problems(report, verdict)
    chosen = [judged for judged in verdict.features if feature in (None, judged.feature.id, judged.feature.name)]
    if feature is not None and not chosen:
        known = ", ".join(judged.feature.id for judged in verdict.features) or "there are none"
        raise WrongUse(f"no feature {feature!r}; known: {known}")
    if wants_json:
        answer = export.spec_json(verdict, url_for(settings), datetime.now(timezone.utc))
        lacking = {judged.feature.id: missing(judged, verdict) for judged in chosen}
        features = [entry | {"missing": lacking[entry["id"]]} for entry in answer["features"] if entry["id"] in lacking]
        click.echo(as_json({key: answer[key] for key in ("schema", "generated", "project")} | {"features": features}))
    else:
        show_table(console(), verdict, chosen)
    if interrupted:
        raise Interrupted("interrupted; what did not run is unknown")


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
def init(directory: Path) -> None:
    """Set up a project in DIRECTORY; changes nothing that is there."""
    try:
        outcome = scaffold(directory)
        hints = advice(directory)
    except (OSError, UnicodeError) as error:
        raise WrongUse(f"cannot set up {directory}: {error}") from error
    for path, created in outcome:
        click.echo(f"{'created' if created else 'kept   '}  {plain(path)}")
    for hint in hints:
        click.echo(hint)
    click.echo("next: jetty check, then mkdocs serve")


# ---- one way through ----


def load(config_file: Path) -> Settings:
    from mkdocs_jetty import config

    if not config_file.is_file():
        raise WrongUse(f"{config_file}: there is no such file; name it with -f, or start with `jetty init`")
    return config.load(config_file)


def run_and_judge(
    settings: Settings, report: Console, pages: tuple[str, ...] = (), *, quiet: bool = False
) -> tuple[Verdict, bool]:
    """The verdict, and whether the run was interrupted."""
    from mkdocs_jetty.judge.verdict import judge
    from mkdocs_jetty.run import store
    from mkdocs_jetty.run.runner import run
    from mkdocs_jetty.spec.reader import read

    spec = read(settings)
    if pages:
        spec = narrowed(spec, settings, pages)
    with progress(report, spec, quiet=quiet) as on_result:
        results = run(spec, settings, on_result)
    if not pages and results.executed and not results.interrupted:
        try:
            store.save(results, spec, settings)
        except OSError as error:
            line(report, f"warning: the results cannot be kept for Zensical: {error.strerror}", "yellow")
    verdict = judge(spec, results, name=settings.site_name, state=settings.state, fail_on=settings.fail_on)
    return verdict, results.interrupted


def narrowed(spec: Spec, settings: Settings, pages: tuple[str, ...]) -> Spec:
    """The part of the spec that stands on these pages."""
    chosen = {found.path for page in pages for found in [page_named(spec, settings, page)]}
    return replace(
        spec,
        features=tuple(feature for feature in spec.features if feature.page in chosen),
        pages=tuple(page for page in spec.pages if page.path in chosen),
        problems=tuple(problem for problem in spec.problems if problem.page in chosen or not problem.page),
    )


def page_named(spec: Spec, settings: Settings, name: str) -> Page:
    """A page by its path from here, from the project's directory or from `docs_dir`."""
    candidates = [(base / name).resolve() for base in (Path.cwd(), settings.root, settings.docs_dir)]
    by_file = {(settings.root / page.path).resolve(): page for page in spec.pages}
    for candidate in candidates:
        if candidate in by_file:
            return by_file[candidate]
    if any(candidate.exists() for candidate in candidates):
        raise WrongUse(f"{name}: holds no specification, or is excluded")
    raise WrongUse(f"{name}: there is no such page")


def url_for(settings: Settings) -> Callable[[str], str]:
    """Where MkDocs puts a page by default; without a build, nobody else can say."""

    def url(page: str) -> str:
        try:
            path = PurePosixPath((settings.root / page).relative_to(settings.docs_dir).as_posix())
        except ValueError:
            path = PurePosixPath(page)
        folder = path.parent if path.stem in ("index", "README") else path.with_suffix("")
        return "" if folder == PurePosixPath() else f"{folder}/"

    return url


def write(target: Path, text: str) -> None:
    if str(target) == "-":
        click.echo(text)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"cannot write {target}: {error.strerror}") from error


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)


# ---- on the terminal ----


def plain(value: object) -> str:
    """Text as one harmless line: no control characters, no workflow commands."""
    text = UNPRINTABLE.sub(" ", " ".join(str(value).splitlines()))
    return WORKFLOW_COMMAND.sub(lambda found: f"{found[0]} ", text)


def console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def line(report: Console, text: str, style: str = "") -> None:
    """One line, never wrapped: a wrap could put a workflow command at the start of a line."""
    printable = text.encode(report.encoding, "backslashreplace").decode(report.encoding)
    report.print(printable, style=style, soft_wrap=True)


@dataclass(frozen=True)
class Places:
    """Where each scenario stands, for one line about it."""

    by_id: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, spec: Spec) -> Places:
        return cls(
            {one.id: (f"{feature.page}:{one.row_line or one.line}", one.name) for feature, one in spec.scenarios()}
        )


def progress(report: Console, spec: Spec, *, quiet: bool) -> AbstractContextManager[OnResult | None]:
    """A bar on a terminal, one plain line for each scenario elsewhere."""
    places = Places.of(spec).by_id
    if report.is_terminal:
        return Bar(report, len(places))
    if quiet:
        return nullcontext(None)

    def on_result(scenario_id: str, result: ScenarioResult) -> None:
        place, name = places.get(scenario_id, ("", scenario_id))
        line(report, f"{result.status:<9} {plain(place)}  {plain(name)}")

    return nullcontext(on_result)


class Bar(AbstractContextManager["OnResult | None"]):
    """Rich's progress bar, fed by the run."""

    def __init__(self, report: Console, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("running"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=report, transient=True)
        self.task = self.progress.add_task("running", total=total)

    def __enter__(self) -> OnResult:
        self.progress.start()
        return lambda _id, _result: self.progress.advance(self.task)

    def __exit__(self, *_: object) -> None:
        self.progress.stop()


def show_failures(report: Console, verdict: Verdict) -> None:
    """Every red scenario with what went wrong, then the problems that belong to none."""
    for judged in verdict.features:
        for one in judged.scenarios:
            if one.red:
                show_red(report, judged.feature.page, one)
    show_problems(report, verdict)


def show_problems(report: Console, verdict: Verdict) -> None:
    for problem in verdict.problems:
        line(report, f"{problem.level}: {plain(problem)}", "red" if problem.level == "error" else "yellow")


def show_red(report: Console, page: str, judged: JudgedScenario) -> None:
    scenario, result = judged.scenario, judged.result
    place = f"{page}:{scenario.row_line or scenario.line}"
    word = result.status + (f" ({result.cause})" if result.cause else "") + (", known red" if judged.known_red else "")
    line(report, f"{plain(place)}: {word}: {plain(scenario.name)}", "yellow" if judged.known_red else "red")
    for step, outcome in zip(scenario.steps, result.steps, strict=False):
        if outcome.status in ("passed", "unknown"):
            continue
        line(report, f"  {plain(page)}:{step.line}: {outcome.status}: {plain(step.keyword)} {plain(step.text)}")
        gutter(report, outcome.message)
        if outcome.location:
            line(report, f"  | at {plain(outcome.location)}")
        for candidate in outcome.candidates:
            line(report, f"  | matches {plain(candidate)}")
    gutter(report, result.message)


def gutter(report: Console, message: str | None) -> None:
    """A message of many lines, each behind a bar so that none can pass for a line of ours."""
    for text in (message or "").splitlines():
        line(report, f"  | {plain(text)}")


def summary(verdict: Verdict) -> str:
    counts = verdict.counts
    words = ("passed", "failed", "pending", "undefined", "ambiguous", "skipped", "unknown")
    parts = [f"{counts[word]} {word}" for word in words if counts.get(word)]
    extra = [f"{counts[key]} {word}" for key, word in (("wip", "known red"), ("reused", "reused")) if counts.get(key)]
    total = counts.get("scenarios", 0)
    detail = ", ".join(parts) + (f" ({', '.join(extra)})" if extra else "")
    said = f"{total} scenario{'' if total == 1 else 's'}" + (f": {detail}" if detail else "")
    word = "red" if verdict.red else "not run" if not verdict.executed else "fails" if verdict.fails else "ok"
    return f"{word}: {said} in {verdict.duration_s:.2f} s"


# ---- status ----


def missing(judged: FeatureVerdict, verdict: Verdict) -> list[str]:
    """What keeps a feature from its project's finish line, nearest first."""
    from mkdocs_jetty.spec.model import MODES

    needed = MODES[: MODES.index(verdict.finish_line) + 1]
    lacks = [lack for mode in needed if (lack := lacking(mode, judged.modes[mode]))]
    return lacks or ([] if judged.complete else ["applicable standards are not all met"])


def lacking(mode: str, found: ModeVerdict) -> str:
    return {
        "none": f"no {mode} scenario",
        "red": f"{mode}: {found.passed} of {found.total} passed",
        "wip": f"{mode}: {found.passed} of {found.total} passed, the rest is known red",
        "unknown": f"{mode}: not run",
    }.get(found.status, "")


def cell(found: ModeVerdict) -> str:
    count = f" {found.passed}/{found.total}" if found.total else ""
    return f"{found.status}{count}" + (" (on nothing)" if found.standing_on_nothing else "")


def show_table(report: Console, verdict: Verdict, chosen: list[FeatureVerdict]) -> None:
    """Rows between borders, so that no cell can begin a line."""
    from rich import box
    from rich.table import Table

    from mkdocs_jetty.spec.model import MODES

    if not chosen:
        line(report, "no features: no page holds a gherkin fence")
        return
    table = Table(box=box.SQUARE if report.encoding.startswith("utf") else box.ASCII)
    for title in ("feature", *MODES, "level", "missing"):
        table.add_column(title, overflow="fold")
    for judged in chosen:
        modes = [cell(judged.modes[mode]) for mode in MODES]
        lacks = "\n".join(missing(judged, verdict)) or "-"
        name = plain(judged.feature.id).encode(report.encoding, "backslashreplace").decode(report.encoding)
        table.add_row(name, *modes, judged.level, lacks)
    report.print(table)
    done = sum(judged.complete for judged in chosen)
    line(
        report, f"{done} of {len(chosen)} complete; the finish line is {verdict.finish_line} ({verdict.state} project)"
    )


# ---- what `jetty init` puts in place: a file that exists is never touched, not even an empty one ----

CONFIG = """\
site_name: {name}
theme:
  name: material
plugins:
  - search
  - jetty
"""

INDEX = """\
# {name}

What this project does is written down in its features, and each of them says whether it is true today.
Begin with [Welcome](features/welcome.md).
"""

FEATURE = """\
# Welcome

Whoever comes in is greeted by name.

## Speed

```gherkin
Scenario: A visitor is greeted by name
  Given a visitor called "Ada"
  When the visitor comes in
  Then the greeting is "Welcome, Ada!"
```
"""

STEPS = '''\
"""The steps of docs/features/welcome.md. Replace `greet` with a call of your own code."""

from pytest_bdd import given, parsers, then, when


def greet(name):
    return f"Welcome, {name}!"


@given(parsers.parse('a visitor called "{name}"'), target_fixture="visitor")
def visitor(name):
    return name


@when("the visitor comes in", target_fixture="greeting")
def greeting(visitor):
    return greet(visitor)


@then(parsers.parse('the greeting is "{expected}"'))
def greeting_is(greeting, expected):
    assert greeting == expected
'''

# `pull_request`, never `pull_request_target`: building executes the code of whoever opened it.
WORKFLOW = """\
name: docs

on:
  push:
  pull_request:

permissions:
  contents: read

jobs:
  docs:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install "mkdocs-jetty[mkdocs]"
      - run: mkdocs build
      # Also when the build is red: the site is the report.
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: site
          path: site
"""

PLUGIN_LISTED = re.compile(r"""^\s*-?\s*["']?jetty["']?\s*(:.*)?(#.*)?$|^plugins:\s*\[[^\]]*\bjetty\b""", re.MULTILINE)
PLUGINS_KEY = re.compile(r"^plugins:", re.MULTILINE)
DOCS_DIR = re.compile(r"""^docs_dir:\s*["']?([^"'#\n]+?)["']?\s*(?:#.*)?$""", re.MULTILINE)


def scaffold(directory: Path) -> list[tuple[str, bool]]:
    """Create what is missing; each path with whether it was created."""
    # A JSON string is a YAML string, whatever the directory is called.
    name = json.dumps(directory.resolve().name or "Documentation", ensure_ascii=False)
    docs = docs_dir(directory)
    files = {
        "mkdocs.yml": CONFIG.format(name=name),
        "features/welcome_steps.py": STEPS,
        f"{docs}/index.md": INDEX.format(name=json.loads(name)),
        f"{docs}/features/welcome.md": FEATURE,
        ".github/workflows/docs.yml": WORKFLOW,
    }
    if (directory / docs / "README.md").exists():
        # MkDocs takes either as the front page, and complains of both.
        del files[f"{docs}/index.md"]
    return [(path, create(directory / path, text)) for path, text in files.items()]


def create(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def docs_dir(directory: Path) -> str:
    found = DOCS_DIR.search(configuration(directory))
    return found[1] if found else "docs"


def configuration(directory: Path) -> str:
    path = directory / "mkdocs.yml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def advice(directory: Path) -> list[str]:
    """What to add to a configuration that was there before."""
    text = configuration(directory)
    if PLUGIN_LISTED.search(text):
        return []
    if PLUGINS_KEY.search(text):
        return ["", "Add to the plugins in mkdocs.yml:", "", "  - jetty", ""]
    # Naming any plugin turns off search, which MkDocs has on by default.
    return ["", "Add to mkdocs.yml:", "", "plugins:", "  - search", "  - jetty", ""]
