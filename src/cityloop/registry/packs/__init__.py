"""Packs: reading their folders, checking them, taking them up."""
