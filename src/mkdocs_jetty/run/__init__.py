"""Run: a `Spec` becomes `Results`, through pytest-bdd in a child process."""
