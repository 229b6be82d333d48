"""A small real shop with notes, sign-in, orders and mail, each protection of which can be taken out.

Runs as a process of its own, so that it can be killed: `python shop.py PORT DATABASE VERSION MAIL_PORT weakness,…`
"""

from __future__ import annotations

import html
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PORT, DATABASE, VERSION, MAIL, WEAK = (
    int(sys.argv[1]),
    sys.argv[2],
    sys.argv[3],
    int(sys.argv[4]),
    sys.argv[5].split(","),
)
TABLES = """create table if not exists notes (text); create table if not exists people (name, password);
create table if not exists orders (key unique); create table if not exists payments (key);"""
PAGE = "<!doctype html><html lang=en><head><title>Shop</title></head><body><main><h1>Shop</h1>{}</main></body></html>"
POOR = "<html><body><img src='data:,'><p style='color:#ccc;background:#fff'>{}</p><input></body></html>"
LARGE = "<p>" + "many words " * 30_000 + "</p>"
DESCRIPTION = {
    "openapi": "3.0.0", "info": {"title": "Shop", "version": "1"},
    "paths": {"/items/{n}": {"get": {
        "parameters": [{"name": "n", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "responses": {"200": {"description": "one", "content": {"application/json": {"schema": {"type": "object"}}}},
                      "404": {"description": "none"}},
    }}},
}  # fmt: skip


def connect() -> sqlite3.Connection:
    base = sqlite3.connect(DATABASE, timeout=10)
    base.execute("pragma synchronous = off")
    base.create_function("pg_sleep", 1, time.sleep)
    return base


class Shop(BaseHTTPRequestHandler):
    server_version, sys_version, protocol_version = "shop", "", "HTTP/1.1"
    disable_nagle_algorithm = True  # or an answer in two writes waits for the delayed acknowledgement of the first
    timeout = 1  # of an idle connection, which would keep a stopping shop open

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, text: str = "", kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response_only(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            with connect() as base:
                notes = [str(each) for (each,) in base.execute("select text from notes")]
            shown = "".join(f"<p>{each if 'html' in WEAK else html.escape(each)}</p>" for each in notes)
            self.answer(200, PAGE.format(shown))
        elif path == "/page":
            self.answer(200, (POOR if "poor" in WEAK else PAGE).format(LARGE if "large" in WEAK else "<p>Hello</p>"))
        elif path == "/openapi.json":
            self.answer(200, json.dumps(DESCRIPTION), "application/json")
        elif re.fullmatch(r"/items/-?\d+", path):
            good = "items" not in WEAK
            self.answer(200 if good else 500, "{}", "application/json")
        elif path == "/.env" and "exposed" in WEAK:
            self.answer(200, "SECRET=1", "text/plain")
        elif "catch-all" in WEAK:
            self.answer(200, PAGE.format(f"Nothing at {html.escape(path)}"))
        else:
            self.answer(404, PAGE.format("Nothing here"))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        form = {key: value[0] for key, value in parse_qs(self.rfile.read(length).decode("utf-8", "replace")).items()}
        work = {"/notes": self.note, "/login": self.login, "/orders": self.order, "/reset": self.reset}.get(self.path)
        try:
            work(form) if work else self.answer(404)
        except Exception as error:  # noqa: BLE001
            shown = traceback.format_exc() if "reveal" in WEAK else "Something went wrong"
            self.answer(500, shown, "text/plain" if "reveal" in WEAK else "text/html; charset=utf-8")
            self.log_error("%s", error)

    def refuse(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(405, Allow="GET, POST")

    do_TRACE = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_QUERY = refuse  # noqa: N815

    def note(self, form: dict[str, str]) -> None:
        text = form.get("text", "").strip()
        if "limited" in WEAK and text != "good":
            self.answer(429, "slow down")
        elif not text or "deaf" in WEAK:
            self.answer(422, "A note has a text")
        else:
            with connect() as base:
                if "sql" in WEAK:
                    base.executescript(f"insert into notes values ('{text}')")  # noqa: S608
                elif "mangle" in WEAK:
                    base.execute("insert into notes values (?)", (text.replace("<", ""),))
                else:
                    base.execute("insert into notes values (?)", (text,))
            if "template" in WEAK and (found := re.search(r"\{\{\s*(\d+)\s*\*\s*(\d+)", text)):
                self.answer(200, str(int(found[1]) * int(found[2])))
            elif "header" in WEAK:
                self.answer(303, "", Location="/", X_Note=text)
            else:
                self.answer(303, "", Location="/")

    def login(self, form: dict[str, str]) -> None:
        name, password = form.get("name", ""), form.get("password", "")
        with connect() as base:
            try:
                if "bypass" in WEAK:
                    query = f"select 1 from people where name = '{name}' and password = '{password}'"  # noqa: S608
                    found = base.execute(query).fetchone()
                else:
                    found = base.execute(
                        "select 1 from people where name = ? and password = ?", (name, password)
                    ).fetchone()
            except sqlite3.Error:
                found = None
        if found:
            self.answer(200, "welcome", Set_Cookie="session=1; Path=/")
        else:
            self.answer(401, "no")

    def order(self, form: dict[str, str]) -> None:
        key = form.get("key", "")
        with connect() as base:
            base.isolation_level = None
            base.execute("begin immediate")
            known = base.execute("select 1 from orders where key = ?", (key,)).fetchone()
            if known and "twice" not in WEAK:
                base.execute("rollback")
                self.answer(200, "done before")
                return
            base.execute("insert into orders values (?)", (key if not known else f"{key}-again-{time.time()}",))
            if "torn" in WEAK:
                base.execute("commit")
                base.execute("begin immediate")
            if "quick" not in WEAK:
                time.sleep(0.4)
            base.execute("insert into payments values (?)", (key,))
            base.execute("commit")
        self.answer(200, "ordered")

    def reset(self, _: dict[str, str]) -> None:
        try:
            with socket.create_connection(("127.0.0.1", MAIL), timeout=6 if "patient" in WEAK else 0.4) as mail:
                mail.sendall(b"send\n")
                assert mail.recv(10) == b"sent\n"
            self.answer(200, "A mail is on its way")
        except (OSError, AssertionError):
            if "breaks" in WEAK:
                raise
            silent = "Please try later" if "silent" in WEAK else "Our mail server is away. Please try later"
            self.answer(503, silent)


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 200


def main() -> None:
    with connect() as base:
        base.executescript(TABLES)
        if not base.execute("select 1 from people").fetchone():
            base.execute("insert into people values ('admin', 'right')")
    server = Server(("127.0.0.1", PORT), Shop)

    def stop(*_: object) -> None:
        if "abrupt" in WEAK:
            os._exit(0)
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(0.05)
    server.server_close()
    os._exit(0)


if __name__ == "__main__":
    main()
