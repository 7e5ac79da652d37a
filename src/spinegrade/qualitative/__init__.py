"""Qualitative reading: forms that a reader answers, what the answers come to, and measures that help."""
