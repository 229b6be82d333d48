"""The command: `python -m harbour serve`, and what its keeper needs: add, migrate, backup, restore, verify."""

from __future__ import annotations

import argparse
import getpass
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from harbour.app import Harbour, create_app, server_config
from harbour.backup import BackupError, backup, restore
from harbour.migrations import MigrationError, migrate
from harbour.settings import ConfigurationError, Settings, from_environment
from harbour.store import ROLES, AddressTakenError

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    arguments = parse()
    try:
        settings = from_environment(os.environ)
        if arguments.database:
            settings = replace(settings, database=arguments.database)
        COMMANDS[arguments.command](arguments, settings)
    except (AddressTakenError, BackupError, ConfigurationError, MigrationError) as error:
        raise SystemExit(f"harbour: {error}") from None


def add(arguments: argparse.Namespace, settings: Settings) -> None:
    harbour = Harbour(settings)
    password = getpass.getpass()
    if problems := harbour.passwords.problems(password, arguments.name, arguments.address):
        raise SystemExit(" ".join(problems))
    harbour.store.add_account(arguments.name, arguments.address, password, arguments.role)


def serve(arguments: argparse.Namespace, settings: Settings) -> None:
    harbour = Harbour(settings)
    harbour.start()
    try:
        uvicorn.Server(server_config(create_app(harbour), host=arguments.host, port=arguments.port)).run()
    finally:
        harbour.stop()


def back_up(arguments: argparse.Namespace, settings: Settings) -> None:
    print(backup(settings.database, arguments.file))


def restore_from(arguments: argparse.Namespace, settings: Settings) -> None:
    print(restore(arguments.file, settings.database))


def change_schema(arguments: argparse.Namespace, settings: Settings) -> None:
    print(f"version {migrate(settings.database, to=arguments.to)}")


def verify(_: argparse.Namespace, settings: Settings) -> None:
    if broken := Harbour(settings).audit.verify():
        raise SystemExit(f"altered or missing: entry {', '.join(map(str, broken))}")
    print("the audit log is whole")


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], None]] = {
    "add": add,
    "serve": serve,
    "backup": back_up,
    "restore": restore_from,
    "migrate": change_schema,
    "verify": verify,
}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="harbour", description="A small web application with a sign-in.")
    parser.add_argument("--database", type=Path, help="the SQLite file (else HARBOUR_DATABASE, else harbour.db)")
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add", help="add an account; asks for its password")
    adding.add_argument("name")
    adding.add_argument("address")
    adding.add_argument("--role", choices=ROLES, default=ROLES[0])
    serving = commands.add_parser("serve", help="serve the application")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=8080)
    commands.add_parser("backup", help="copy the database while it is in use").add_argument("file", type=Path)
    commands.add_parser("restore", help="put a copy where there is no database").add_argument("file", type=Path)
    migrating = commands.add_parser("migrate", help="bring the schema to a version, the last one unless told")
    migrating.add_argument("--to", type=int)
    commands.add_parser("verify", help="look for altered entries in the audit log")
    return parser.parse_args()


if __name__ == "__main__":
    main()
