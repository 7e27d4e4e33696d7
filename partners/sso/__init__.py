"""Logging in through a partner's own identity provider: two protocols, one result, one place that links accounts."""
