"""`python -m mkdocs_jetty.cli`, where the command is not on the path."""

from mkdocs_jetty.cli import main

main(prog_name="jetty")
