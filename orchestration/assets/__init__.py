"""Assets, one module per stage: read, call, write, report."""
