"""The one way through, as every command takes it: settings, specification, results, verdict."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import click
from rich.console import Console

from mkdocs_jetty import assess, config
from mkdocs_jetty.cli.errors import Interrupted, WrongUse
from mkdocs_jetty.cli.streaming import EventStream
from mkdocs_jetty.cli.terminal import line, progress
from mkdocs_jetty.config import Settings
from mkdocs_jetty.config_names import CONFIG_NAMES
from mkdocs_jetty.errors import did_you_mean
from mkdocs_jetty.judge.model import FeatureVerdict, Verdict
from mkdocs_jetty.run import runner, store
from mkdocs_jetty.run.fingerprint import fingerprint
from mkdocs_jetty.run.memory import Memory
from mkdocs_jetty.run.model import Results, ScenarioResult
from mkdocs_jetty.show.export import on_disk
from mkdocs_jetty.spec.model import Page, Spec
from mkdocs_jetty.spec.reader import read


def _there(config_file: Path) -> Path:
    """The site's configuration: where none is named, the nearest that there is, here or in a directory above."""
    if config_file != Path(CONFIG_NAMES[0]) or config_file.is_file():
        return config_file
    here = Path.cwd()
    for directory in (here, *here.parents):
        found = next((path for name in CONFIG_NAMES if (path := directory / name).is_file()), None)
        if found is not None:
            return Path(found.name) if directory == here else found
        if (directory / ".git").exists():  # what stands above it is another project
            break
    return config_file


config_option = click.option(
    "-f",
    "--config-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(CONFIG_NAMES[0]),
    show_default=True,
    callback=lambda _context, _parameter, value: _there(value),
    help="The site's configuration.",
)


class Day(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """A day as ISO 8601 writes it; of the other ways that are clear, the right one is named."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day.

        Raises:
            BadParameter: If there is no such day, or it is written otherwise.
        """
        if isinstance(value, date):
            return value
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                return date.fromisoformat(value)
        except ValueError:
            self.fail(f"there is no day {value}", param, ctx)
        said = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})|(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", value)
        if said:
            day, month, year = said.group(1, 2, 3) if said[1] else said.group(6, 5, 4)
            wrong = f"write the day as {year}-{int(month):02}-{int(day):02}, not as {value}"
        else:
            wrong = f"{value!r} is no day such as 2027-01-31"
        return self.fail(wrong, param, ctx)


@dataclass(frozen=True)
class Outcome:
    """What one way through came to."""

    spec: Spec
    results: Results
    verdict: Verdict

    def unbroken(self) -> Verdict:
        """The verdict, where the run came to its end."""
        if self.results.interrupted:
            raise Interrupted("interrupted; what did not run is unknown")
        return self.verdict


def load(config_file: Path) -> Settings:
    """The settings, or one line that says what is wrong with them."""
    if not config_file.is_file():
        raise WrongUse(f"{config_file}: there is no such file; name it with -f, or start with `jetty init`")
    return config.load(config_file)


def run_and_judge(
    settings: Settings,
    report: Console,
    pages: tuple[str, ...] = (),
    *,
    quiet: bool = False,
    choose: Callable[[Spec], frozenset[str] | None] | None = None,
    events: EventStream | None = None,
) -> Outcome:
    """Run everything, or what stands on these pages, and judge it.

    Args:
        settings: The project's settings.
        report: Where progress is shown.
        pages: Pages to narrow it to.
        quiet: Whether only a terminal gets to see progress.
        choose: Says which scenarios are to run, by their ids; None for all.
        events: Who is told as things happen.
    """
    spec = read(settings)
    known = assess.declared(settings, spec)
    if pages:
        spec = narrowed(spec, settings, pages)
    only = choose(spec) if choose else None
    before = fingerprint(settings, spec)
    if events:
        events.begin(spec, sum(1 for _ in spec.scenarios()) if only is None else len(only))
    with progress(report, spec, quiet=quiet) as shown:
        told = [each for each in (shown, events.scenario if events else None) if each]

        def on_result(scenario_id: str, result: ScenarioResult) -> None:
            for tell in told:
                tell(scenario_id, result)

        if pages or only is not None:
            results = runner.run(spec, settings, on_result, only=only)
        else:
            now = assess.this_day(), assess.commit(settings.root)
            results = Memory().run(spec, settings, now, on_result=on_result)
    if not pages and only is None and results.executed and not results.interrupted:
        try:
            store.save(results, spec, settings, before, assess.commit(settings.root))
        except OSError as error:
            line(report, f"warning: the results cannot be kept for Zensical: {error.strerror}", "yellow")
    return Outcome(spec, results, assess.assess(settings, spec, results, known))


def latest(settings: Settings, report: Console) -> Outcome:
    """The kept results, where nothing has changed since; else a run."""
    return kept(settings) or run_and_judge(settings, report, quiet=True)


def kept(settings: Settings) -> Outcome | None:
    """The kept results, where nothing has changed since."""
    spec = read(settings)
    results = store.load(spec, settings) if settings.execute else None
    if results is None or any(map(store.is_stale, results.scenarios.values())):
        return None
    return Outcome(spec, results, assess.assess(settings, spec, results))


def feature_named(verdict: Verdict, name: str) -> FeatureVerdict:
    """A feature by its id or its name, also where the locale could not read what was typed."""
    name = os.fsencode(name).decode("utf-8", "replace")
    for judged in verdict.features:
        if name in (judged.feature.id, judged.feature.name):
            return judged
    known = ", ".join(judged.feature.id for judged in verdict.features) or "there are none"
    raise WrongUse(f"no feature {name!r}; known: {known}")


def narrowed(spec: Spec, settings: Settings, pages: tuple[str, ...]) -> Spec:
    """The part of the spec that stands on these pages."""
    chosen = {found.path for page in pages for found in [page_named(spec, settings, page)]}
    # What is wrong with the options is wrong for every page.
    everywhere = {"", settings.config_file.name if settings.config_file else ""}
    return replace(
        spec,
        features=tuple(feature for feature in spec.features if feature.page in chosen),
        pages=tuple(page for page in spec.pages if page.path in chosen),
        problems=tuple(problem for problem in spec.problems if problem.page in chosen | everywhere),
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
    raise WrongUse(f"{name}: there is no such page{did_you_mean(name, list(spec.by_path))}")


def url_for(settings: Settings) -> Callable[[str], str]:
    """Tell where MkDocs puts a page by default; without a build, nobody else can say."""

    def url(page: str) -> str:
        try:
            path = PurePosixPath((settings.root / page).relative_to(settings.docs_dir).as_posix())
        except ValueError:
            path = PurePosixPath(page)
        folder = path.parent if path.stem in ("index", "README") else path.with_suffix("")
        return "" if folder == PurePosixPath() else f"{folder}/"

    return url


def write(target: Path, text: str) -> None:
    """Write a file, or to stdout where the target is `-`."""
    data = (text if text.endswith("\n") else f"{text}\n").encode("utf-8", "replace")
    if str(target) == "-":
        # Bytes: what programs read is UTF-8, whatever the console's own encoding.
        click.echo(data, nl=False)
        return
    try:
        on_disk(target.parent).mkdir(parents=True, exist_ok=True)
        on_disk(target).write_bytes(data)
    except OSError as error:
        raise WrongUse(f"cannot write {target}: {error.strerror}") from error


def as_json(value: Any) -> str:
    """JSON that no terminal and no log can take for anything else."""
    return json.dumps(value, indent=2, ensure_ascii=True)
