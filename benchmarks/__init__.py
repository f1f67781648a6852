"""Benchmarks, run by hand: `python -m benchmarks`. They print ratios measured in one run, never absolute promises."""
