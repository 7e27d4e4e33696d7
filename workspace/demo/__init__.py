"""Believable demo data: forty fictitious partners, two years, every state; removable without a trace."""
