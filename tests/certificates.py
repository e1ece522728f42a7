"""A certificate authority of the tests' own, by the `openssl` program."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "centro.prueba"  # of the panel, as people type it; no DNS knows it
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
TIMEOUT_S = 20


@dataclass(frozen=True)
class Issued:
    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def put(self, certificate: Path, key: Path) -> None:
        """In the place of others, as certbot does: each at once, one after the other."""
        for new, place in ((self.certificate, certificate), (self.key, key)):
            beside = place.with_suffix(".new")
            beside.write_bytes(new.read_bytes())
            beside.replace(place)


class Authority:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate, self._key = folder / "ca.pem", folder / "ca.key"
        files = ("-keyout", str(self._key), "-out", str(self.certificate))
        _openssl("req", "-x509", *_KEY, *files, "-days", "30", "-subj", "/CN=the tests")

    def issue(self, file: str, *, days: int = 60, names: str = f"DNS:{NAME},DNS:localhost") -> Issued:
        """A server's certificate; the key is its owner's alone."""
        request, more = self._folder / f"{file}.csr", self._folder / f"{file}.ext"
        issued = Issued(self._folder / f"{file}.pem", self._folder / f"{file}.key")
        _openssl("req", *_KEY, "-keyout", str(issued.key), "-out", str(request), "-subj", f"/CN={file}")
        more.write_text(f"subjectAltName={names}\n")
        signed = ("-CA", str(self.certificate), "-CAkey", str(self._key), "-days", str(days))
        files = ("-in", str(request), "-out", str(issued.certificate), "-extfile", str(more))
        _openssl("x509", "-req", *files, *signed)
        return issued

    def locked(self, issued: Issued) -> Path:
        """Its key behind a passphrase."""
        locked = issued.key.with_suffix(".locked")
        files = ("-in", str(issued.key), "-out", str(locked))
        _openssl("pkcs8", "-topk8", *files, "-passout", "pass:a-passphrase")
        return locked

    def client(self) -> ssl.SSLContext:
        """Trusts this authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.certificate))


def _openssl(*arguments: str) -> None:
    subprocess.run(("openssl", *arguments), check=True, capture_output=True, timeout=TIMEOUT_S)
