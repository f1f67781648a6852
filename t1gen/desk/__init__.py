"""Where submissions, keys, reports and decisions lie: one paper or a class, marked and kept true."""
