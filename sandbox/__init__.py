"""Sandbox: upstreams in a box, a living Nantes that speaks the real protocols and fails on demand.

It imports nothing of ours: it plays the outside world, so it shares no code with what reads it.
"""
