"""Menus: what is for lunch, in the city's canteens or in that of one school."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from resolvers.loaders import Loaders, answers
from resolvers.places import all_of
from schema.menus import Menu, MenusIn, MenusOf, MenuVariant, MenuWith
from schema.nodes import node_id
from schema.schools import School, SchoolLevel, SchoolSector, SchoolWith
from sources.collection import Collection

# French communes run the canteens of their public nursery and elementary
# schools; those of collèges and lycées, and of private schools, are others'.
OF_THE_COMMUNE = {SchoolLevel.NURSERY, SchoolLevel.ELEMENTARY, SchoolLevel.PRIMARY}
VARIANTS = tuple(MenuVariant)


@answers(MenuWith)
async def menu_with(ask: Loaders, key: MenuWith) -> Menu | None:
    menus = await all_of(ask, Menu, key.city)
    return menus.by(_id).get(node_id("Menu", key.city, key.id))


@answers(MenusIn)
async def menus_in(ask: Loaders, key: MenusIn) -> list[Menu]:
    menus = await all_of(ask, Menu, key.city)
    return _asked(ask, key, menus.items)


@answers(MenusOf)
async def menus_of(ask: Loaders, key: MenusOf) -> list[Menu]:
    school = await ask.load(SchoolWith(key.city, key.school_id))
    if school is None:
        return []
    menus = await all_of(ask, Menu, key.city)
    found = list(menus.derived(_by_school).get(school.uai, ()))
    if _eats_the_communes(school):
        found += menus.grouped(_commune).get(school.address.insee, ())
    return _asked(ask, key, found)


def _eats_the_communes(school: School) -> bool:
    ours = school.sector is SchoolSector.PUBLIC and school.level in OF_THE_COMMUNE
    return ours and school.canteen is not False


def _asked(ask: Loaders, key: MenusIn | MenusOf, menus: Iterable[Menu]) -> list[Menu]:
    first = key.start or ask.today(key.city)
    end = first + dt.timedelta(days=key.days)
    found = [menu for menu in menus if first <= menu.date < end and menu.variant in key.variants]
    return sorted(found, key=_when)


def _when(menu: Menu) -> tuple[dt.date, int, str]:
    return menu.date, VARIANTS.index(menu.variant), menu.id


def _id(menu: Menu) -> str:
    return menu.id


def _commune(menu: Menu) -> str | None:
    """Whose schools all eat it; None of one that names its canteens."""
    return None if menu.canteens else menu.commune


def _by_school(menus: Collection[Menu]) -> dict[str, list[Menu]]:
    """The menus of canteens that say which school they belong to, by its UAI."""
    found: defaultdict[str, list[Menu]] = defaultdict(list)
    for menu in menus.items:
        for uai in {canteen.uai for canteen in menu.canteens if canteen.uai}:
            found[uai].append(menu)
    return found
