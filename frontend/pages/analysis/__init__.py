"""Analysis of spend: months, groups, numbers, movers, lines that nobody uses."""
