"""What other programs take: gradebooks."""
