"""Accessibility: what a source says of wheelchairs, and nothing that it does not say."""

from enum import Enum

import strawberry


@strawberry.enum(description="Whether one can board in a wheelchair (GTFS).")
class WheelchairBoarding(Enum):
    NO_INFORMATION = strawberry.enum_value("NO_INFORMATION", description="Nobody says.")
    POSSIBLE = strawberry.enum_value("POSSIBLE", description="At least some vehicles, yes.")
    NOT_POSSIBLE = strawberry.enum_value("NOT_POSSIBLE", description="No.")
