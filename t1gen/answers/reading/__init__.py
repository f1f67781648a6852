"""How answers are read: from what people write to numbers, arrays, formulas and lines; everything bounded."""
