"""Bound: a table of a city file with all that it names: its reader, its protocol, its columns."""

from pydantic import ValidationError

from cities import Binding, City, CityError
from cities.binding import WORDS
from sources.protocols import protocols
from sources.reading import reader_of, tables
from sources.tables import Table


def bound(city: City, binding: Binding) -> Table:
    """What stands behind a binding; CityError if it names what is not."""
    where = f"{city.slug}.toml [{binding.table}]"
    reader = reader_of(binding.table)
    if reader is None:
        raise CityError(where, f"no service `{binding.table}`", binding.table, tables())
    known = protocols()
    if binding.protocol not in known:
        problem = f"no protocol `{binding.protocol}`"
        raise CityError(f"{where} protocol", problem, binding.protocol, known)
    for column in binding.fields:
        if column not in reader.columns:
            raise CityError(f"{where} fields", f"no column `{column}`", column, reader.columns)
    speaks = known[binding.protocol]
    try:
        return Table(binding, speaks(**binding.options), reader)
    except ValidationError as error:
        raise CityError.worded(where, error, {*speaks.model_fields, *WORDS}) from None
