"""Pollen: the index of a commune and day, as the regions' observatories publish it."""

from schema.pollen import Pollen, PollenIndex, PollenTaxon, TaxonPollen
from sources.names import fold
from sources.reading import reads
from sources.row import Row

# 0, and nothing at all, is an index that is not available.
INDICES = dict(enumerate(PollenIndex, start=1))
TAXA = {taxon.name.lower(): taxon for taxon in PollenTaxon}
# How the plants that an index comes from are called there; botanists' names.
LATIN = {
    "ambrosia": PollenTaxon.RAGWEED,
    "artemisia": PollenTaxon.MUGWORT,
    "alnus": PollenTaxon.ALDER,
    "betula": PollenTaxon.BIRCH,
    "graminee": PollenTaxon.GRASSES,
    "olea": PollenTaxon.OLIVE,
}


@reads(
    Pollen,
    "date zone zone_name index alert responsible updated publisher "
    "ragweed mugwort alder birch grasses olive ragweed_grains mugwort_grains alder_grains "
    "birch_grains grasses_grains olive_grains",
    whole=lambda days: sorted(days, key=lambda one: one.date),
)
def pollen(row: Row) -> Pollen:
    """One commune's day; ValueError without either."""
    zone, day, updated = row.text("zone"), row.find_day("date"), row.find_instant("updated")
    if day is None:
        raise ValueError("no date")
    responsible = fold(row.find_text("responsible") or "").split()
    return Pollen(
        date=day,
        insee=zone,
        commune_name=row.city.communes.get(zone) or row.find_text("zone_name"),
        index=INDICES.get(row.find_count("index") or 0),
        taxa=[
            TaxonPollen(
                taxon=taxon,
                index=INDICES.get(row.find_count(word) or 0),
                concentration=_grains(row, word),
            )
            for word, taxon in TAXA.items()
        ],
        responsible=[
            taxon for stem, taxon in LATIN.items() if any(w.startswith(stem) for w in responsible)
        ],
        alert=row.find_flag("alert"),
        updated_at=updated and updated.astimezone(row.city.zone),
        publisher=row.find_text("publisher"),
    )


def _grains(row: Row, word: str) -> float | None:
    number = row.find_number(f"{word}_grains")
    return None if number is None or number < 0 else number
