"""Marks: what a submission earns against a key, and why."""
