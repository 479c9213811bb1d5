"""Causes: why something is out of the ordinary, what follows for riders, and how bad it is.

The words are GTFS-Realtime's, and OpenTripPlanner's.
"""

from enum import Enum

import strawberry


@strawberry.enum(description="Why it is so (GTFS-Realtime).")
class AlertCause(Enum):
    UNKNOWN_CAUSE = strawberry.enum_value("UNKNOWN_CAUSE", description="Nobody says.")
    OTHER_CAUSE = strawberry.enum_value("OTHER_CAUSE", description="None of these.")
    TECHNICAL_PROBLEM = strawberry.enum_value("TECHNICAL_PROBLEM", description="A breakdown.")
    STRIKE = strawberry.enum_value("STRIKE", description="Staff are on strike.")
    DEMONSTRATION = strawberry.enum_value("DEMONSTRATION", description="People in the streets.")
    ACCIDENT = strawberry.enum_value("ACCIDENT", description="An accident.")
    HOLIDAY = strawberry.enum_value("HOLIDAY", description="A public holiday.")
    WEATHER = strawberry.enum_value("WEATHER", description="Snow, storm, flood.")
    MAINTENANCE = strawberry.enum_value("MAINTENANCE", description="The network is being kept up.")
    CONSTRUCTION = strawberry.enum_value("CONSTRUCTION", description="Works.")
    POLICE_ACTIVITY = strawberry.enum_value("POLICE_ACTIVITY", description="The police at work.")
    MEDICAL_EMERGENCY = strawberry.enum_value(
        "MEDICAL_EMERGENCY", description="Somebody needs help."
    )
    SPECIAL_EVENT = strawberry.enum_value("SPECIAL_EVENT", description="A match, a fair, a march.")


@strawberry.enum(description="What follows for riders (GTFS-Realtime).")
class AlertEffect(Enum):
    NO_SERVICE = strawberry.enum_value("NO_SERVICE", description="Nothing runs or stops.")
    REDUCED_SERVICE = strawberry.enum_value("REDUCED_SERVICE", description="Less runs.")
    SIGNIFICANT_DELAYS = strawberry.enum_value("SIGNIFICANT_DELAYS", description="It takes longer.")
    DETOUR = strawberry.enum_value("DETOUR", description="It goes another way.")
    ADDITIONAL_SERVICE = strawberry.enum_value("ADDITIONAL_SERVICE", description="More runs.")
    MODIFIED_SERVICE = strawberry.enum_value("MODIFIED_SERVICE", description="It runs otherwise.")
    OTHER_EFFECT = strawberry.enum_value("OTHER_EFFECT", description="None of these.")
    UNKNOWN_EFFECT = strawberry.enum_value("UNKNOWN_EFFECT", description="Nobody says.")
    STOP_MOVED = strawberry.enum_value("STOP_MOVED", description="The stop is elsewhere.")
    NO_EFFECT = strawberry.enum_value("NO_EFFECT", description="Good to know, no more.")
    ACCESSIBILITY_ISSUE = strawberry.enum_value(
        "ACCESSIBILITY_ISSUE", description="A lift or a ramp is out of order, say."
    )


@strawberry.enum(description="How bad it is (GTFS-Realtime).")
class AlertSeverityLevel(Enum):
    SEVERE = strawberry.enum_value("SEVERE", description="Change your plans.")
    WARNING = strawberry.enum_value("WARNING", description="Allow for it.")
    INFO = strawberry.enum_value("INFO", description="Good to know.")
    UNKNOWN_SEVERITY = strawberry.enum_value("UNKNOWN_SEVERITY", description="Nobody says.")
