"""Bench: how fast each part is, measured on this machine, never a test."""
