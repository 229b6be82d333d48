"""Hosts: MkDocs and ProperDocs, Python-Markdown (and so Zensical), pytest. Thin: all that knows a host's API."""
