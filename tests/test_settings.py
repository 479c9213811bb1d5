"""Settings: out of the environment, or given."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from server.settings import Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """None of ours but what a test says."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"POCHE_{name.upper()}", raising=False)
    return monkeypatch.setenv


def test_the_environment_says_what_is_not_given(environment):
    environment("POCHE_RATE", "5")
    environment("poche_burst", "7")
    environment("POCHE_WARM", "false")
    environment("POCHE_DATA", "~/kept")
    environment("RATE", "1")

    found = Settings(burst=8)

    assert (found.rate, found.burst, found.warm) == (5.0, 8, False)
    assert found.data == Path("~/kept").expanduser()
    assert found.deadline_s == 10  # as by default


def test_a_list_is_json(environment):
    environment("POCHE_CORS_ORIGINS", '["https://a.example", "https://b.example"]')

    assert Settings().cors_origins == ("https://a.example", "https://b.example")
    assert Settings(cors_origins=("https://c.example",)).cors_origins == ("https://c.example",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("POCHE_CORS_ORIGINS", "https://a.example"),
        ("POCHE_CORS_ORIGINS", "{}"),
        ("POCHE_RATE", "-1"),
        ("POCHE_LOG", "loud"),
        ("POCHE_WARM", "perhaps"),
    ],
)
def test_what_cannot_be_meant_is_refused(environment, name, text):
    environment(name, text)
    with pytest.raises(ValidationError, match=name.removeprefix("POCHE_").lower()):
        Settings()


def test_what_is_no_setting_is_refused():
    with pytest.raises(ValidationError, match="speed"):
        Settings(speed=1)


def test_a_secret_is_not_shown(environment):
    environment("POCHE_PEPPER", "hot")

    assert Settings().pepper.get_secret_value() == "hot"
    assert "hot" not in repr(Settings())
