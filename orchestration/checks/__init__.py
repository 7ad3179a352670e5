"""Asset checks, one module per stage: what would be a lie downstream."""
