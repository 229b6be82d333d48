"""Show: a `Verdict` becomes HTML, badges, JSON, Cucumber Messages and JUnit."""
