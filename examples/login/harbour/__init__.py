"""Harbour: accounts, sessions, a profile and an audit log, small and hardened."""

VERSION = "2.0.0"
