"""The Markdown extensions that a site declares, for reading its pages without its host."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown import Markdown

from mkdocs_jetty.site_file import Python, Relative, named_entries

# What MkDocs turns on before anything else.
BUILT_IN = ("toc", "tables", "fenced_code")
# Where nothing is declared: whatever Markdown lets a fence stand in.
ANYWHERE: dict[str, dict[str, Any]] = {
    **{name: {} for name in (*BUILT_IN, "admonition", "attr_list", "def_list", "footnotes", "md_in_html")},
    **{name: {} for name in ("pymdownx.details", "pymdownx.superfences")},
    "pymdownx.tabbed": {"alternate_style": True},
}
OURS = "mkdocs_jetty"
_NAMESPACES = ("pymdownx", "markdown", "zensical")


@dataclass(frozen=True)
class SiteMarkdown:
    """What a site's pages are converted with."""

    extensions: Mapping[str, Mapping[str, Any]]
    """Each with its options."""
    plugins: Mapping[str, Mapping[str, Any]]
    """The site's plugins, which are not asked but may change its pages."""


def site_markdown(data: Mapping[str, Any], *, toml: bool) -> SiteMarkdown:
    """Return what the site's file declares.

    Args:
        data: The file.
        toml: Whether it is one of Zensical's, which has other defaults and nests the names.
    """
    declared = named_entries(data, "markdown_extensions")
    if toml:
        declared = dict(_flat(declared))
        extensions: dict[str, dict[str, Any]] = declared or ANYWHERE
    else:
        extensions = {**{name: {} for name in BUILT_IN}, **declared}
    extensions = {name: options for name, options in extensions.items() if name != OURS}
    return SiteMarkdown(extensions, named_entries(data, "plugins"))


def _flat(declared: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, options in declared.items():
        if name in _NAMESPACES:
            yield from ((f"{name}.{each}", more if isinstance(more, dict) else {}) for each, more in options.items())
        else:
            yield name, options


def instance(site: SiteMarkdown, root: Path, docs_dir: Path) -> tuple[Markdown, list[str]]:
    """A Markdown instance with the site's extensions, and what is wrong with those that it lacks."""
    md = Markdown()
    wrong = []
    with _importable(root):
        for name, options in site.extensions.items():
            try:
                settled = {key: _settled(value, root, docs_dir) for key, value in options.items()}
                md.registerExtensions([name], {name: _with_plugins(name, settled, site, root)})
            except Exception as error:  # noqa: BLE001, PERF203 # foreign code, of whatever quality
                reason = " ".join(str(error).split()) or type(error).__name__
                wrong.append(
                    f"`markdown_extensions`: `{name}` cannot be used without a build ({reason}), so pages may be read "
                    "otherwise than the site shows them"
                )
    return md, wrong


@contextmanager
def _importable(root: Path) -> Iterator[None]:
    """Let the project's own modules be found, last, as `python -m mkdocs` does."""
    sys.path.append(str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))


def _settled(value: Any, root: Path, docs_dir: Path) -> Any:
    """An option's value, with what it names of Python's."""
    if isinstance(value, dict):
        return {key: _settled(each, root, docs_dir) for key, each in value.items()}
    if isinstance(value, list):
        return [_settled(each, root, docs_dir) for each in value]
    if isinstance(value, Relative):
        return _path(value.path, root, docs_dir)
    return _imported(value, root, docs_dir) if isinstance(value, Python) else value


def _path(path: str, root: Path, docs_dir: Path) -> str:
    for word, directory in (("$config_dir", root), ("$docs_dir", docs_dir)):
        if path.startswith(word):
            return str(directory / path[len(word) :].lstrip("/"))
    return str(docs_dir / path)


def _imported(value: Python, root: Path, docs_dir: Path) -> Any:
    module, _, attribute = value.name.rpartition(".")
    found: Any = getattr(importlib.import_module(module or "builtins"), attribute)
    if value.kind == "name":
        return found
    called = _settled(value.value, root, docs_dir)
    if isinstance(called, dict):
        arguments, keywords = called.get("args", []), called.get("kwds", {})
    else:
        arguments, keywords = called or [], {}
    return found(*arguments, **keywords)


