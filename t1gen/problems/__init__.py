"""Where mappings come from, and the instances drawn for them."""
