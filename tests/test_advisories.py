"""Advisories: what `make audit` says of what is known, and of what nobody tells."""

import httpx
import pytest

from tests import audit

HOLE = {"id": "PYSEC-1", "aliases": ["CVE-1"], "description": "It opens\nthe door."}
LOCKED = "one==1.0 \\\n    --hash=sha256:1\ntwo==2.0 \\\n    --hash=sha256:2\n"
VERSIONS = {"one": "1.0", "two": "2.0"}
NPM = {"metadata": {"dependencies": {"prod": 3}}, "vulnerabilities": {}}


@pytest.fixture
def audited(monkeypatch, tmp_path, capsys):
    """What an audit ends with and prints, of registers that say so, and with such excuses."""
    for name in ("LOCKED", "EXCUSED"):
        monkeypatch.setattr(audit, name, tmp_path / name)

    def audited(python, npm=NPM, newest=None, excused="# none\n", locked=LOCKED):
        (tmp_path / "EXCUSED").write_text(excused)
        (tmp_path / "LOCKED").write_text(locked)

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
    return [{"name": name, "version": VERSIONS[name], "vulns": []} for name in names]


def test_nothing_known_is_well(audited):
    code, printed = audited(clean("one", "two"))
    assert code == 0
    assert "PyPI: 2 packages, 0 advisories" in printed
    assert "npm, server/home: 3 packages, 0 advisories" in printed


OPEN = {"name": "one", "version": "1.0", "vulns": [HOLE]}
VIA = [{"url": "https://x/GHSA-9", "title": "Prototype pollution"}, "another"]
POLLUTED = {**NPM, "vulnerabilities": {"y": {"name": "y", "via": VIA}}}


@pytest.mark.parametrize(
    ("said", "ends_with", "named"),
    [
        ({"python": [OPEN, *clean("two")]}, 1, "one: PYSEC-1/CVE-1: It opens the door."),
        (
            {"python": [OPEN, *clean("two")], "excused": "CVE-1 we have no door\n"},
            0,
            "one: PYSEC-1/CVE-1: excused: we have no door",
        ),
        ({"python": clean("one", "two"), "npm": POLLUTED}, 1, "y: GHSA-9: Prototype pollution"),
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
    assert audited(clean("one", "two"), npm="405")[0] == 2


PASSED_OVER = [{"name": name, "skip_reason": "not found"} for name in VERSIONS]


def newest(version, *advisories):
    return {"info": {"version": version}, "vulnerabilities": advisories}


def test_what_is_passed_over_is_asked_of_the_newest_version_if_it_is_that(audited):
    told = {"one": newest("1.0", HOLE, {**HOLE, "withdrawn": "2026-01-01"}), "two": newest("2.0")}

    code, printed = audited(PASSED_OVER, newest=told)
    assert code == 1
    assert "PyPI: 2 packages, 1 advisories" in printed

    code, printed = audited(PASSED_OVER, newest=told | {"one": newest("1.1", HOLE)})
    assert code == 2
    assert "PyPI: 1 packages, 0 advisories\n  nobody tells: one 1.0\n" in printed


def test_what_is_pinned_for_another_python_is_asked_too(audited):
    """Of which pip-audit, which runs on one, says nothing."""
    locked = LOCKED + "two==3.0 ; python_full_version >= '3.12'\n"

    code, printed = audited(clean("one", "two"), locked=locked, newest={"two": newest("3.0", HOLE)})

    assert code == 1
    assert "PyPI: 3 packages, 1 advisories\n  two: PYSEC-1/CVE-1" in printed
