"""Writes of what people keep for themselves on the manager's side."""
