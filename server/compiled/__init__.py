"""Compiled: one operation of one document as one Python function.

`generator` writes the function's text and has it compiled, once for each plan; `run`
gives it the answers of the keys that its fields ask for, a level at a time; `fields`
says how a field of the schema comes by its value, `leaves` how a leaf is written, and
`arguments` what a field is called with; `keyed` takes apart fields that end in a key, `lasting`
and `encoded` know what need not be written again. `executor` chooses: whatever is not as the
schema says it should be bails out, and graphql-core executes the operation instead.
"""
