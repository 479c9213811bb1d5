"""Sandbox: upstreams in a box, two living cities that speak the real protocols and fail.

It imports nothing of ours: it plays the outside world, so it shares no code with what reads it.
"""
