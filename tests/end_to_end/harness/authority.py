"""Certificates for tests, made by the openssl command."""

import subprocess
from pathlib import Path


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Signs certificates for 127.0.0.1, with keys made anew. `certificate` is the file that clients trust."""

    def __init__(self, directory, name="authority"):
        self.directory = Path(directory)
        self.certificate, self.key = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name):
        """Returns the files of a new certificate and its key."""
        certificate, key, request, extra = (self.directory / f"{name}.{end}" for end in ("crt", "key", "csr", "ext"))
        extra.write_text("subjectAltName = IP:127.0.0.1\nbasicConstraints = critical, CA:FALSE\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-days", 2, "-CA", self.certificate, "-CAkey", self.key,
                "-CAcreateserial", "-extfile", extra, "-out", certificate)
        key.chmod(0o600)
        return certificate, key
