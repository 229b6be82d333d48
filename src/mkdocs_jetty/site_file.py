"""The site's own configuration, `mkdocs.yml` or `zensical.toml`, read without any host, and where its options stand."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pathspec import GitIgnoreSpec

from mkdocs_jetty.errors import ConfigError, parse_toml, read_text

# What MkDocs leaves out of every site, beside hidden files: https://www.mkdocs.org/user-guide/configuration/#exclude_docs
UNPUBLISHED = ("/templates/",)


@dataclass(frozen=True)
class Python:
    """What the file names of Python's, such as `!!python/name:pymdownx.slugs.uslugify`; reading it imports nothing."""

    kind: str
    """`name`, `object/apply`, …"""
    name: str
    value: Any = None
    """What it is called with."""


@dataclass(frozen=True)
class Relative:
    """A path that MkDocs completes: from the page, or from what stands for a directory at its beginning."""

    path: str


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


def _python(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> Python:
    kind, _, name = tag.partition(":")
    return Python(kind, name, _opaque(loader, tag, node) or None)


def _relative(loader: yaml.SafeLoader, node: yaml.Node) -> Relative:
    return Relative(str(_opaque(loader, "", node) or ""))


_SiteLoader.add_constructor("!ENV", _environment)
_SiteLoader.add_constructor("!relative", _relative)
_SiteLoader.add_multi_constructor("!", _opaque)
_SiteLoader.add_multi_constructor("tag:yaml.org,2002:python/", _python)


def read_site_file(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return what the file says, and what it inherits; of `zensical.toml` its table `project`.

    Raises:
        ConfigError: If it cannot be read.
    """
    if path in seen:
        raise ConfigError(f"{path.name}: `INHERIT` goes round in a circle")
    text = read_text(path)
    if path.suffix == ".toml":
        project = parse_toml(path.name, text).get("project", {})
        return project if isinstance(project, dict) else {}
    try:
        data = _parsed(text, tuple(sorted(os.environ.items())))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}:{mark.line + 1}" if mark else path.name
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise ConfigError(f"{place}: this is not valid YAML: {problem}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path.name}: a mapping of settings is expected, such as `site_name: …`")
    data = dict(data)
    if isinstance(parent := data.pop("INHERIT", None), str):
        return _merged(read_site_file((path.parent / parent).absolute(), (*seen, path)), data)
    return data


@lru_cache(maxsize=8)
def _parsed(text: str, _environment: tuple[tuple[str, str], ...]) -> Any:
    """The text as YAML: settings and extensions are both asked for."""
    return yaml.load(text, Loader=_SiteLoader)  # noqa: S506 # derived from the safe loader


def named_entries(data: Mapping[str, Any], key: str) -> dict[str, dict[str, Any]]:
    """The entries of `plugins` or `markdown_extensions`, with their options, be they a list or a mapping."""
    entries = data.get(key)
    if isinstance(entries, dict):
        entries = [{name: options} for name, options in entries.items()]
    found: dict[str, dict[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else ():
        for name, options in entry.items() if isinstance(entry, dict) else [(entry, None)]:
            found[str(name)] = options if isinstance(options, dict) else {}
    return found


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def text_setting(data: Mapping[str, Any], key: str, default: str, config_file: Path) -> str:
    """A setting that is a text.

    Raises:
        ConfigError: If it is something else.
    """
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ConfigError(f"{config_file.name}: `{key}` must be a text, not {value!r}")
    return value


def unpublished(data: Mapping[str, Any], config_file: Path) -> tuple[str, ...]:
    """Return what a build of the site leaves out, as MkDocs decides it: its own default first.

    Raises:
        ConfigError: If a pattern cannot be one.
    """
    patterns = "\n".join(text_setting(data, key, "", config_file) for key in ("exclude_docs", "draft_docs"))
    lines = tuple(line for line in patterns.splitlines() if line.strip())
    try:
        GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise ConfigError(f"{config_file.name}: `exclude_docs` or `draft_docs` has a wrong pattern: {error}") from None
    return (*UNPUBLISHED, *lines)


def plugin_options(data: Mapping[str, Any], config_file: Path) -> Mapping[str, Any]:
    """The options of the plugin, as written; none where it stands without any.

    Raises:
        ConfigError: If they are no mapping.
    """
    plugins = data.get("plugins")
    entries = [{name: value} for name, value in plugins.items()] if isinstance(plugins, dict) else plugins
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and "jetty" in entry:
            options = entry["jetty"] or {}
            if not isinstance(options, dict):
                raise option_error(config_file, "jetty", f"`jetty` must be a mapping of options, not {options!r}")
            return options
    return {}


# ---- messages ----


def option_error(config_file: Path | None, option: Any, message: str) -> ConfigError:
    """Return what is wrong with an option, with the place where it stands."""
    place = ":".join(str(part) for part in option_place(config_file, str(option)) if part)
    return ConfigError(f"{place or 'jetty'}: {message}")


def option_place(config_file: Path | None, option: str, value: str = "") -> tuple[str, int | None]:
    """Tell where an option of the plugin stands, or one of its values.

    Returns:
        The file's name, empty where there is none, and the line if it is found.
    """
    return (config_file.name, _line_of(config_file, option, value)) if config_file else ("", None)


def _line_of(config_file: Path, option: str, value: str) -> int | None:
    """Tell where an option of the plugin stands, found in the text: the parsed values have lost their lines."""
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
    if found is None:
        return None
    at = text.find(value, found.end()) if value else -1
    return text.count("\n", 0, max(at, found.start())) + 1
