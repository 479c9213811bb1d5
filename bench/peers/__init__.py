"""Peers: how fast we are beside others, with the same schema, upstream and documents (README)."""
