"""Pages of the health room: the portfolio, one partner's score, the models."""
