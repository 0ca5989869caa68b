"""Settings: a wrong one is refused by its name, whatever process reads it, and never with its text."""

from dataclasses import fields
from pathlib import Path

import pytest

from backend.settings import (
    OPERATOR,
    READERS,
    Operator,
    SettingError,
    Settings,
    read_settings,
    unknown_settings,
)

RIGHT = {"DATABASE_URL": "postgresql://app:x@db/fleetline", "SECRET_KEYS": "k" * 43}
WRONG = [
    *((name, text) for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "RELAY_DATABASE_URL") for text in (
        "hush", "mysql://u:hush@h/d", "postgresql://u:hush@h:x/d", "postgresql://u:hu#sh@h/d", "postgresql://u:hu/sh@h/d",
        "postgresql:///d", "postgresql://u:hush@h:99999/d", "postgresql://u:hush@h:0/d", "postgresql://h ush@h/d",
        "postgresql://[hush/d",
    )),
    *(("BROKER_URL", text) for text in ("kafka://u:hush@h", "hush", "amqp://", "amqp://u:hush@h:x", "redis://u:hu sh@h")),
    *(("BROKER_QUEUE", text) for text in ("a b", "1a", "é", "a" * 201)),
    *(("LEASE_SECONDS", text) for text in ("nan", "inf", "0", "-5", "x", "86401")),
    *(("CARRIER_POLL_SECONDS", text) for text in ("nan", "-1", "0", "1e9")),
    *(("CARRIER_CONCURRENCY", text) for text in ("0", "-1", "1001", "1.5", "1_0", "٣")),
    *(("POOL_SIZE", text) for text in ("0", "-3", "1001", "x")),
    *(("GRACE_SECONDS", text) for text in ("601", "-1", "x", "1.5")),
    *(("PORT", text) for text in ("0", "65536", "abc", "tcp://10.0.0.1:80", "-1")),
    *(("HOST", text) for text in ("http://x", "a b", "127.0.0.1:80", "*")),
    *(("PUBLIC_URL", text) for text in ("portal.example", "ftp://x", "https://", "https://x/y", "https://u:hush@x", "https://x?y")),
    *(("METRICS_TOKEN", text) for text in ("hu sh", "hushé", "hush\n")),
    *(("SMS_TOKEN", text) for text in ("hu sh", "hushé")),
    *(("STRIPE_KEY", text) for text in ("hu sh", "hushé")),
    *(("STRIPE_WEBHOOK_SECRET", text) for text in ("whsec_hu sh", "whsec_a,hushé")),
    *(("STRIPE_ADDRESS", text) for text in ("hush", "ftp://x", "https://")),
    *(("TRUSTED_PROXIES", text) for text in ("foo", "10.0.0.0/33", "*", "10.0.0.1,x")),
    *(("SECRET_KEYS", text) for text in ("hush", "k" * 43 + ",hush", ",")),
    *(("CARRIER_URLS", text) for text in ("mandarine", "mandarine=", "=https://x", "mandarine=notaurl", "mandarine=ftp://x",
        "mandarine=https://x,mandarine=https://y", "https://x")),
    *(("CARRIER_SECRETS", text) for text in ("hush", "mandarine=", "mandarine=a,mandarine=hush")),
    *(("SMTP_URL", text) for text in ("http://u:hush@h", "mail.example", "smtp://", "smtp://u:hush@h:x", "smtp://u:hu/sh@h")),
    *(("MAIL_FROM", text) for text in ("nonsense", "Fleetline", "Fleetline <a@b>", "a@b.example\nBcc: c@d.example")),
    *(("SMS_URL", text) for text in ("ftp://x", "x", "https://")),
    *(("REMINDER_DAYS", text) for text in ("0", "7,7", "21,7", "1,2,3,4", "x", "-1", "7,x", ",", "1000")),
    *(("DEBT_BLOCK", text) for text in ("maybe", "1", "true")),
    *(("REMINDER_TEXTS", text) for text in ("/no/such/file.toml", "/")),
    *(("PEPPOL_STYLESHEET", text) for text in ("/no/such/file.xslt", __file__)),
    ("OPERATOR_SUPPORT_EMAIL", "bad"),
]  # fmt: skip


def read(**given: str) -> Settings:
    return read_settings({f"FLEETLINE_{name}": text for name, text in (RIGHT | given).items()})


