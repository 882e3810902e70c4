"""From raw score to probability: models, how they are fitted, and how they do on what they have not seen."""
