"""`cityloop appraise`: indicators as tables, saved and recomputed."""
