"""What must never be published: secrets by the name of their variable, by their shape, by what stands before."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from mkdocs_jetty.run.scrub import Scrubber

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"
VALUE = "hunter2-'quoted'-\"é\"&<x>"


@pytest.mark.parametrize("name", [
    "PRIVATE_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GH_PAT", "DATABASE_URL", "SENTRY_DSN", "SMTP_PASS",
    "SESSION_COOKIE", "DB_PASSWORD", "DBPASS", "API_KEY", "APIKEY", "GITHUB_TOKEN", "SIGNING_KEY", "SLACK_WEBHOOK",
    "AZURE_STORAGE_CONNECTION_STRING", "REDIS_URL", "JWT", "BASIC_AUTH", "SSH_PASSPHRASE", "MYSQL_PWD", "FERNET_KEY",
])  # fmt: skip
def test_a_variable_whose_name_speaks_of_a_secret_is_masked(tmp_path: Path, name: str) -> None:
    assert Scrubber(tmp_path, environ={name: "hunter2-hunter2"})("it is hunter2-hunter2.") == "it is ***."


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "LANG", "COMPASS", "AUTHOR", "KEYBOARD", "SSH_AUTH_SOCK", "MONKEY"])
def test_a_variable_that_holds_none_is_left_alone(tmp_path: Path, name: str) -> None:
    assert Scrubber(tmp_path, environ={name: "somewhere-else"})("it is somewhere-else.") == "it is somewhere-else."


@pytest.mark.parametrize("form", [
    VALUE, repr(VALUE), json.dumps(VALUE), json.dumps(VALUE, ensure_ascii=False),
    base64.b64encode(VALUE.encode()).decode(), base64.urlsafe_b64encode(VALUE.encode()).decode(),
])  # fmt: skip
def test_it_is_masked_in_every_form(tmp_path: Path, form: str) -> None:
    shown = Scrubber(tmp_path, environ={"API_TOKEN": VALUE})(f"sent {form} there")
    assert "***" in shown
    assert "hunter2" not in shown
    assert base64.b64encode(VALUE.encode()).decode()[:12] not in shown


@pytest.mark.parametrize("secret", [
    "ghp_" + "a1B2" * 9, "github_pat_" + "11ABCDEFG0" * 4, "glpat-" + "x9-Yz" * 4, "AKIAIOSFODNN7EXAMPLE",
    "AIza" + "Sy1-x" * 7, "xoxb-1234567890-abcdef", "sk_live_" + "4eC39HqLyjWDarjt", "npm_" + "a1" * 18,
    "pypi-" + "AgEIcHlwaS5vcmc" * 3, JWT, KEY,
    "$2b$12$" + "R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub", "pbkdf2_sha256$260000$abcdefgh$Zm9vYmFyYmF6cXV4",
])  # fmt: skip
def test_a_secret_is_known_by_its_shape(tmp_path: Path, secret: str) -> None:
    shown = Scrubber(tmp_path, environ={})(f"assert '{secret}' == 'b'")
    assert shown == "assert '***' == 'b'"


@pytest.mark.parametrize(("text", "shown"), [
    ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
    ("{'authorization': 'Basic YWRhOmFkYWFkYQ=='}", "{'authorization': '***'}"),
    (KEY.partition("-----END")[0] + "cut off", "***"),
    ("Set-Cookie: sid=0123456789abcdef; Path=/", "Set-Cookie: sid=***; Path=/"),
    ("cookie: a=0123456789", "cookie: a=***"),
    ("session=0123456789abcdef is kept", "session=*** is kept"),
    ("/reset?token=0123456789&x=1", "/reset?token=***&x=1"),
    ('{"password": "correct horse battery"}', '{"password": "***"}'),
    ("{'csrf_token': 'abcdef0123'}", "{'csrf_token': '***'}"),
    ("postgres://ada:horse@db/shop", "postgres://ada:***@db/shop"),
    ("https://example.org/a:b", "https://example.org/a:b"),
    ("assert session == 'open'", "assert session == 'open'"),
    ("token == 'abcdefgh'", "token == 'abcdefgh'"),
    ("the password is wrong", "the password is wrong"),
])  # fmt: skip
def test_a_secret_is_known_by_what_stands_before_it(tmp_path: Path, text: str, shown: str) -> None:
    assert Scrubber(tmp_path, environ={})(text) == shown
