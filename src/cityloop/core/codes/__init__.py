"""Codes that a standard defines: classes and their crosswalks, facilities, credit codes."""
