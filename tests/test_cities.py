"""Mistakes in a city file: one sentence that names the file, the table and the key."""

import shutil
from collections.abc import Mapping
from typing import get_origin

import pytest

import cities
from cities.binding import parse_quota, seconds
from server.checking import validated
from sources.protocols import protocols

GOOD = """
name = "Elsewhere"
timezone = "Europe/Paris"

[pools]
protocol = "opendatasoft"
url = "https://data.example"
dataset = "pools"
ttl = "10min"
quota = "5000 per day"

[pools.fields]
id = "ident"

[pools.hours]
dataset = "pool-hours"

[upstreams."data.example"]
quota = "9000 per day"
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        (tmp_path / "elsewhere.toml").write_text(text, "utf-8")
        return validated(tmp_path)["elsewhere"]

    return write


def test_a_part_takes_what_it_does_not_say_from_the_table_around_it(write):
    hours = write(GOOD).bindings["pools.hours"]

    assert hours.options == {"url": "https://data.example", "dataset": "pool-hours"}
    assert hours.ttl_s == 600
    assert hours.fields == {}
    assert hours.source == "elsewhere/pools.hours"
    assert hours.secret_name == "POCHE_KEY_ELSEWHERE_POOLS_HOURS"


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("[pools", "[pool", ["[pool]", "did you mean `pools`?"]),
        ("pools.hours", "pools.hour", ["[pools.hour]", "`pools.hours`?"]),
        ('"opendatasoft"', '"opendatasfot"', ["[pools] protocol", "`opendatasoft`?"]),
        ("dataset =", "datset =", ["[pools]", "unknown word `datset`", "`dataset`?"]),
        ("ttl =", "tll =", ["[pools]", "unknown word `tll`", "`ttl`?"]),
        ('"10min"', '"10 minuten"', ["[pools] ttl", '"10min"']),
        ('"5000 per day"', '"lots"', ["[pools] quota", '"1 per 30s"']),
        ('"9000 per day"', '"lots"', ["upstreams.data.example.quota", '"1 per 30s"']),
        ('quota = "9', 'qouta = "9', ["unknown word `upstreams.data.example.qouta`"]),
        ('"data.example"]', '"date.example"]', ["[upstreams]", "did you mean `data.example`?"]),
        ("id =", "ident =", ["[pools] fields", "no column `ident`"]),
        ("Europe/Paris", "Europe/Nantes", ["elsewhere.toml timezone", "Europe/Nantes"]),
        ('name = "Elsewhere"', "", ["elsewhere.toml name"]),
        ('name = "Elsewhere"', 'nmae = "Elsewhere"', ["unknown word `nmae`", "`name`?"]),
        ("[pools]", "[pools", ["elsewhere.toml", "line 5"]),
    ],
)
def test_mistakes_are_named(write, right, wrong, words):
    with pytest.raises(cities.CityError) as caught:
        write(GOOD.replace(right, wrong))

    assert "elsewhere.toml" in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_codes_of_communes_are_checked_before_they_go_into_a_filter(write):
    with pytest.raises(cities.CityError, match="communes"):
        write(GOOD.replace("[pools]", "[communes]\n'44\" or 1' = 'x'\n[pools]", 1))


def test_a_new_city_is_one_file(tmp_path):
    shutil.copy(cities.HERE / "nantes.toml", tmp_path / "naoned.toml")

    assert validated(tmp_path)["naoned"].bindings["pools"].source == "naoned/pools"


LIKE = """
name = "Beside"
timezone = "Europe/Paris"

[communes]
49007 = "Beside"

[pools]
like = "elsewhere"
ttl = "2min"

[pools.fields]
name = "nom"

[pools.hours]
where = "commune in ({communes})"

[schools]
like = "nantes"
"""


def test_a_table_like_another_citys_takes_what_it_does_not_say(write, tmp_path):
    write(GOOD)
    (tmp_path / "beside.toml").write_text(LIKE, "utf-8")

    found = validated(tmp_path)["beside"].bindings

    pools, hours = found["pools"], found["pools.hours"]
    assert {word: column.column for word, column in pools.fields.items()} == {
        "id": "ident",
        "name": "nom",
    }
    assert (pools.source, pools.ttl_s, hours.ttl_s) == ("beside/pools", 120, 120)
    assert hours.options["dataset"] == "pool-hours"
    assert hours.options["where"] == 'commune in ("49007")'
    # Not beside it, but one of ours: with the communes of its own.
    assert found["schools"].options["where"] == 'code_commune in ("49007")'


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ('"elsewhere"', '"elsewhre"', ["[pools] like", "no city", "did you mean `elsewhere`?"]),
        ('"elsewhere"', "7", ["[pools] like", "no city `7`"]),
        ('"elsewhere"', '"../elsewhere"', ["[pools] like", "no city"]),
        ('"elsewhere"', '"beside"', ["[pools] like", "beside.toml has no [pools] of its own"]),
        ("[schools]", "[vehicles]", ["[vehicles] like", "nantes.toml has no [vehicles]"]),
    ],
)
def test_a_table_that_is_like_none_is_a_mistake(write, tmp_path, right, wrong, words):
    write(GOOD)
    (tmp_path / "beside.toml").write_text(LIKE.replace(right, wrong), "utf-8")

    with pytest.raises(cities.CityError) as caught:
        validated(tmp_path)

    for word in words:
        assert word in str(caught.value)


def test_cities_must_agree_on_what_a_host_allows(write, tmp_path):
    write(GOOD)
    file = tmp_path / "other.toml"
    file.write_text(GOOD, "utf-8")
    found = validated(tmp_path)
    assert list(cities.upstreams(found.values())) == ["data.example"]

    file.write_text(GOOD.replace("9000", "9001"), "utf-8")
    with pytest.raises(cities.CityError, match=r"other.toml .*data.example.* elsewhere.toml"):
        validated(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"), [(30, 30), ("30s", 30), ("1.5h", 5400), ("1d", 86400)]
)
def test_lengths_of_time(text, expected):
    assert seconds(text) == expected


def test_quotas():
    assert parse_quota("1 per 30s") == {"calls": 1, "period_s": 30}
    assert parse_quota("5000 per day") == {"calls": 5000, "period_s": 86400}


def test_a_protocols_own_tables_are_options(write):
    pools = write(GOOD.replace("ttl =", 'refine = { commune = "Nantes" }\nttl =')).bindings["pools"]

    assert pools.options["refine"] == {"commune": "Nantes"}
    of_protocols = {
        name
        for speaks in protocols().values()
        for name, field in speaks.model_fields.items()
        if get_origin(field.annotation) is Mapping
    }
    assert of_protocols == cities.TABLES
