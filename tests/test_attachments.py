"""What steps attach stands on the page, with the failure, in Messages and in the report; markup never runs."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mkdocs_jetty.run.attached import JSON, LARGEST, MOST, TEXT, Attachment, attachment, checked, of_bytes
from mkdocs_jetty.run.model import ScenarioResult, StepResult
from mkdocs_jetty.show.concealed import _result

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
PAGE = """\
# Basket

```gherkin
Scenario: Filled
  Given a picture of it

Scenario: Broken
  Given a picture of it
  When there is data
  Then it fails

Scenario: Kept by the browser
  Given a browser

Scenario Outline: Row <n>
  Given row <n>
  Examples:
    | n |
    | 1 |
    | 2 |
```
"""
STEPS = """\
from pathlib import Path
import pytest
from pytest_bdd import given, parsers, then, when
PNG = b"\\x89PNG\\r\\n\\x1a\\n" + bytes(20)

@given("a picture of it")
def picture(jetty_attach): jetty_attach(PNG, "basket.png")

@when("there is data")
def data(jetty_attach):
    jetty_attach({"items": ["tea"]}, "basket.json")
    jetty_attach("<script>document.body.dataset.attacked=1</script>", "page.html")
    jetty_attach(b"<svg onload=alert(1)>", "drawing.svg")
    jetty_attach("token ghp_" + "a" * 36, "log.txt")
    jetty_attach(b"PK\\x03\\x04", "trace.zip")

@then("it fails")
def fails(jetty_attach):
    jetty_attach(PNG + b"broken", "broken.png")
    assert 1 == 2

@given("a browser")
def browser(page): pass

@given(parsers.parse("row {n}"))
def row(n, jetty_attach): jetty_attach(f"row number {n}", "row.txt")
"""
BROWSER = """\
import pytest
from pathlib import Path

class Browser:
    @pytest.fixture
    def page(self, request):
        yield
        kept = Path(request.config.getoption("--output")) / request.node.name
        kept.mkdir(parents=True)
        (kept / "test-finished-1.png").write_bytes(b"\\x89PNG\\r\\n\\x1a\\nshot")

def pytest_addoption(parser):
    parser.addoption("--output", default="test-results")

def pytest_configure(config):
    config.pluginmanager.register(Browser(), "playwright")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("basket")
    for name, text in (
        ("mkdocs.yml", "site_name: Basket\ntheme: mkdocs\nplugins: [search, jetty]\n"), ("docs/index.md", PAGE),
        ("features/steps.py", STEPS), ("features/conftest.py", BROWSER),
    ):  # fmt: skip
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    # A plugin of this name is not loaded in the runs of other tests.
    env = {**os.environ, "PYTEST_ADDOPTS": os.environ["PYTEST_ADDOPTS"].replace("-p no:playwright", "")}
    command = [sys.executable, "-m", "mkdocs", "build", "-q"]
    subprocess.run(command, cwd=root, env=env, capture_output=True, check=False)
    return root


def section(text: str, name: str) -> str:
    return next(each for each in text.split("<section")[1:] if f"<b>{name}" in each)


def test_it_stands_at_its_step_and_is_a_file_of_the_site(built: Path) -> None:
    page = section((built / "site/index.html").read_text(), "Filled")
    (source,) = re.findall(r'<img src="(jetty/attachments/\w+\.png)" alt="basket.png"', page)
    assert (built / "site" / source).read_bytes() == PNG


def test_markup_is_text_and_a_secret_is_masked(built: Path) -> None:
    page = section((built / "site/index.html").read_text(), "Broken")
    assert "&lt;script&gt;document.body" in page
    assert "&lt;svg onload" in page
    assert '"items": [' in page.replace("&#34;", '"').replace("&quot;", '"')
    assert "ghp_" not in page
    assert sorted({path.suffix for path in (built / "site/jetty/attachments").iterdir()}) == [".png", ".zip"]
    assert 'download="trace.zip"' in page


def test_a_failure_shows_what_its_step_attached_wherever_it_is_told(built: Path) -> None:
    told = (built / "site/jetty/failures/index.html").read_text()
    (source,) = re.findall(r'<img src="\.\./(attachments/\w+\.png)" alt="broken.png"', told)
    assert (built / "site/jetty" / source).read_bytes() == PNG + b"broken"


def test_what_a_browser_kept_of_a_test_is_attached_by_itself(built: Path) -> None:
    page = section((built / "site/index.html").read_text(), "Kept by the browser")
    assert 'alt="test-finished-1.png"' in page


def test_rows_show_theirs_below_the_table(built: Path) -> None:
    page = section((built / "site/index.html").read_text(), "Row")
    assert "row number 1" in page
    assert "row number 2" in page


def test_messages_hold_them_at_their_steps(built: Path) -> None:
    text = (built / "site/jetty/messages.ndjson").read_text()
    sent = [each["attachment"] for each in map(json.loads, text.splitlines()) if "attachment" in each]
    by_name: dict[str, dict[str, Any]] = {each["fileName"]: each for each in sent}
    picture, data = by_name["basket.png"], by_name["basket.json"]
    assert (picture["mediaType"], picture["contentEncoding"]) == ("image/png", "BASE64")
    assert base64.b64decode(picture["body"]) == PNG
    assert (data["mediaType"], data["contentEncoding"]) == (JSON, "IDENTITY")
    assert json.loads(data["body"]) == {"items": ["tea"]}


def test_the_report_needs_no_file_beside_it(built: Path) -> None:
    out = built.parent / "report.html"
    command = [sys.executable, "-m", "mkdocs_jetty.cli", "report", "-o", str(out)]
    subprocess.run(command, cwd=built, capture_output=True, check=False)
    assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}"' in out.read_text()


def test_nothing_of_a_concealed_page_is_attached_elsewhere() -> None:
    made = (attachment("a secret"),)
    result = ScenarioResult(
        "passed", steps=(StepResult("passed", attachments=made, spans=((2, 8),)),), attachments=made
    )
    assert "secret" not in repr(_result(result))
    assert _result(result).steps[0].spans is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"), (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x01", "video/webm"), (b"PK\x03\x04", "application/zip"), (b"%PDF-1.7", "application/pdf"),
        (b"plain", TEXT), (b"<svg/>", TEXT), (b"\xff\xfe\0", "application/octet-stream"), (b"", TEXT),
    ],
)  # fmt: skip
def test_what_it_is_its_content_says(data: bytes, kind: str) -> None:
    made = of_bytes("picture.png", data)
    assert made.media_type == kind
    assert made.content == data


def test_what_is_too_large_is_named_in_its_place() -> None:
    made = of_bytes("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(LARGEST))
    assert (made.media_type, made.text) == (TEXT, "left out: 5.0 MB is more than 5 MB")


def test_a_file_is_read_and_named_by_itself(tmp_path: Path) -> None:
    (tmp_path / "shot.png").write_bytes(PNG)
    assert attachment(tmp_path / "shot.png") == Attachment("shot.png", "image/png", data=base64.b64encode(PNG).decode())


@pytest.mark.parametrize("told", [(None, None), ("x", 3), (None, "no base64!"), (None, 7)])
def test_another_process_cannot_say_what_it_is(told: tuple[object, object]) -> None:
    made = checked("x", "text/html", *told)
    assert made is None or made.media_type in {TEXT, JSON}
    sent = base64.b64encode(b"<script>").decode()
    assert checked("x", "image/svg+xml", None, sent) == Attachment("x", TEXT, "<script>")
    assert MOST == 20
