"""Schools: found by name, commune, level, or around a point."""

from resolvers.loaders import Loaders, answers
from resolvers.places import listed
from schema.paging import Page
from schema.schools import School, SchoolLevel, SchoolsIn, SchoolWith

BOTH = {SchoolLevel.NURSERY, SchoolLevel.ELEMENTARY}  # what a primary school teaches


@answers(SchoolWith)
async def school_with(ask: Loaders, key: SchoolWith) -> School | None:
    schools = await ask.collection(School, key.city)
    return schools.by(_uai).get(key.id)


@answers(SchoolsIn)
async def schools_in(ask: Loaders, key: SchoolsIn) -> Page[School]:
    schools = await ask.collection(School, key.city)

    def wanted(school: School) -> bool:
        return (
            (key.commune is None or school.address.insee == key.commune)
            and (key.sector is None or school.sector is key.sector)
            and (key.level is None or _teaches(school, key.level))
        )

    return listed(schools, key.name, key.near, key.window, wanted)


def _teaches(school: School, level: SchoolLevel) -> bool:
    return school.level is level or (school.level is SchoolLevel.PRIMARY and level in BOTH)


def _uai(school: School) -> str:
    return school.uai
