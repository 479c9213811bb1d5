"""Advisories: what `make audit` says of what is known, and of what nobody tells."""

import httpx
import pytest

from tests import audit

HOLE = {"id": "PYSEC-1", "aliases": ["CVE-1"], "description": "It opens\nthe door."}
NPM = {"metadata": {"dependencies": {"prod": 3}}, "vulnerabilities": {}}


@pytest.fixture
def audited(monkeypatch, tmp_path, capsys):
    """What an audit ends with and prints, of registers that say so, and with such excuses."""
    for name, text in (("LOCKED", "one==1.0\ntwo==2.0\n"), ("EXCUSED", "# none\n")):
        path = tmp_path / name
        path.write_text(text)
        monkeypatch.setattr(audit, name, path)

    def audited(python, npm=NPM, newest=None, excused="# none\n"):
        (tmp_path / "EXCUSED").write_text(excused)

        def said(command, *_, **__):
            report = npm if command == "npm" else {"dependencies": python}
            if isinstance(report, str):
                raise audit.Silent(report)
            return report

        def get(address, **_):
            told = (newest or {}).get(address.split("/")[-2])
            status = 404 if told is None else 200
            return httpx.Response(status, json=told, request=httpx.Request("GET", address))

        monkeypatch.setattr(audit, "said", said)
        monkeypatch.setattr(audit.httpx, "get", get)
        with pytest.raises(SystemExit) as end:
            audit.main()
        return end.value.code, capsys.readouterr().out

    return audited


def clean(*names):
    return [{"name": name, "vulns": []} for name in names]


def test_nothing_known_is_well(audited):
    code, printed = audited(clean("one", "two"))
    assert code == 0
    assert "PyPI: 2 packages, 0 advisories" in printed
    assert "npm, server/home: 3 packages, 0 advisories" in printed


OPEN = {"name": "one", "vulns": [HOLE]}
VIA = [{"url": "https://x/GHSA-9", "title": "Prototype pollution"}, "another"]
POLLUTED = {**NPM, "vulnerabilities": {"y": {"name": "y", "via": VIA}}}


@pytest.mark.parametrize(
    ("said", "ends_with", "named"),
    [
        ({"python": [OPEN]}, 1, "one: PYSEC-1/CVE-1: It opens the door."),
        (
            {"python": [OPEN], "excused": "CVE-1 we have no door\n"},
            0,
            "one: PYSEC-1/CVE-1: excused: we have no door",
        ),
        ({"python": clean("one"), "npm": POLLUTED}, 1, "y: GHSA-9: Prototype pollution"),
    ],
)
def test_what_is_known_is_named_unless_it_is_excused(audited, said, ends_with, named):
    code, printed = audited(**said)
    assert code == ends_with
    assert named in printed


def test_who_is_silent_takes_nothing_from_what_others_say(audited):
    code, printed = audited([OPEN], npm="405")
    assert code == 1
    assert "PYSEC-1" in printed
    assert "nobody tells: 405" in printed
    assert audited(clean("one"), npm="405")[0] == 2


def test_what_is_passed_over_is_asked_of_the_newest_version_if_it_is_that(audited):
    passed_over = [{"name": name, "skip_reason": "not found"} for name in ("one", "two")]

    def newest(version):
        withdrawn = {**HOLE, "id": "PYSEC-0", "withdrawn": "2026-01-01"}
        told = {"info": {"version": version}, "vulnerabilities": [HOLE, withdrawn]}
        return {"one": told, "two": {"info": {"version": "2.0"}, "vulnerabilities": []}}

    code, printed = audited(passed_over, newest=newest("1.0"))
    assert code == 1
    assert "PyPI: 2 packages, 1 advisories" in printed
    code, printed = audited(passed_over, newest=newest("1.1"))
    assert code == 2
    assert "PyPI: 1 packages, 0 advisories\n  nobody tells: one\n" in printed
