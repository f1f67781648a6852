"""Blocks -> template -> latex, typst, markdown; PDF engines; graph layout."""
