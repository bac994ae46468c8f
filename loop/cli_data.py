"""`aj harvest` and `aj data …`: the doors to single sources of training data."""
