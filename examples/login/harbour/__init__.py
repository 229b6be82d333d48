"""Harbour: a sign-in form, a session, and a page behind them."""
