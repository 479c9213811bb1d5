"""Home: as the upstream has it, value by value, as all our readers do."""

from collections.abc import Iterable

import strawberry

from schema.home import (
    HomeBikes,
    HomeDeparture,
    HomeDish,
    HomeHours,
    HomeMenu,
    HomePool,
    HomeSchool,
    HomeStop,
)
from sources.posts import number
from sources.reading import reads
from sources.row import Row


@reads(HomeStop, "id name lat lon distance mode zone accessible", part="stops")
def home_stop(row: Row) -> HomeStop:
    """One stop; ValueError if something is missing."""
    return HomeStop(
        id=strawberry.ID(row.text("id")),
        name=row.text("name"),
        lat=number(row, "lat"),
        lon=number(row, "lon"),
        distance=int(number(row, "distance")),
        mode=row.text("mode"),
        zone=row.text("zone"),
        accessible=row.find_flag("accessible") is True,
    )


@reads(
    HomeDeparture,
    "stopId line direction mode scheduledAt expectedAt delaySeconds platform realtime",
    part="departures",
)
def home_departure(row: Row) -> HomeDeparture:
    """One departure; ValueError if something is missing."""
    return HomeDeparture(
        line=row.text("line"),
        direction=row.text("direction"),
        mode=row.text("mode"),
        scheduled_at=row.text("scheduledAt"),
        expected_at=row.text("expectedAt"),
        delay_seconds=int(number(row, "delaySeconds")),
        platform=row.find_text("platform"),
        realtime=row.find_flag("realtime") is True,
        stop_id=row.text("stopId"),
    )


@reads(HomePool, "id name address lat lon phone open temperature hours", part="pools")
def home_pool(row: Row) -> HomePool:
    """One pool; ValueError if something is missing."""
    return HomePool(
        id=strawberry.ID(row.text("id")),
        name=row.text("name"),
        address=row.text("address"),
        lat=number(row, "lat"),
        lon=number(row, "lon"),
        phone=row.find_text("phone"),
        open=row.find_flag("open") is True,
        temperature=row.find_number("temperature"),
        hours=[
            HomeHours(
                day=one.text("day"),
                opens=one.text("opens"),
                closes=one.text("closes"),
                note=one.find_text("note"),
            )
            for one in _within(row, "hours")
        ],
    )


@reads(HomeSchool, "id name address level menus", part="schools")
def home_school(row: Row) -> HomeSchool:
    """One school; ValueError if something is missing."""
    return HomeSchool(
        id=strawberry.ID(row.text("id")),
        name=row.text("name"),
        address=row.text("address"),
        level=row.text("level"),
        menus=[
            HomeMenu(date=menu.text("date"), dishes=[_dish(one) for one in _within(menu, "dishes")])
            for menu in _within(row, "menus")
        ],
    )


@reads(
    HomeBikes,
    "id name lat lon capacity bikes docks electric status updatedAt",
    part="bikes",
)
def home_bikes(row: Row) -> HomeBikes:
    """One station; ValueError if something is missing."""
    return HomeBikes(
        id=strawberry.ID(row.text("id")),
        name=row.text("name"),
        lat=number(row, "lat"),
        lon=number(row, "lon"),
        capacity=int(number(row, "capacity")),
        bikes=int(number(row, "bikes")),
        docks=int(number(row, "docks")),
        electric=int(number(row, "electric")),
        status=row.text("status"),
        updated_at=row.text("updatedAt"),
    )


def _dish(row: Row) -> HomeDish:
    return HomeDish(
        name=row.text("name"),
        kind=row.text("kind"),
        vegetarian=row.find_flag("vegetarian") is True,
        organic=row.find_flag("organic") is True,
        allergens=[str(one) for one in row.find("allergens")],
    )


def _within(row: Row, name: str) -> Iterable[Row]:
    """The objects of a list inside of a row."""
    return (Row(row.city, one, {}) for one in row.find(name))
