"""`python -m t1gen` is the command line."""

from t1gen.cli import main

main()
