"""Features: named numbers about one asset at the close of a bar, for models and rules."""
