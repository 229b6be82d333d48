"""How the site is built and run: the plugin's options, checked once for every host.

MkDocs hands its options over; the command line and pytest read the same block of `mkdocs.yml` themselves.
Both end in `from_options`, so a typing error is answered in the same words wherever it is met.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import yaml
from cucumber_tag_expressions import TagExpressionError
from cucumber_tag_expressions import parse as parse_tags
from pathspec import GitIgnoreSpec

from mkdocs_jetty.errors import ConfigError, alternatives, did_you_mean, parse_toml, read_text
from mkdocs_jetty.standards.declaration import read_declaration
from mkdocs_jetty.standards.model import Declaration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FAIL_ON", "OPTION_NAMES", "ConfigError", "Settings", "from_options", "load"]

FAIL_ON = ("red", "standards", "incomplete")
# What MkDocs leaves out of every site, beside hidden files: https://www.mkdocs.org/user-guide/configuration/#exclude_docs
UNPUBLISHED = ("/templates/",)


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
    cache: bool
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
    data = _read_site_config(config_file)
    root = config_file.parent
    return from_options(
        root,
        config_file,
        _text_setting(data, "site_name", root.name, config_file),
        root / _text_setting(data, "docs_dir", "docs", config_file),
        _plugin_options(data, config_file),
        site_dir=root / _text_setting(data, "site_dir", "site", config_file),
        unpublished=_unpublished(data, config_file),
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
            raise _error(config_file, name, _unknown(str(name), _OPTIONS))
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
        raise _error(config_file, name, f"`{name}` must be {error}, not {value!r}") from None


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
    "cache": (True, _boolean),
    "cache_dir": (".cache/plugin/jetty", _text),
    "fail_on": (("red",), _fail_on),
    "results": ((), _texts),
    "show_output": ("auto", _boolean_or_auto),
    "source_url": (None, _optional_text),
    "ledger": (".jetty/ledger.jsonl", _text),
}
OPTION_NAMES = tuple(_OPTIONS)


# ---- messages ----


def _error(config_file: Path | None, option: Any, message: str) -> ConfigError:
    if config_file is None:
        return ConfigError(f"jetty: {message}")
    line = _line_of(config_file, str(option))
    place = f"{config_file.name}:{line}" if line else config_file.name
    return ConfigError(f"{place}: {message}")


def _line_of(config_file: Path, option: str) -> int | None:
    """Where an option of the plugin stands, found in the text: the parsed values have lost their lines."""
    try:
        text = config_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    block = re.search(r"(?<![\w/.-])jetty[\"']?\s*[:\]]", text)
    if block is None:
        return None
    if option == "jetty":
        return text.count("\n", 0, block.start()) + 1
    found = re.compile(rf"(?<![\w-]){re.escape(option)}[\"']?\s*[:=]").search(text, block.end())
    return text.count("\n", 0, found.start()) + 1 if found else None


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    return f"jetty has no option `{name}`{did_you_mean(name, tuple(known))}; it has {', '.join(known)}"


# ---- reading the files ----


class _SiteLoader(yaml.SafeLoader):
    """Reads what MkDocs reads, and lets pass what only MkDocs can make sense of."""


def _environment(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        names, default = [node.value], None
    elif isinstance(node, yaml.SequenceNode) and node.value:
        parts = [loader.construct_object(item) for item in node.value]
        names, default = (parts, None) if len(parts) == 1 else (parts[:-1], parts[-1])
    else:
        return None
    for name in names:
        if (value := os.environ.get(str(name))) is not None:
            # MkDocs gives the value its YAML type as well: `true` from the environment is a boolean.
            return yaml.safe_load(value)
    return default


def _opaque(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_SiteLoader.add_constructor("!ENV", _environment)
_SiteLoader.add_multi_constructor("!", _opaque)
_SiteLoader.add_multi_constructor("tag:yaml.org,2002:python/", _opaque)


def _read_site_config(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    if path in seen:
        raise ConfigError(f"{path.name}: `INHERIT` goes round in a circle")
    text = read_text(path)
    if path.suffix == ".toml":
        project = parse_toml(path.name, text).get("project", {})
        return project if isinstance(project, dict) else {}
    try:
        data = yaml.load(text, Loader=_SiteLoader)  # noqa: S506 # derived from the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}:{mark.line + 1}" if mark else path.name
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise ConfigError(f"{place}: this is not valid YAML: {problem}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path.name}: a mapping of settings is expected, such as `site_name: …`")
    if isinstance(parent := data.pop("INHERIT", None), str):
        return _merged(_read_site_config((path.parent / parent).absolute(), (*seen, path)), data)
    return data


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _text_setting(data: Mapping[str, Any], key: str, default: str, config_file: Path) -> str:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ConfigError(f"{config_file.name}: `{key}` must be a text, not {value!r}")
    return value


def _unpublished(data: Mapping[str, Any], config_file: Path) -> tuple[str, ...]:
    """What a build of the site leaves out, as MkDocs decides it: its own default first."""
    patterns = "\n".join(_text_setting(data, key, "", config_file) for key in ("exclude_docs", "draft_docs"))
    lines = tuple(line for line in patterns.splitlines() if line.strip())
    try:
        GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise ConfigError(f"{config_file.name}: `exclude_docs` or `draft_docs` has a wrong pattern: {error}") from None
    return (*UNPUBLISHED, *lines)


def _plugin_options(data: Mapping[str, Any], config_file: Path) -> Mapping[str, Any]:
    plugins = data.get("plugins")
    entries = [{name: value} for name, value in plugins.items()] if isinstance(plugins, dict) else plugins
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and "jetty" in entry:
            options = entry["jetty"] or {}
            if not isinstance(options, dict):
                raise _error(config_file, "jetty", f"`jetty` must be a mapping of options, not {options!r}")
            return options
    return {}
