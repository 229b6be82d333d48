"""Living specifications for MkDocs: Gherkin on the page, run by pytest-bdd, judged and shown."""

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable

__all__ = ["Inconclusive", "Unavailable", "__version__"]

__version__ = "0.1.0"
