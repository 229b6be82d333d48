"""Standards: the presets as data, and what reads, extends and checks them and a project's own declaration."""
