"""Judge: a `Spec` and its `Results` become a `Verdict`. Pure: no files, no clock, no host."""
