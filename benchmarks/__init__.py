"""What Shelfsight shows, measured: run as ``python -m benchmarks.quality --data DIR``."""
