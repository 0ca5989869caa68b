"""Takes guards away, one at a time, in a copy of the tree: a test must fail each time (`make guards`)."""
