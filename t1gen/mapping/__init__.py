"""The mapping language and its calculus; knows nothing of exams."""
