"""Writes what programs read into the site's `jetty/` folder, and offers each form to the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from mkdocs_jetty.judge import builds
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.show.badges import badge_of, badge_stem, stem_of
from mkdocs_jetty.show.junit import junit_xml
from mkdocs_jetty.show.llms import feature_markdown, llms_txt
from mkdocs_jetty.show.messages import messages_ndjson
from mkdocs_jetty.show.spec_json import UrlFor, spec_json

__all__ = [
    "junit_xml",
    "messages_ndjson",
    "site_files",
    "spec_json",
    "write_if_changed",
    "write_site_files",
]

FOLDER = "jetty"
ATTACHMENTS = "attachments"
LLMS = "llms.txt"
_ONE_MOVE = 4096
"""Bytes that a new file takes whole: there are hundreds of badges, and a draft for each would take as long again."""


def write_site_files(verdict: Verdict, site_dir: Path, url_for: UrlFor, generated: datetime) -> None:
    """Write every export into the built site; a file that would say the same is left alone."""
    if not (site_dir / LLMS).exists() or _is_ours(site_dir / LLMS):
        write_if_changed(site_dir / LLMS, llms_txt(verdict, url_for))
    write_attachments(verdict, site_dir)
    for name, text in site_files(verdict, url_for, generated):
        write_if_changed(site_dir / FOLDER / name, text)


def write_attachments(verdict: Verdict, site_dir: Path) -> None:
    """Write what steps attached; text stands on the pages."""
    results = [one.result for judged in verdict.features for one in judged.scenarios]
    steps = (each for result in results for step in result.steps for each in step.attachments)
    for made in (*steps, *(each for result in results for each in result.attachments)):
        path = site_dir / FOLDER / ATTACHMENTS / made.file
        if made.data is not None and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made.content)


def _is_ours(path: Path) -> bool:
    """Tell whether an earlier build has written it: another plugin's, or the author's own, is left alone."""
    try:
        return "](jetty/spec.json)" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def site_files(verdict: Verdict, url_for: UrlFor, generated: datetime) -> Iterator[tuple[str, str]]:
    """Each file of the `jetty/` folder: its name there, and its text."""
    yield "spec.json", _json(spec_json(verdict, url_for, generated))
    yield "messages.ndjson", messages_ndjson(verdict, generated)
    yield "junit.xml", junit_xml(verdict)
    yield "history.json", _json(builds.as_json(verdict.builds.with_now(verdict, generated)))
    for feature in verdict.features:
        yield f"features/{stem_of(feature.feature.id)}.md", feature_markdown(verdict, feature, url_for)
        for mode in feature.modes:
            svg, endpoint = badge_of(feature, mode)
            stem = f"badges/{badge_stem(feature.feature.id, mode)}"
            yield f"{stem}.svg", svg
            yield f"{stem}.json", _json(endpoint)


def write_if_changed(path: Path, text: str) -> bool:
    """Write a file in one move, so that nobody ever reads half of it; say whether it was written."""
    # A lone surrogate, as undecodable output leaves behind, has no place in UTF-8.
    data = text.encode("utf-8", "replace")
    path = on_disk(path)
    if len(data) <= _ONE_MOVE and _written_anew(path, data):
        return True
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _written_anew(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet."""
    try:
        with open(path, "xb") as file:  # noqa: PTH123 (a `Path` takes as long again)
            file.write(data)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _written_anew(path, data)
    except FileExistsError:
        return False
    return True


def on_disk(path: Path) -> Path:
    """A path that can be written wherever the file system takes bytes, though a locale such as `C` cannot say it."""
    return path if os.name == "nt" else Path(os.fsdecode(str(path).encode("utf-8", "surrogateescape")))


def _json(value: object) -> str:
    # Without an indent, which would take the encoder that is written in Python.
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
