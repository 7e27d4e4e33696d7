"""Sales from files: a map says which column is what, lines become entries, the rest is named."""
