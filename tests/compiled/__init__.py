"""Compiled: what is executed as one function answers as graphql-core does."""
