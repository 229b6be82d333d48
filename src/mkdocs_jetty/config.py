"""How the site is built and run: the plugin's options, checked once for every host.

MkDocs hands its options over; the command line and pytest read the same block of `mkdocs.yml` themselves.
Both end in `from_options`, so a typing error is answered in the same words wherever it is met.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mkdocs_jetty import options as o
from mkdocs_jetty.errors import ConfigError, did_you_mean
from mkdocs_jetty.options import FAIL_ON, Option
from mkdocs_jetty.site_file import option_error, plugin_options, read_site_file, text_setting
from mkdocs_jetty.site_file import unpublished as unpublished_pages
from mkdocs_jetty.standards.model import DECLARATION, Declaration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FAIL_ON", "OPTIONS", "OPTION_NAMES", "ConfigError", "Settings", "from_options", "load"]


def _option(default: Any, read: Callable[[Any], Any], written: str, meaning: str = "") -> Any:
    return field(metadata={"option": Option(default, read, written, meaning)})


@dataclass(frozen=True)
class Settings:
    """Everything that is said about building and running, with the defaults filled in."""

    root: Path
    """The directory of `mkdocs.yml`, absolute."""
    config_file: Path | None
    site_name: str
    docs_dir: Path
    """Absolute."""
    site_dir: Path
    """Absolute."""
    # Each option with its default, what reads it, and its line in the guide: `OPTIONS` is all of them.
    enabled: bool = _option(True, o.boolean, "`true`", "`false`: the plugin does nothing")
    execute: bool = _option(True, o.boolean, "`true`", "`false`: run nothing, and show every scenario as not run")
    steps: tuple[str, ...] = _option(
        ("features",),
        o.some_texts,
        "`features`",
        "directory, file or list, relative to `mkdocs.yml`; one that does not exist is an error, but the default "
        "may be missing",
    )
    include: tuple[str, ...] = _option(("**/*.md",), o.texts, '`["**/*.md"]`', "pages, relative to `docs_dir`")
    exclude: tuple[str, ...] = _option(
        (),
        o.texts,
        "`[]`",
        "pages to leave out, and `.feature` files by their path in the project. What the site leaves out "
        "(`exclude_docs`, `draft_docs` in a build) is no specification either",
    )
    features: tuple[str, ...] = _option(
        (),
        o.texts,
        "`[]`",
        "`.feature` files, directories or patterns (`feats/*.feature`, `**/*.feature`), relative to `mkdocs.yml`, "
        "each file shown on a page of its own. A pattern passes over hidden directories, virtual environments, "
        "`node_modules` and the site itself; one that matches nothing is an error",
    )
    syntax: tuple[str, ...] = _option(
        ("fences",),
        o.syntaxes,
        "`[fences]`",
        "what a specification on a page looks like: `fences`, `mdg` (Cucumber's Markdown with Gherkin: "
        "`## Scenario: …`, `* Given …`) and `openspec` (`### Requirement: …`, `#### Scenario: …`, `- **WHEN** …`)",
    )
    tags: str = _option(
        "",
        o.tags,
        '`""`',
        "Cucumber tag expression: what to run; the rest is shown as not run. `@speed`, `@stable` and `@production` "
        "select by mode, also where a heading or a comment says it; an expression that selects nothing is an error",
    )
    timeout: float = _option(60.0, o.seconds, "`60`", "seconds for one scenario")
    run_timeout: float = _option(1800.0, o.seconds, "`1800`", "seconds for the whole run")
    memory_limit: int | None = _option(None, o.mebibytes, "none", "MiB for one worker, on POSIX systems")
    concurrency: int | Literal["auto"] = _option("auto", o.workers, "`auto`", "workers")
    ambiguous: Literal["error", "warn"] = _option(
        "error",
        o.ambiguous,
        "`error`",
        "what two matching definitions of one level mean. `error`: the step is ambiguous, and red. `warn`: the one "
        "that pytest-bdd would take runs, and the scenario is amber: not green, and no evidence for a standard",
    )
    retries: int = _option(
        0,
        o.count,
        "`0`",
        "how often a scenario runs again after a failure; one that then passes is flaky: amber, and no evidence "
        "for a standard",
    )
    cache: bool | Literal["auto"] = _option(
        "auto",
        o.boolean_or_auto,
        "`auto`",
        "reuse green results of scenarios that say the same while no other file of the project has changed, and mark "
        "them as reused, with their day; not of scenarios that start processes or connect to others. `auto`: while "
        "`mkdocs serve` runs. `true`: in `build` and `check` too, for the same Python and packages and for 30 days. "
        "`false`: never",
    )
    cache_dir: Path = _option(  # noqa: RUF009 # it declares a field, and is called once
        ".cache/plugin/jetty",
        o.text,
        "`.cache/plugin/jetty`",
        "where a run leaves notes for the next one: what failed last, for `jetty check --lf`; with `cache: true` its "
        "results",
    )
    fail_on: tuple[str, ...] = _option(
        ("red",),
        o.fail_on,
        "`[red]`",
        "what makes the build fail: `red`; `flaky`, when a scenario failed before it passed; `standards`, when an "
        "applicable standard is open; `incomplete`, when a feature has not reached the finish line; `[]` never "
        "fails",
    )
    results: tuple[str, ...] = _option(
        (),
        o.texts,
        "`[]`",
        "Cucumber Messages files with results produced elsewhere, for what is not run here; of several files the "
        "worst counts",
    )
    show_output: bool | Literal["auto"] = _option(
        "auto",
        o.boolean_or_auto,
        "`auto`",
        "captured output and full tracebacks: on in `serve`, off in `build`",
    )
    expand_passed: bool = _option(
        False,
        o.boolean,
        "`false`",
        "whether scenarios that passed are open on the pages; otherwise each is one line that opens",
    )
    source_url: str | None = _option(
        None,
        o.optional_text,
        "none",
        "link to step definitions, such as `https://example.org/blob/main/{path}#L{line}`",
    )
    history: str | None = _option(
        None,
        o.optional_text,
        "none",
        "the `jetty/history.json` of the last build, relative to the project: what changed since, and the last builds "
        "of each scenario, are shown",
    )
    ledger: str = _option(
        ".jetty/ledger.jsonl",
        o.text,
        "`.jetty/ledger.jsonl`",
        "where it is kept when each scenario was first seen red and green, relative to the project",
    )
    declaration: Declaration = field(default_factory=Declaration)
    """All that `jetty.toml` says."""
    unpublished: tuple[str, ...] = ()
    """Patterns, as in a `.gitignore`, of pages that the site leaves out: what nobody reads is no promise."""

    @property
    def state(self) -> Literal["internal", "external"]:
        """What the project has declared itself to be."""
        return self.declaration.state


OPTIONS: dict[str, Option] = {each.name: each.metadata["option"] for each in fields(Settings) if each.metadata}
OPTION_NAMES = tuple(OPTIONS)


def load(config_file: Path) -> Settings:
    """Read the settings from `mkdocs.yml` (or `zensical.toml`) without any host.

    Raises:
        ConfigError: If the file cannot be read or an option is wrong.
    """
    config_file = Path(config_file).absolute()
    data = read_site_file(config_file)
    root = config_file.parent
    return from_options(
        root,
        config_file,
        text_setting(data, "site_name", root.name, config_file),
        root / text_setting(data, "docs_dir", "docs", config_file),
        plugin_options(data, config_file),
        site_dir=root / text_setting(data, "site_dir", "site", config_file),
        unpublished=unpublished_pages(data, config_file),
    )


def from_options(
    root: Path,
    config_file: Path | None,
    site_name: str,
    docs_dir: Path,
    options: Mapping[str, Any],
    *,
    site_dir: Path | None = None,
    unpublished: tuple[str, ...] = (),
) -> Settings:
    """Check the plugin's options and fill in the defaults.

    Raises:
        ConfigError: If an option is unknown or its value is not of the right kind.
    """
    root = Path(root).absolute()
    for name in options:
        if name not in OPTIONS:
            raise option_error(config_file, name, _unknown(str(name)))
    values: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        values[name] = _checked(config_file, name, option, options[name]) if name in options else option.default
    values["cache_dir"] = root / values["cache_dir"]
    return Settings(
        root=root,
        config_file=config_file,
        site_name=site_name,
        docs_dir=(root / docs_dir).absolute(),
        site_dir=(root / (site_dir or "site")).absolute(),
        declaration=_declaration(root),
        unpublished=unpublished,
        **values,
    )


def _declaration(root: Path) -> Declaration:
    if not (root / DECLARATION).exists():
        return Declaration()
    # What reads standards takes longer to load than many a project to run: it is for those that declare something.
    from mkdocs_jetty.standards.declaration import read_declaration  # noqa: PLC0415

    return read_declaration(root)


def _checked(config_file: Path | None, name: str, option: Option, value: Any) -> Any:
    try:
        return option.read(value)
    except ValueError as error:
        raise option_error(config_file, name, f"`{name}` must be {error}, not {value!r}") from None


def _unknown(name: str) -> str:
    return f"jetty has no option `{name}`{did_you_mean(name, OPTION_NAMES)}; it has {', '.join(OPTIONS)}"
