"""Sales from files: a map says which column is what, lines become revenue entries, whatever cannot be taken is named."""
