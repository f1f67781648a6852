"""How formulas and graphs are compared: at points, and step by step."""
