"""The report formats of other tools: each reader says what a file holds, none says whether that is good enough."""

from __future__ import annotations

import json
import re
from typing import Any

from mkdocs_jetty.standards.readers.junit import read_junit
from mkdocs_jetty.standards.readers.load import read_k6, read_locust, read_locust_csv
from mkdocs_jetty.standards.readers.reading import FORMATS, ReadingError, ReportReading
from mkdocs_jetty.standards.readers.scans import read_cyclonedx, read_pip_audit, read_sarif, read_zap

__all__ = ["FORMATS", "ReadingError", "ReportReading", "read"]

_JSON = {
    "sarif": read_sarif,
    "cyclonedx": read_cyclonedx,
    "pip-audit": read_pip_audit,
    "zap": read_zap,
    "k6": read_k6,
    "locust": read_locust,
}


def read(content: bytes) -> ReportReading:
    """Return what a report holds; its format is told from the content.

    Raises:
        ReadingError: If it is none of the formats, or a broken one.
    """
    if not content.strip():
        raise ReadingError("the file is empty")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise ReadingError("it is not text in UTF-8") from None
    if text.lstrip().startswith("<"):
        return read_junit(text)
    if text.lstrip()[:1] in "{[":
        data = _json(text)
        if name := _json_format(data):
            return _JSON[name](data)
    elif re.match(r'"?Type"?,"?Name"?,"?Request Count"?,', text):
        return read_locust_csv(text)
    raise ReadingError(f"it is none of the known formats: {', '.join(FORMATS)}")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ReadingError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ReadingError(f"line {error.lineno} is not valid JSON: {error.msg}") from None
    except ValueError as error:
        raise ReadingError(f"it is not valid JSON: {error}") from None


def _json_format(data: Any) -> str | None:
    if isinstance(data, dict):
        if isinstance(data.get("runs"), list):
            return "sarif"
        if data.get("bomFormat") == "CycloneDX":
            return "cyclonedx"
        for name, key, kind in (
            ("pip-audit", "dependencies", list), ("zap", "site", (list, dict)), ("k6", "metrics", dict),
        ):  # fmt: skip
            if isinstance(data.get(key), kind):
                return name
    if isinstance(data, list) and data and isinstance(data[0], dict):
        if "response_times" in data[0]:
            return "locust"
        if "vulns" in data[0] or "skip_reason" in data[0]:
            return "pip-audit"
    return None
