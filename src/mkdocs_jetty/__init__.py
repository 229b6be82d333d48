"""Living specifications for MkDocs: Gherkin on the page, run by pytest-bdd, judged and shown."""

__all__ = ["__version__"]

__version__ = "0.1.0"
