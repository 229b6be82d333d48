"""A definition with an unknown parameter type is not registered: the step stays undefined."""
