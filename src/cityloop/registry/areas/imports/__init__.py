"""Import areas from geographic files of any coordinate system and layout."""
