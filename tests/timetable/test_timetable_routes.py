"""Routes: the trips, patterns, stops and shapes of a feed made by hand."""

from pathlib import Path

from tests.timetable.feeds import SMALL, TIMES, imported


def test_a_trip_and_its_stops(tmp_path: Path) -> None:
    timetable, _ = imported(tmp_path, SMALL)
    trip = timetable.find_trip("t-1")
    assert trip is not None
    assert (trip.route_id, trip.headsign, trip.short_name, trip.block_id) == (
        *("T1", "Mairie", None, "b-7"),
    )
    assert [tuple(one) for one in trip.stop_times] == [
        ("port", 1, 28800, 28800, "Mairie", 0, 1),
        ("gare-1", 2, 29400, 29460, "Mairie", 0, 0),
        ("mairie", 3, 30000, 30000, "Mairie", 0, 0),
    ]
    assert timetable.find_trip("t-2") is None
    assert timetable.find_trip("t") is None


def test_routes_and_their_stops(tmp_path: Path) -> None:
    trips, times = SMALL["trips.txt"], TIMES
    ways = [("T1", 0, "port gare-2 mairie"), ("T1", 0, "port gare-2 mairie"),
            ("T1", 1, "mairie gare-2 port"), ("B2", "", "port gare-1")]  # fmt: skip
    for number, (route, direction, stops) in enumerate(ways):
        trips += f"{route},daily,w-{number},,{direction},,\n"
        for place, stop in enumerate(stops.split()):
            times += f"w-{number},1{number}:0{place}:00,1{number}:0{place}:00,{stop},{place},0,0\n"
    shapes = "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    shapes += "s,47.3,-1.5,2\ns,47.1,-1.7,1\nother,1,1,1\ns,99,0,3\n"
    trips = "\n".join(
        line + (",shape_id" if i == 0 else ",s" if ",t-1," in line else ",")
        for i, line in enumerate(trips.splitlines())
    )
    files = SMALL | {"trips.txt": trips, "stop_times.txt": times, "shapes.txt": shapes}
    timetable, _ = imported(tmp_path, files)
    assert sorted(timetable.route_ids) == ["B2", "T1"]
    assert timetable.stops_of_route("T1") == {
        0: ["port", "gare-2", "mairie", "gare-1"],
        1: ["mairie", "gare-2", "port"],
    }
    patterns = timetable.patterns_of_route("T1")
    assert [(one.direction_id, one.trips, len(one.stop_ids)) for one in patterns] == [
        (0, 2, 3), (0, 1, 3), (1, 1, 3),
    ]  # fmt: skip
    assert timetable.stops_of_route("B2") == {None: ["port", "gare-1"]}
    assert timetable.stops_of_route("X9") == {}
    served = {stop: sorted(timetable.routes_of_stop(stop)) for stop in ("GARE", "gare-2", "moon")}
    assert served == {"GARE": ["B2", "T1"], "gare-2": ["T1"], "moon": []}
    shaped = {one.stop_ids[1]: timetable.shape(one.number) for one in patterns if one.trips == 1}
    assert shaped["gare-1"] == [(47.1, -1.7), (47.3, -1.5)]
    assert shaped["gare-2"] == []
