"""What the benchmarks stand on: databases, processes and a gym of their own; the tests use them as well."""
