"""The names of a site's configuration: apart, for those who must not import more."""

CONFIG_NAMES = ("mkdocs.yml", "mkdocs.yaml", "properdocs.yml", "properdocs.yaml", "zensical.toml")
"""In the order in which every command looks for them."""
