"""Reads for pages that span rooms."""
