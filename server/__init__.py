"""Server: the only place that knows everybody."""
