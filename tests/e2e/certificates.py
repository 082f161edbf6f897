# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by openssl when they run: a CA, servers and clients that it signs."""

import pathlib
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """A CA in a folder of its own; issue() writes NAME.pem and NAME.key beside it."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.pem, self.key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.pem)

    def issue(self, name, subject, alternatives=""):
        request, extension = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        pem, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject,
                "-keyout", key, "-out", request)
        extension.write_text(f"subjectAltName={alternatives}\n" if alternatives else "")
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                "-extfile", extension, "-out", pem)
        return pem, key

    def issue_server(self, name):
        return self.issue(name, f"/CN={name}", "DNS:localhost,IP:127.0.0.1")
