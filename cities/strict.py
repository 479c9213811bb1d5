"""Strict: the tables of a city file, in which an unknown word is a mistake."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A table of a city file: unknown words are mistakes, and nothing changes once read."""

    # Built when first used: of tables inside of tables, that is only the outermost.
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)
