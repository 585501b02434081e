"""The pages of figures: rankings, one figure and how it came about, the cases behind it. Nothing is counted here."""
