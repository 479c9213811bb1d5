"""Info-trafic: the disturbances of Naolib, as two tables of the portal with a syntax of their own.

`troncons` is `[line/direction/from/to]`, with a semicolon between two or with nothing;
`listes_arrets` is JSON in a text, of three shapes. What lasts is in both tables.
"""

from collections.abc import Callable
from datetime import date, timedelta

from sandbox.datasets import Dataset, Field, Row
from sandbox.tables import read

FIELDS = (
    Field("code", "Code"),
    Field("langue", "Langue", "int"),
    Field("intitule", "Intitulé"),
    Field("resume", "Résumé"),
    Field("texte_vocal", "Texte vocal"),
    Field("date_debut", "Date de début", "date"),
    Field("heure_debut", "Heure de début"),
    Field("date_fin", "Date de fin", "date"),
    Field("heure_fin", "Heure de fin"),
    Field("perturbation_terminee", "Perturbation terminée", "int"),
    Field("troncons", "Tronçons"),
    Field("listes_arrets", "Listes d'arrêts"),
)


def listed(name: str) -> Callable[[date, int], list[Row]]:
    """The disturbances of one table around a day: some move with the day, some with the week."""

    def rows(today: date, _: int) -> list[Row]:
        monday = today - timedelta(days=today.weekday())
        anchors = {"day": today, "week": monday}
        return [
            {
                "code": f"{anchors[row['anchor']]:%y%j}{row['number']}",
                "langue": 1,
                "intitule": row["title"],
                "resume": row["summary"].replace(r"\n", "\r\n"),
                "texte_vocal": row["spoken"] or None,
                "date_debut": str(anchors[row["anchor"]] + timedelta(int(row["from_day"]))),
                "heure_debut": row["from_time"] or None,
                "date_fin": str(anchors[row["anchor"]] + timedelta(int(row["until_day"]))),
                "heure_fin": row["until_time"] or None,
                "perturbation_terminee": int(row["over"]),
                "troncons": row["sections"],
                "listes_arrets": row["stops"] or None,
            }
            for row in read("nantes/info_trafic")
            if name in row["lists"].split()
        ]

    return rows


NOW = Dataset(
    "244400404_info-trafic-tan-temps-reel",
    "Info trafic Naolib temps réel",
    "alerts",
    FIELDS,
    listed("now"),
)
PLANNED = Dataset(
    "244400404_info-trafic-tan-previsionnel",
    "Info trafic Naolib prévisionnel",
    "alerts.planned",
    FIELDS,
    listed("planned"),
)
