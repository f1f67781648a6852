"""t1gen writes, prints and marks tests on computational graphs, VJPs and backpropagation."""

__version__ = "0.1.0"
