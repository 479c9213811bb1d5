"""Issues: what a citizen hands in, checked before anything is kept of it."""

import re
from dataclasses import dataclass

import strawberry

from schema.arguments import BadUserInput, bounded
from schema.places import on_earth
from schema.report_details import ReportDetailInput, line

MOST_DETAILS, LONGEST_DETAILS = 20, 4_000  # so many characters in all
LONGEST_DESCRIPTION = 4_000
MEDIA_URL = re.compile(r"https://[^\s\"<>\\^`{|}]{1,1990}")
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@strawberry.input(
    description="Who reports it, if the city is to answer. It goes to the city's system, is "
    "deleted here as soon as that has it, and is never shown or logged."
)
class ReportContactInput:
    email: str | None = strawberry.field(default=None, description="Mail address.")
    first_name: str | None = strawberry.field(default=None, description="First name.")
    last_name: str | None = strawberry.field(default=None, description="Last name.")
    phone: str | None = strawberry.field(default=None, description="Telephone number.")

    def __post_init__(self) -> None:
        for name, value in self.told():
            line(value, "input", "contact", name)

    def told(self) -> tuple[tuple[str, str], ...]:
        """What was filled in, by Open311's names."""
        return tuple((name, value) for name, value in vars(self).items() if value is not None)


@strawberry.input(description="What is wrong, and where: a point (`lat` and `lon`) or an address.")
class ReportInput:
    service: str = strawberry.field(description="The `code` of a service of `reportServices`.")
    description: str = strawberry.field(description="What is wrong, in up to 4000 characters.")
    lat: float | None = strawberry.field(default=None, description="Latitude (WGS 84), in degrees.")
    lon: float | None = strawberry.field(
        default=None, description="Longitude (WGS 84), in degrees."
    )
    address: str | None = strawberry.field(default=None, description="Where it is, in one line.")
    media_url: str | None = strawberry.field(
        default=None, description="A picture that the city can fetch there: `https://…`."
    )
    details: list[ReportDetailInput] | None = strawberry.field(
        default=None, description="What else the city wants to know; at most 20."
    )
    contact: ReportContactInput | None = strawberry.field(
        default=None, description="Who reports it."
    )


@dataclass(frozen=True, repr=False)
class Issue:
    """What is reported. Never printed: `contact` is personal, and texts may be."""

    service: str
    description: str
    point: tuple[float, float] | None
    address: str | None
    media_url: str | None
    details: tuple[tuple[str, str], ...]
    contact: tuple[tuple[str, str], ...]  # by Open311's names of them


def issue(given: ReportInput) -> Issue:
    """What is reported, checked; BadUserInput if it cannot be sent."""
    line(given.service, "input", "service")
    description = CONTROLS.sub(" ", given.description.replace("\r\n", "\n")).strip()
    bounded(len(description), 1, LONGEST_DESCRIPTION, "input", "description")
    point = None
    if given.lat is not None and given.lon is not None:
        on_earth(given.lat, given.lon, "input")
        point = given.lat, given.lon
    if (point is None) == (given.address is None) or (given.lat is None) != (given.lon is None):
        raise BadUserInput("Give `lat` and `lon`, or an `address`.", "input")
    if given.address is not None:
        line(given.address, "input", "address")
    if given.media_url is not None and MEDIA_URL.fullmatch(given.media_url) is None:
        raise BadUserInput(
            "`mediaUrl` is an address that begins with `https://`.", "input", "mediaUrl"
        )
    details = given.details or []
    bounded(len(details), 0, MOST_DETAILS, "input", "details")
    if sum(len(one.code) + len(one.value) for one in details) > LONGEST_DETAILS:
        message = f"`details` have more than {LONGEST_DETAILS} characters in all."
        raise BadUserInput(message, "input", "details")
    return Issue(
        service=given.service,
        description=description,
        point=point,
        address=given.address,
        media_url=given.media_url,
        details=tuple((one.code, one.value) for one in details),
        contact=() if given.contact is None else given.contact.told(),
    )
