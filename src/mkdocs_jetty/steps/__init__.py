"""Steps for production scenarios: the attack is ours, the glue is yours.

Each module is a pytest plugin with the phrases of one family. Load it with `pytest_plugins` in a `conftest.py`, or name
it in the option `steps`; `mkdocs_jetty.steps` there loads them all. What a family needs to know of your system it asks
of fixtures that you override: see `ports`. A family whose tool is not installed says so when it is used.
"""

from pkgutil import iter_modules

import pytest

_HELPERS = {
    "answers", "values", "safety", "serving", "forms", "proxy", "corpora", "issued",
    "places", "visible", "volley", "listing", "baselines", "cookies", "examples", "transport", "alike", "passwords",
    "markup",
}  # fmt: skip
_FAMILIES = [each.name for each in iter_modules(__path__) if not each.ispkg and each.name not in _HELPERS]
_MODULES = [f"{__name__}.{name}" for name in _FAMILIES]

# Before any of them is imported, so that their assertions say what they compared.
pytest.register_assert_rewrite(*_MODULES)
pytest_plugins = tuple(_MODULES)
