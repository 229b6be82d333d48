"""How the site is built and run: the plugin's options, checked once for every host.

MkDocs hands its options over; the command line and pytest read the same block of `mkdocs.yml` themselves.
Both end in `from_options`, so a typing error is answered in the same words wherever it is met.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from cucumber_tag_expressions import TagExpressionError
from cucumber_tag_expressions import parse as parse_tags

from mkdocs_jetty.errors import ConfigError, alternatives, did_you_mean
from mkdocs_jetty.site_file import option_error, plugin_options, read_site_file, text_setting
from mkdocs_jetty.site_file import unpublished as unpublished_pages
from mkdocs_jetty.standards.declaration import read_declaration
from mkdocs_jetty.standards.model import Declaration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FAIL_ON", "OPTION_NAMES", "ConfigError", "Settings", "from_options", "load"]

FAIL_ON = ("red", "flaky", "standards", "incomplete")
AMBIGUOUS = ("error", "warn")


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
    enabled: bool
    execute: bool
    steps: tuple[str, ...]
    """Directories or files with step definitions, relative to `root`."""
    include: tuple[str, ...]
    """Patterns of pages, relative to `docs_dir`."""
    exclude: tuple[str, ...]
    features: tuple[str, ...]
    """Additional `.feature` files or directories of them, relative to `root`."""
    tags: str
    timeout: float
    """Seconds, for one scenario."""
    run_timeout: float
    """Seconds, for the whole run."""
    memory_limit: int | None
    """MiB, for one worker."""
    concurrency: int | Literal["auto"]
    ambiguous: Literal["error", "warn"]
    """What two matching definitions of one level mean."""
    retries: int
    """How often a scenario runs again after a failure."""
    cache: bool | Literal["auto"]
    cache_dir: Path
    """Absolute."""
    fail_on: tuple[str, ...]
    results: tuple[str, ...]
    show_output: bool | Literal["auto"]
    source_url: str | None
    ledger: str
    """Where it is kept when each scenario was first seen red and green, relative to the project."""
    state: Literal["internal", "external"]
    """From `jetty.toml`."""
    declaration: Declaration = field(default_factory=Declaration)
    """All that `jetty.toml` says."""
    unpublished: tuple[str, ...] = ()
    """Patterns, as in a `.gitignore`, of pages that the site leaves out: what nobody reads is no promise."""


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
        if name not in _OPTIONS:
            raise option_error(config_file, name, _unknown(str(name), _OPTIONS))
    values: dict[str, Any] = {}
    for name, (default, read) in _OPTIONS.items():
        values[name] = _checked(config_file, name, read, options[name]) if name in options else default
    values["cache_dir"] = root / values["cache_dir"]
    declaration = read_declaration(root)
    return Settings(
        root=root,
        config_file=config_file,
        site_name=site_name,
        docs_dir=(root / docs_dir).absolute(),
        site_dir=(root / (site_dir or "site")).absolute(),
        state=declaration.state,
        declaration=declaration,
        unpublished=unpublished,
        **values,
    )


def _checked(config_file: Path | None, name: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise option_error(config_file, name, f"`{name}` must be {error}, not {value!r}") from None


# ---- what each option may be; a reader raises ValueError with what would be right ----


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _text(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("a text")


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _texts(value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list) and all(isinstance(item, str) and item.strip() for item in values):
        return tuple(values)
    raise ValueError("a path or a list of paths")


def _some_texts(value: Any) -> tuple[str, ...]:
    if texts := _texts(value):
        return texts
    raise ValueError("a path or a list of at least one path")


def _tags(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a tag expression such as `@fast and not @wip`")  # noqa: TRY004 # one kind for all readers
    try:
        parse_tags(value)
    except TagExpressionError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"a tag expression such as `@fast and not @wip` ({reason})") from None
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    raise ValueError("a number of seconds above 0")


def _mebibytes(value: Any) -> int | None:
    if value is None or (_is_integer(value) and value > 0):
        return cast("int | None", value)
    raise ValueError("a whole number of MiB above 0")


def _workers(value: Any) -> int | str:
    if value == "auto" or (_is_integer(value) and value > 0):
        return cast("int | str", value)
    raise ValueError("`auto` or a whole number above 0")


def _boolean_or_auto(value: Any) -> bool | str:
    if isinstance(value, bool) or value == "auto":
        return cast("bool | str", value)
    raise ValueError("true, false or `auto`")


def _fail_on(value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise ValueError(f"a list of {alternatives(FAIL_ON)}")  # noqa: TRY004 # one kind for all readers
    for item in values:
        if item not in FAIL_ON:
            raise ValueError(f"a list of {alternatives(FAIL_ON)}{did_you_mean(str(item), FAIL_ON)}")
    return tuple(dict.fromkeys(values))


def _ambiguous(value: Any) -> str:
    if value in AMBIGUOUS:
        return cast("str", value)
    raise ValueError(f"{alternatives(AMBIGUOUS)}{did_you_mean(str(value), AMBIGUOUS)}")


def _count(value: Any) -> int:
    if _is_integer(value) and value >= 0:
        return cast("int", value)
    raise ValueError("a whole number, 0 or more")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_OPTIONS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "enabled": (True, _boolean),
    "execute": (True, _boolean),
    "steps": (("features",), _some_texts),
    "include": (("**/*.md",), _texts),
    "exclude": ((), _texts),
    "features": ((), _texts),
    "tags": ("", _tags),
    "timeout": (60.0, _seconds),
    "run_timeout": (1800.0, _seconds),
    "memory_limit": (None, _mebibytes),
    "concurrency": ("auto", _workers),
    "ambiguous": ("error", _ambiguous),
    "retries": (0, _count),
    "cache": ("auto", _boolean_or_auto),
    "cache_dir": (".cache/plugin/jetty", _text),
    "fail_on": (("red",), _fail_on),
    "results": ((), _texts),
    "show_output": ("auto", _boolean_or_auto),
    "source_url": (None, _optional_text),
    "ledger": (".jetty/ledger.jsonl", _text),
}
OPTION_NAMES = tuple(_OPTIONS)


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    return f"jetty has no option `{name}`{did_you_mean(name, tuple(known))}; it has {', '.join(known)}"
