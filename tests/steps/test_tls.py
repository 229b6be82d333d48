"""Old protocols are offered for real: a server that still speaks one is found out."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.headers import handshakes

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", str(place / "key.pem"), "-out", str(place / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return place


@contextmanager
def speaking(certificate: Path, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = lowest, highest
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_modern_server_refuses_what_is_old(certificate: Path) -> None:
    with speaking(certificate, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3) as url:
        assert handshakes(url, "1.2") == []


def test_a_server_that_speaks_an_older_version_is_found_out(certificate: Path) -> None:
    with speaking(certificate, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3) as url:
        assert handshakes(url, "1.3") == ["1.2"]


def test_a_server_that_agrees_to_nothing_shows_nothing(certificate: Path) -> None:
    with (
        speaking(certificate, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2) as url,
        pytest.raises(Inconclusive, match=r"1\.3"),
    ):
        handshakes(url, "1.3")


def test_without_tls_there_is_nothing_to_ask() -> None:
    with pytest.raises(Unavailable, match="https"):
        handshakes("http://127.0.0.1:9", "1.2")
