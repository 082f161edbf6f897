# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Keys and signed tokens for tests, made by openssl when they run."""

import base64
import json
import pathlib
import subprocess

MAKE = {"RS256": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        "ES256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "EdDSA": ("-algorithm", "ED25519")}


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, input=data).stdout


def encode(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def integers_of(der):
    """The INTEGERs of a DER sequence: how OpenSSL writes an ECDSA signature, and an RSA key."""
    def length(at):
        if der[at] < 0x80:
            return der[at], at + 1
        count = der[at] & 0x7F
        return int.from_bytes(der[at + 1:at + 1 + count], "big"), at + 1 + count
    _, at = length(1)
    numbers = []
    while at < len(der) and der[at] == 2:
        size, at = length(at + 1)
        numbers.append(int.from_bytes(der[at:at + size], "big"))
        at += size
    return numbers


class Key:
    def __init__(self, folder, name, algorithm):
        self.name, self.algorithm = name, algorithm
        self.path = pathlib.Path(folder) / f"{name}.jwt.key"
        openssl("genpkey", *MAKE[algorithm], "-out", self.path)
        self.public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    def jwk(self, **changes):
        if self.algorithm == "RS256":
            text = openssl("rsa", "-in", self.path, "-RSAPublicKey_out", "-outform", "DER")
            n, e = integers_of(text)
            made = {"kty": "RSA", "n": encode(n.to_bytes(256, "big")), "e": encode(e.to_bytes(3, "big"))}
        elif self.algorithm == "ES256":
            made = {"kty": "EC", "crv": "P-256", "x": encode(self.public[-64:-32]), "y": encode(self.public[-32:])}
        else:
            made = {"kty": "OKP", "crv": "Ed25519", "x": encode(self.public[-32:])}
        return {**made, "kid": self.name, **changes}

    def sign(self, data):
        if self.algorithm == "EdDSA":
            message = self.path.with_suffix(".message")
            message.write_bytes(data)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", message)
        signature = openssl("dgst", "-sha256", "-sign", self.path, data=data)
        if self.algorithm == "ES256":
            signature = b"".join(number.to_bytes(32, "big") for number in integers_of(signature))
        return signature

    def token(self, claims, header=None):
        header = {"alg": self.algorithm, "kid": self.name} if header is None else header
        text = f"{encode(header)}.{encode(claims)}"
        return f"{text}.{encode(self.sign(text.encode()))}"
