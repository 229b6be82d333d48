"""No steps, so no definitions."""
