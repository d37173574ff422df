"""Files that look like a release, for benchmarks and tests."""
