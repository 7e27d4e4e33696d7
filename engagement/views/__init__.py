"""Pages of the engagement room, one module per noun."""
