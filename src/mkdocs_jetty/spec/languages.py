"""Which language of a translated site a page is of: a build comes to the default language first, and ids go by that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

PLUGIN = "i18n"
"""mkdocs-static-i18n builds one language after the other."""


def language_rank(plugins: Mapping[str, Mapping[str, Any]], docs: str) -> Callable[[str], int]:
    """Return what tells when a build comes to a page: 0 for the default language, then one language after the other.

    Args:
        plugins: The site's plugins with their options.
        docs: The directory of the pages, relative to the project.
    """
    options = plugins.get(PLUGIN, {})
    declared = options.get("languages")
    languages = [each for each in declared if isinstance(each, dict)] if isinstance(declared, list) else []
    languages.sort(key=lambda each: not each.get("default"))
    ranks = {str(each.get("locale")): number for number, each in enumerate(languages)}
    folders = options.get("docs_structure") == "folder"

    def rank(page: str) -> int:
        path = PurePosixPath(page)
        inside = path.relative_to(docs) if path.is_relative_to(docs) else path
        locale = inside.parts[0] if folders else path.with_suffix("").suffix[1:]
        return ranks.get(locale, 0)

    return rank
