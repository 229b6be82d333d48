"""The schema that editors take says of `jetty.toml` what its reader says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from commands import invoke
from jsonschema import Draft202012Validator, ValidationError

from mkdocs_jetty.errors import ConfigError, parse_toml
from mkdocs_jetty.standards.declaration import parse_declaration
from mkdocs_jetty.standards.declaration_schema import declaration_schema

EXAMPLE = Path(__file__).parents[1] / "examples/login/jetty.toml"


def validate(text: str) -> None:
    """As editors do, to which a day is a text."""
    found = json.loads(json.dumps(parse_toml("jetty.toml", text), default=str))
    Draft202012Validator(declaration_schema()).validate(found)


def test_the_example_is_right_by_it() -> None:
    Draft202012Validator.check_schema(declaration_schema())
    validate(EXAMPLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", ["project", "load", "attestation", "waiver", "report", "transition"])
def test_each_table_has_the_keys_that_the_reader_knows(table: str) -> None:
    head = f"[{table}]" if table in {"project", "load"} else f"[[{table}]]"
    with pytest.raises(ConfigError) as error:
        parse_declaration(f"{head}\nnosuch = 1\n")
    known = re.search(rf"`{table}` has no key `nosuch`; it has (.*)", str(error.value))
    assert known is not None
    schema: dict[str, Any] = declaration_schema()["properties"][table]
    own = schema.get("items", schema)
    assert sorted(own["properties"]) == sorted(known[1].split(", "))
    needed = set(re.findall(rf"`{table}` needs `(\w+)`", str(error.value)))
    assert set(own.get("required", ())) == needed


@pytest.mark.parametrize(
    "text",
    ['[projct]\nstate = "internal"', '[project]\nstate = "extern"', '[load]\nnormal = "many"', "[thresholds.a]",
     '[[waiver]]\nstandard = "backups"'],
)  # fmt: skip
def test_what_the_reader_refuses_is_wrong_by_it(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_declaration(text)
    with pytest.raises(ValidationError):
        validate(text)


def test_it_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: S\nplugins: [jetty]\n", encoding="utf-8")
    result = invoke("export", "--format", "schema")
    assert json.loads(result.output) == declaration_schema()