def _with_plugins(name: str, options: dict[str, Any], site: SiteMarkdown, root: Path) -> dict[str, Any]:
    """The options of an extension as they are in a build that is run in the project's directory."""
    if name == "pymdownx.snippets":
        base = options.get("base_path", ["."])
        paths = [base] if isinstance(base, str) else base
        return {**options, "base_path": [str(root / path) for path in paths]}
    if name == "pymdownx.superfences" and "markdown-exec" in site.plugins:
        return {**options, "custom_fences": [*_executed(), *options.get("custom_fences", [])]}
    return options


def _executed() -> list[dict[str, Any]]:
    """The fences of markdown-exec, which takes some that superfences would refuse; nothing is executed to read them."""
    from markdown_exec import formatters, validator  # noqa: PLC0415 # the site has it

    return [
        {"name": language, "class": language, "validator": validator, "format": lambda *_, **__: "<p></p>"}
        for language in formatters
    ]


def inherited_meta(site: SiteMarkdown, path: Path, docs_dir: Path) -> dict[str, Any]:
    """Return what Material's meta plugin gives a page: the front matter of its directories, the nearest one last."""
    plugin = next((site.plugins[name] for name in ("meta", "material/meta") if name in site.plugins), None)
    meta: dict[str, Any] = {}
    if plugin is None or plugin.get("enabled", True) is False or not path.is_relative_to(docs_dir):
        return meta
    for directory in reversed(path.relative_to(docs_dir).parents):
        file = docs_dir / directory / str(plugin.get("meta_file", ".meta.yml"))
        if file.is_file():
            said = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
            meta = with_meta(meta, said) if isinstance(said, dict) else meta
    return meta


def with_meta(above: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Front matter with what it inherits: lists grow, all else is the nearest one's."""
    merged = dict(above)
    for key, value in own.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = with_meta(old, value)
        else:
            merged[key] = [*old, *value] if isinstance(old, list) and isinstance(value, list) else value
    return merged


TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_OPENS = re.compile(r"\{%[-+]?\s*(if|for|call|filter|macro|block|set|raw|end\w+)\b(.*?)%\}", re.DOTALL)
_FINISHING = {"include-markdown": r"\{%-?\s*include", "table-reader": r"\{\{\s*(?:pd_)?read_\w+\s*\("}
"""What some plugins put their own text in the place of."""
_REMARK = re.compile(r"\{#.*?#\}", re.DOTALL)
# A heading's `{#id}` opens none.
_OPEN_REMARK = re.compile(r"\{#[^}\n]*$", re.MULTILINE)


def finished_by(site: SiteMarkdown, meta: Mapping[str, Any], source: str, above: str = "") -> str | None:
    """The plugin that completes the text of a block, or decides about it, where the page is not finished yet.

    Args:
        site: The site's extensions and plugins.
        meta: The front matter of the page.
        source: The text of the block.
        above: The text of the page above it.
    """
    inside = enclosing(above)
    if inside == "raw" or not (inside or TEMPLATE.search(source)):
        return None
    for name, statement in _FINISHING.items():
        if name in site.plugins and re.search(statement, source):
            return name
    if "macros" in site.plugins:
        by_default = site.plugins["macros"].get("render_by_default", True) is not False
        if meta.get("render_macros", by_default) is not False:
            return "macros"
    return "markdownextradata" if "markdownextradata" in site.plugins else None


def enclosing(above: str) -> str:
    """The innermost statement of a template that is still open at the end of a text, such as `if`, or `#`, a remark."""
    above = _REMARK.sub("", above) if "{#" in above else above
    if _OPEN_REMARK.search(above):
        return "#"
    if "{%" not in above:
        return ""
    opened: list[str] = []
    for name, rest in _OPENS.findall(above):
        if opened[-1:] == ["raw"] and name != "endraw":
            continue
        if not name.startswith("end"):
            opened += [] if name == "set" and "=" in rest else [name]
        elif name[3:] in opened:
            del opened[len(opened) - 1 - opened[::-1].index(name[3:]) :]
    return opened[-1] if opened else ""
