"""`cityloop appraise`: counts indicators, prints or saves them, and recomputes a saved run."""
