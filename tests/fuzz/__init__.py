"""Fuzz: bytes that nobody has thought of, for everything that reads bytes from outside.

`targets.py` says what is read, and which errors are answers. hypothesis feeds it
with each test run; atheris, which follows the code's branches, by `make fuzz`.
What it finds goes into `found/`, named by its target, and is read ever after.
"""
