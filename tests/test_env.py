"""Settings are read once, and all that is wrong with them is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.env import ROOT, Secrets, Settings, SettingsError, read_settings, settings_table


def test_defaults_need_no_environment() -> None:
    settings = read_settings({})
    assert settings == Settings()
    assert settings.libsql_url == "file:data/cryptointel.db"
    assert settings.public_read is False


def test_every_problem_is_in_one_message() -> None:
    wrong = {
        "REDIS_URL": "localhost",
        "PUBLIC_READ": "maybe",
        "TRUSTED_PROXY_HOPS": "-1",
        "ENVIRONMENT": "prod",
    }
    with pytest.raises(SettingsError) as raised:
        read_settings(wrong)
    assert str(raised.value).splitlines() == [
        "REDIS_URL: 'localhost' does not start with redis: or rediss:",
        "ENVIRONMENT: 'prod' is not one of development, staging, production",
        "PUBLIC_READ: 'maybe' is not true or false",
        "TRUSTED_PROXY_HOPS: '-1' is not a whole number",
    ]


@pytest.mark.parametrize("url", ["file:", "http://", "ftp://x"])
def test_a_database_without_a_place_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="LIBSQL_URL"):
        read_settings({"LIBSQL_URL": url})


def test_values_are_typed() -> None:
    read = read_settings({"PUBLIC_READ": "1", "CORS_ORIGINS": "https://a.example, https://b.example"})
    assert read.public_read is True
    assert read.cors_origins == ("https://a.example", "https://b.example")


def test_a_provider_key_may_be_a_secret_file(tmp_path: Path) -> None:
    (tmp_path / "COINGECKO_API_KEY").write_text("from-file\n")
    environ = {"SECRETS_DIR": str(tmp_path)}
    assert read_settings(environ).coingecko_api_key == "from-file"
    assert read_settings({**environ, "COINGECKO_API_KEY": "set"}).coingecko_api_key == "set"


def test_a_missing_secret_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="make secrets"):
        Secrets(tmp_path).get("jwt-signing-key")


def test_the_readme_has_the_settings_as_they_are() -> None:
    assert settings_table() in (ROOT / "README.md").read_text()
