"""The step is undefined on purpose."""
