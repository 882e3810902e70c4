"""What a headline says: clean text, mood, names, and whether it was told before. Pure."""
