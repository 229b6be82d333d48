"""Writes sites to look at: one that shows every status at once, one with 1,000 scenarios of which 20 are red.

`python examples/gallery/make.py DIRECTORY` writes `DIRECTORY/statuses` and `DIRECTORY/big`; `mkdocs build -f
DIRECTORY/statuses/mkdocs.yml` builds one. Both verdicts are red, on purpose.
"""

from __future__ import annotations

import sys
from pathlib import Path

CONFIG = """\
site_name: {name}
theme:
  name: material
  features: [navigation.indexes]
  palette:
    - {{media: "(prefers-color-scheme: light)", scheme: default}}
    - {{media: "(prefers-color-scheme: dark)", scheme: slate}}
plugins:
  - search
  - jetty: {{timeout: 3, tags: "not @later", source_url: "https://example.org/blob/main/{{path}}#L{{line}}"}}
"""
STEPS = '''\
import os
import time

import pytest
from pytest_bdd import given, parsers, then, when


@pytest.fixture
def cart():
    return {"items": [], "paid": False}


@pytest.fixture
def database():
    raise ConnectionError("the database refused the connection on port 5432")


@pytest.fixture
def stopping():
    yield
    raise RuntimeError("the database could not be stopped")


@given(parsers.parse("a cart with {count:d} apples"))
def _(cart, count):
    cart["items"].append({"name": "apple", "count": count})


@given("a database that cannot start")
def _(database):
    assert database


@given("a database that cannot stop")
def _(stopping):
    assert True


@when("I pay")
def _(cart):
    cart["paid"] = True


@then(parsers.parse('the receipt says "{text}"'))
def _(cart, text):
    """Compare the whole line of the receipt."""
    assert f"{cart['items'][0]['count']} apples, 240 cents" == text


@then("the order is")
def _(cart, docstring):
    import json

    assert {"items": cart["items"], "total": 240, "currency": "EUR"} == json.loads(docstring)


@then(parsers.parse("the total is {total:d}"))
def _(cart, total):
    """Each apple costs 120 cents."""
    assert cart["items"][0]["count"] * 120 == total


@when("the shop breaks")
def _():
    raise ValueError("the price list is empty")


@when("the shop hangs")
def _():
    time.sleep(30)


@when("the shop dies")
def _():
    os._exit(7)


@when("it will be written")
def _():
    raise NotImplementedError


@given(parsers.re("an offer .*"))
def _(): ...


@given(parsers.re("an .* today"))
def _():
    assert True


@given("no card reader")
def _():
    pytest.skip("this machine has no card reader")
'''
STATUSES = """\
---
jetty:
  owner: checkout team
---

# Paying

People pay for what is in their cart, and get a receipt that says so.

## Speed: it works

```gherkin
Scenario: A cart can be paid
  Given a cart with 2 apples
  When I pay
  Then the total is 240

Scenario: The receipt is wrong
  Given a cart with 2 apples
  When I pay
  Then the receipt says "3 apples, 240 cents"

Scenario: A dictionary differs
  Given a cart with 2 apples
  Then the order is
    \"\"\"json
    {"items": [{"name": "apple", "count": 3}], "total": 360, "currency": "EUR"}
    \"\"\"

Scenario: The shop breaks
  When the shop breaks

Scenario: The shop hangs
  When the shop hangs
  Then the total is 1

Scenario: The shop dies
  When the shop dies

Scenario: The fixture breaks
  Given a database that cannot start

Scenario: The clean-up breaks
  Given a database that cannot stop

@wip
Scenario: Known red
  Given a cart with 2 apples
  Then the total is 1

@wip
Scenario: Tagged as known red, and it passes
  Given a cart with 2 apples
  Then the total is 240

Scenario: Nobody wrote the step
  When I pay with "a card" and a tip of 15 %

Scenario: Two definitions match
  Given an offer of today

Scenario: Not written yet
  When it will be written

Scenario: Skipped here
  Given no card reader

@later
Scenario: Not selected
  Given a cart with 2 apples
```

## Stable: rows and shapes

```gherkin
Scenario Outline: <count> apples cost <total>
  Given a cart with <count> apples
  Then the total is <total>

  Examples: usual
    | count | total |
    | 1     | 120   |
    | 3     | 361   |
    | 4     | 480   |

Scenario: No steps
```

```gherkin
Scenario: Invalid
  Given a cart with 2 apples
  | broken | table
  Whenn I pay
```
"""
HOME = "# {name}\n\nWhat is true of the shop now.\n\n<!-- jetty/overview -->\n"
BIG_STEPS = """\
from pytest_bdd import given, parsers, then


@given(parsers.parse("{count:d} things"), target_fixture="count")
def _(count):
    return count


@then(parsers.parse("the receipt says {total:d}"))
def _(count, total):
    assert count == total, f"the receipt says {count}, not {total}"
"""
AREAS = ("Accounts", "Catalogue", "Checkout", "Delivery", "Messages", "Returns", "Search", "Stock", "Taxes", "Vouchers")
PAGES = SCENARIOS = 10
RED_PAGES = ("Checkout", "Taxes")


def write(root: Path, files: dict[str, str]) -> None:
    """Write the files of a site."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def statuses() -> dict[str, str]:
    """The site with every status."""
    return {
        "mkdocs.yml": CONFIG.format(name="Every status"),
        "features/steps.py": STEPS,
        "docs/index.md": HOME.format(name="Every status"),
        "docs/paying.md": STATUSES,
    }


def big() -> dict[str, str]:
    """The site with 1,000 scenarios on 100 pages, 20 of them red for one reason."""
    files = {
        "mkdocs.yml": CONFIG.format(name="A thousand scenarios"),
        "features/steps.py": BIG_STEPS,
        "docs/index.md": HOME.format(name="A thousand scenarios"),
    }
    for number, area in enumerate(AREAS):
        for page in range(1, PAGES + 1):
            red = area in RED_PAGES
            lines = [
                f"---\\njetty: {{owner: team {number}}}\\n---\\n\\n# {area} {page}\\n\\n```gherkin".replace("\\n", "\n")
            ]
            for scenario in range(1, SCENARIOS + 1):
                total = scenario + (red and scenario == 1)
                lines += [f"Scenario: {area} {page}.{scenario}", f"  Given {scenario} things",
                          f"  Then the receipt says {total}", ""]  # fmt: skip
            files[f"docs/{area.lower()}/page-{page:02}.md"] = "\n".join([*lines, "```", ""])
    return files


def main() -> None:
    """Write both sites."""
    root = Path(sys.argv[1])
    write(root / "statuses", statuses())
    write(root / "big", big())
    print(f"written: {root / 'statuses'}, {root / 'big'}")


if __name__ == "__main__":
    main()
