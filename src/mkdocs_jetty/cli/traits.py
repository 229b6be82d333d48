"""`jetty traits`: what each feature is, as standards ask; guessed from its words, and written once confirmed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from mkdocs_jetty.cli.common import config_option, load
from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.cli.terminal import console, grid, line
from mkdocs_jetty.config import Settings
from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.spec.edit_front_matter import with_traits
from mkdocs_jetty.spec.model import Feature, Spec
from mkdocs_jetty.spec.reader import read
from mkdocs_jetty.standards.guesses import Guess, guessed

_FIRST = 3
"""How many words of a guess are named."""


@click.command()
@config_option
@click.option("--yes", is_flag=True, help="Write what is guessed without asking.")
@click.argument("feature", required=False)
def traits(config_file: Path, yes: bool, feature: str | None) -> None:
    """Propose traits for features that declare none, or for FEATURE, and write them to their front matter."""
    settings = load(config_file)
    spec = read(settings)
    chosen = [each for each in spec.features if _is_meant(each, feature)]
    if feature is not None and not chosen:
        known = ", ".join(each.id for each in spec.features) or "there are none"
        raise WrongUse(f"no feature {feature!r}; known: {known}")
    report = console()
    if not chosen:
        line(report, "every feature declares its traits")
        return

    def agreed(question: str) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(question))

    if not propose(settings, spec, chosen, agreed):
        line(report, "nothing was written; `jetty traits --yes` writes it, and you correct it there")


def propose(settings: Settings, spec: Spec, chosen: Sequence[Feature], agreed: Callable[[str], bool]) -> bool:
    """Guess the traits of some features, ask, and write them.

    Args:
        settings: The project's settings.
        spec: The specification.
        chosen: The features.
        agreed: Asks the question.

    Returns:
        Whether they were written.
    """
    report = console()
    guesses = {each.id: guessed(each) for each in chosen}
    grid(report, ("feature", "traits", "because of"), [_row(each, guesses[each.id]) for each in chosen])
    if not agreed("Write these traits to the front matter of their pages?"):
        return False
    on_page = Counter(each.page for each in spec.features)
    for each in chosen:
        _write(settings, each, [guess.trait for guess in guesses[each.id]], alone=on_page[each.page] == 1)
    line(report, "`jetty review FEATURE` shows which standards apply now")
    return True


def _is_meant(feature: Feature, name: str | None) -> bool:
    return not feature.traits_declared if name is None else name in (feature.id, feature.name)


def _row(feature: Feature, guesses: tuple[Guess, ...]) -> tuple[str, str, str]:
    because = ["/".join(guess.because[:_FIRST]) for guess in guesses]
    return feature.id, "\n".join(guess.trait for guess in guesses) or "none", "\n".join(because)


def _write(settings: Settings, feature: Feature, found: list[str], *, alone: bool) -> None:
    path = settings.root / feature.page
    if path.suffix != ".md" or not alone:
        tags = " ".join(f"@trait:{trait}" for trait in found) or "@trait:none"
        click.echo(
            f"{plain(feature.page)}:{feature.line}: write `{tags}` above this feature; it is not alone on a page"
        )
        return
    try:
        text = path.read_bytes().decode("utf-8")
        path.write_bytes(with_traits(text, found).encode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{feature.page}: cannot be changed: {error}") from error
    except ConfigError as error:
        raise WrongUse(f"{feature.page}: {error}") from error
    click.echo(f"{plain(feature.page)}: traits: [{', '.join(found)}]")
