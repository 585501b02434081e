"""Importing areas from geographic files of any system and layout."""