@pytest.mark.parametrize(
    ("name", "text"), WRONG, ids=[f"{name}-{place}" for place, (name, _) in enumerate(WRONG)]
)
def test_a_wrong_setting_is_refused_by_its_name_and_without_its_text(name: str, text: str) -> None:
    with pytest.raises(SettingError) as refused:
        read(**{name: text})
    words = str(refused.value)
    assert words.startswith(f"FLEETLINE_{name} ")
    assert "hu" not in words
    assert "\n" not in words


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_what_is_required_is_missed_by_its_name(name: str) -> None:
    for text in ("", " "):
        with pytest.raises(SettingError, match=f"FLEETLINE_{name} is not set"):
            read(**{name: text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "postgresql://app:a%23b%2F@[::1]:5433/fleetline?sslmode=require"),
        ("DATABASE_URL", "postgres://app@one:5432,two:5433/fleetline"),
        ("DATABASE_URL", "postgresql:///fleetline?host=/run/postgresql"),
        ("BROKER_URL", "rediss://:a%20b@broker_1:6380/2"),
        ("BROKER_URL", "amqp://guest:guest@127.0.0.1:5672/%2F"),
        ("TRUSTED_PROXIES", "10.0.0.1, fd00::/8"),
        ("HOST", "::"),
        ("SMTP_URL", "smtps://user%40x:p%40ss@mail.example"),
        ("MAIL_FROM", "a@b.example"),
        ("LEASE_SECONDS", "1.5"),
        ("GRACE_SECONDS", "0"),
    ],
)
def test_what_works_is_taken(name: str, text: str) -> None:
    assert read(**{name: text})


def test_every_field_has_its_reader_and_every_reader_its_field() -> None:
    held = {field.name for field in fields(Settings)} - {"operator"}
    assert set(READERS) == held | {f"{OPERATOR}{field.name}" for field in fields(Operator)}


def test_no_secret_is_in_what_is_shown_of_settings() -> None:
    shown = repr(read(
        METRICS_TOKEN="hush", SMS_TOKEN="hush", CARRIER_SECRETS="lynx=hush", SMTP_URL="smtp://u:hush@h",
        BROKER_URL="amqp://u:hush@h", RELAY_DATABASE_URL="postgresql://u:hush@h/d", DATABASE_URL="postgresql://u:hush@h/d",
        OWNER_DATABASE_URL="postgresql://u:hush@h/d", SECRET_KEYS="hush" * 10,
    ))  # fmt: skip
    assert "hush" not in shown


@pytest.mark.parametrize(
    "name", ["PORTT", "TRUSTED_PROXY", "SECRET_KEY", "OPERATOR_SUPPORT_MAIL", "CARRIER_URL"]
)
def test_a_slip_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match=rf"FLEETLINE_{name} is no setting: FLEETLINE_\w+ is meant"):
        read(**{name: "x"})


def test_other_names_are_listed_and_those_of_commands_and_tests_are_not() -> None:
    known = ("TEST_BROKER_URLS", "CASES", "ADMIN_DATABASE_URL", "SANDBOX_PORT", "SCREENS", *RIGHT)
    environment = {f"FLEETLINE_{name}": "x" for name in ("SERVICE_HOST", "OPERATOR", *known)} | {"OTHER": "x"}
    assert unknown_settings(environment) == ["FLEETLINE_OPERATOR", "FLEETLINE_SERVICE_HOST"]
    assert read(SERVICE_HOST="10.0.0.1")


@pytest.mark.parametrize(
    "text",
    [
        "[fr",
        "[hu]\nstep_1_title = 'x'",
        "[fr]\nstep_4_title = 'x'",
        "[fr]\nstep_1_title = ''",
        "[fr]\nstep_1_title = '{amount} {day}'",
        "[fr]\nstep_1_title = '{amount'",
        "[fr]\nstep_1_title = '{amount.x}'",
        "fr = 'x'",
    ],
)
def test_own_words_of_reminders_that_cannot_be_used_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "words.toml"
    file.write_text(text)
    with pytest.raises(SettingError, match="FLEETLINE_REMINDER_TEXTS m"):
        read(REMINDER_TEXTS=str(file))


def test_own_words_of_reminders_days_and_rules_are_read(tmp_path: Path) -> None:
    words, rules = tmp_path / "words.toml", tmp_path / "PEPPOL.xslt"
    words.write_text("[fr]\nstep_1_title = 'Payez {amount} ({account})'")
    rules.write_text("<x/>")
    found = read(
        REMINDER_TEXTS=str(words), REMINDER_DAYS="10, 20", DEBT_BLOCK="yes", PEPPOL_STYLESHEET=str(rules)
    )
    assert found.reminder_texts == {"fr": {"step_1_title": "Payez {amount} ({account})"}}
    assert (found.reminder_days, found.debt_block, found.peppol_stylesheet) == ((10, 20), True, rules)
    assert read(REMINDER_DAYS="none").reminder_days == ()
