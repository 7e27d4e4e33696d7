"""Pages of the manager's side, one module per noun."""
