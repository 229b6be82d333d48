"""The command: `python -m harbour add` seeds an account, `python -m harbour serve` opens the harbour."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

import uvicorn

from harbour.app import create_app
from harbour.store import AddressTakenError, Store


def main() -> None:
    arguments = parse()
    store = Store(arguments.database)
    if arguments.command == "add":
        try:
            store.add_account(arguments.name, arguments.address, getpass.getpass())
        except AddressTakenError as error:
            raise SystemExit(str(error)) from None
    else:
        uvicorn.run(create_app(store), host=arguments.host, port=arguments.port)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="harbour", description="A small web application with a sign-in.")
    parser.add_argument("--database", type=Path, default=Path("harbour.db"), help="the SQLite file")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="add an account; asks for its password")
    add.add_argument("name")
    add.add_argument("address")
    serve = commands.add_parser("serve", help="serve the application")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8080)
    return parser.parse_args()


if __name__ == "__main__":
    main()
