#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""signing.py INFERCTL INFERD: see tools/run_signing. Runs in an environment that has the package model-signing."""

import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from model_signing import hashing, signing, verifying

INFERCTL, INFERD = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:3])
SAMPLES, TAMPERS = pathlib.Path("deploy/samples/models"), 400


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def openssl(*command):
    subprocess.run(["openssl", *command], check=True, capture_output=True)


def make_keys(folder):
    for curve in ("P-256", "P-384", "P-521"):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", folder / f"{curve}.pem")
        openssl("pkey", "-in", folder / f"{curve}.pem", "-pubout", "-out", folder / f"{curve}.pub")
    openssl("req", "-x509", "-key", folder / "P-256.pem", "-out", folder / "root.pem", "-subj", "/CN=root", "-days", "30")
    openssl("req", "-new", "-key", folder / "P-384.pem", "-out", folder / "leaf.csr", "-subj", "/CN=signer")
    (folder / "usage").write_text("keyUsage=digitalSignature\n")
    openssl("x509", "-req", "-in", folder / "leaf.csr", "-CA", folder / "root.pem", "-CAkey", folder / "P-256.pem",
            "-CAcreateserial", "-out", folder / "leaf.pem", "-days", "10", "-extfile", folder / "usage")
    (folder / "chain.pem").write_text((folder / "leaf.pem").read_text() + (folder / "root.pem").read_text())


def theirs_sign(folder, model, how):
    bundle = model / "model.sig"
    config = signing.Config()
    ways = hashing.Config()
    if how.endswith("shards"):
        ways.use_shard_serialization(shard_size=1000)
    config.set_hashing_config(ways.set_ignored_paths(paths=[bundle]))
    if how.startswith("chain"):
        config.use_certificate_signer(private_key=folder / "P-384.pem", signing_certificate=folder / "leaf.pem",
                                      certificate_chain=[folder / "root.pem"])
    else:
        config.use_elliptic_key_signer(private_key=folder / f"{how.split()[0]}.pem")
    config.sign(model, bundle)


def ours_sign(folder, model, how):
    flags = ["--signing-key", folder / "P-384.pem", "--chain", folder / "chain.pem"] if how.startswith("chain") else \
        ["--signing-key", folder / f"{how.split()[0]}.pem"]
    made = run(INFERCTL, "sign", model, *flags)
    assert made.returncode == 0, made.stderr


def theirs_accept(folder, model, how):
    config = verifying.Config()
    if how.startswith("chain"):
        config.use_certificate_verifier(certificate_chain=[folder / "root.pem"])
    else:
        config.use_elliptic_key_verifier(public_key=folder / f"{how.split()[0]}.pub")
    try:
        config.verify(model, model / "model.sig")
        return True
    except Exception:  # pylint: disable=broad-exception-caught
        return False


def ours_accept(folder, model, how):
    flags = ["--roots", folder / "root.pem"] if how.startswith("chain") else \
        ["--trusted-key", folder / f"{how.split()[0]}.pub"]
    return run(INFERCTL, "verify", model, *flags).returncode == 0


def agree(folder, model):
    """How many of the pairs (signer, verifier) accept what is good and refuse what is not."""
    agreed = count = 0
    for how in ("P-256", "P-384", "P-521", "chain", "P-256 shards", "chain shards"):
        for signer in (theirs_sign, ours_sign):
            if signer is ours_sign and "shards" in how:
                continue
            (model / "model.sig").unlink(missing_ok=True)
            signer(folder, model, how)
            # 1.1.1 cannot check its own shards: their size becomes a float on the way.
            for accept in (ours_accept,) if "shards" in how else (theirs_accept, ours_accept):
                good = accept(folder, model, how)
                onnx = (model / "model.onnx").read_bytes()
                (model / "model.onnx").write_bytes(onnx[:-1] + bytes((onnx[-1] ^ 1,)))
                bad = accept(folder, model, how)
                (model / "model.onnx").write_bytes(onnx)
                count, agreed = count + 1, agreed + (good and not bad)
                if not good or bad:
                    print(f"{how}: {signer.__name__}, {accept.__name__}: good={good} tampered={bad}")
    return agreed, count


def tamper(folder, model, how, draw):
    """Damages a file or the bundle; true: it was accepted all the same, with other content."""
    name = draw.choice(["model.onnx", "labels.txt", "model.sig"])
    before = (model / name).read_bytes()
    data = bytearray(before)
    kind = draw.randrange(3)
    if kind == 0:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    elif kind == 1:
        del data[draw.randrange(len(data)):]
    else:
        data[draw.randrange(len(data)):] += draw.randbytes(draw.randrange(1, 9))
    (model / name).write_bytes(data)
    # A bundle has letters that mean nothing (blanks, the last bits of base64): what is signed must be untouched.
    accepted = ours_accept(folder, model, how) and name != "model.sig" and bytes(data) != before
    (model / name).write_bytes(before)
    return accepted


def main():
    with tempfile.TemporaryDirectory(prefix="inferd-signing-") as name:
        folder = pathlib.Path(name)
        make_keys(folder)
        model = folder / "models/two_layer/2"
        shutil.copytree(SAMPLES / "two_layer/2", model)
        shutil.copy(SAMPLES / "digits/labels.txt", model)
        agreed, count = agree(folder, model)
        ours_sign(folder, model, "P-256")
        draw = random.Random(7)
        accepted = sum(tamper(folder, model, "P-256", draw) for _ in range(TAMPERS))
        policy = folder / "policy.json"
        policy.write_text('{"rules": [{"models": ["*"], "keys": ["%s"], "minimum_version": 2}]}' % (folder / "P-256.pub"))
        served = run(INFERD, "--check", f"--model-repository={folder / 'models'}", f"--model-policy-file={policy}")
        if served.returncode != 0:
            print(served.stdout + served.stderr)
    print(f"RESULT agreed={agreed} of={count} tampered={TAMPERS} accepted={accepted} served={int(served.returncode == 0)}")
    good = agreed == count and not accepted and served.returncode == 0
    print(f"{int(good)} passed, {int(not good)} failed, 0 skipped")
    sys.exit(0 if good else 1)


main()
