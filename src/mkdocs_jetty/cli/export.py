"""`jetty snippets` and `jetty export`: what other tools and editors take."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import click

from mkdocs_jetty.cli.common import as_json, config_option, latest, load, url_for, write
from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.cli.terminal import console, line
from mkdocs_jetty.run.stock import MODULE, is_stock
from mkdocs_jetty.show import export as forms
from mkdocs_jetty.show.cucumber_json import cucumber_json
from mkdocs_jetty.show.feature_file import feature_file
from mkdocs_jetty.show.llms import llms_txt
from mkdocs_jetty.show.snippets import render_snippets, undefined_steps
from mkdocs_jetty.show.words import plural
from mkdocs_jetty.spec.reader import read
from mkdocs_jetty.standards.declaration_schema import declaration_schema

FORMATS = ("features", "messages", "junit", "json", "cucumber", "llms", "schema")


@click.command()
@config_option
def snippets(config_file: Path) -> None:
    """Print step definitions for every undefined step, ready to paste; they are pending until you fill them in."""
    verdict = latest(load(config_file), console(stderr=True)).unbroken()
    undefined = undefined_steps(verdict)
    if steps := [step for step in undefined if not is_stock(step)]:
        write(Path("-"), render_snippets(steps))
    if stock := len(undefined) - len(steps):
        line(console(stderr=True), f"{plural(stock, 'step')} of the step library: add `{MODULE}` to the option `steps`")
    if not undefined:
        line(console(stderr=True), "every step that was looked up has its definition")


@click.command()
@config_option
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A directory for features; else a file, or -.")
def export(config_file: Path, form: str, output: Path | None) -> None:
    """Write classic .feature files, the results in a form for other tools, or the JSON Schema of jetty.toml."""
    if form == "schema":
        write(output or Path("-"), as_json(declaration_schema()))
        return
    settings = load(config_file)
    if form == "features":
        if output is None or str(output) == "-" or output.is_file():
            raise WrongUse("--format features writes a file for each feature: name a directory with -o")
        spec = read(settings)
        taken: set[str] = set()
        for feature in spec.features:
            target = output / f"{_stem(feature.id, taken)}.feature"
            write(target, feature_file(feature, spec))
            click.echo(f"wrote {plain(target)}")
        return
    verdict = latest(settings, console(stderr=True)).unbroken()
    generated = datetime.now(timezone.utc)
    if form == "json":
        text = as_json(forms.spec_json(verdict, url_for(settings), generated))
    elif form == "cucumber":
        text = as_json(cucumber_json(verdict))
    elif form == "llms":
        text = llms_txt(verdict, url_for(settings))
    else:
        text = forms.junit_xml(verdict) if form == "junit" else forms.messages_ndjson(verdict, generated)
    write(output or Path("-"), text)


def _stem(feature_id: str, taken: set[str]) -> str:
    """A file's name from an id that people may have written: never a path, and each once whatever the case."""
    stem = wanted = re.sub(r"[^\w-]+", "-", feature_id).strip("-") or "feature"
    count = 1
    while stem.lower() in taken:
        count += 1
        stem = f"{wanted}-{count}"
    taken.add(stem.lower())
    return stem
