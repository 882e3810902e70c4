"""Technical indicators: one step kernel each, for a live bar and for years of them."""
