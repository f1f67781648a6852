"""Mutation testing by hand: which small changes of the code no test notices. Wants mutmut; see CONTRIBUTING.md."""
