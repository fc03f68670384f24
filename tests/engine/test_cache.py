"""Machine code is made once, and a cache that fails costs nothing but time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chalknet import engine
from chalknet.engine import as_engine, on_first_compile
from chalknet.engine.compiled import kernels, objects
from chalknet.engine.compiled.kernels import map_kernel
from chalknet.errors import MissingLibraryError

FLOAT64 = np.dtype(np.float64)
TRAIN = """
import sys
import numpy as np
from chalknet import Dataset, Network, fit
from chalknet.engine import on_first_compile
on_first_compile.append(lambda: print("compiling"))
rng = np.random.default_rng(0)
data = Dataset(rng.normal(size=(20, 3)), rng.integers(0, 2, 20), name="random")
network = Network.dense([3, 5, 2], rng=rng)
fit(network, data, progress=False, loss="softmax_cross_entropy", optimizer="adam", epochs=3,
    batch_size=4, rng=rng, engine="compiled")
print(network.parameters.tobytes().hex(), "numba" in sys.modules)
"""
EVERYTHING = """
import itertools
import numpy as np
from chalknet import Dataset, Network, fit
from chalknet.engine import on_first_compile
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.losses import LOSSES
from chalknet.training.optimizers import OPTIMIZERS
on_first_compile.append(lambda: print("compiling"))
rng = np.random.default_rng(0)
X = rng.random((20, 3)).astype(np.float32)
usual = ("relu", "half_squared_error", "sgd", 0.0, 0.0)
runs = [(activation, *usual[1:]) for activation in ACTIVATIONS]
runs += [(usual[0], loss, *usual[2:]) for loss in LOSSES]
runs += [(*usual[:2], rule, l2, 0.5) for rule, l2 in itertools.product(OPTIMIZERS, (0.0, 0.1))]
for activation, loss, optimizer, l2, dropout in runs:
    y = rng.integers(0, 2, 20) if "entropy" in loss else rng.random(20)
    outputs = 2 if loss == "softmax_cross_entropy" else 1
    data = Dataset(X, y, name="random")
    network = Network.dense([3, 5, outputs], activation=activation, rng=rng)
    fit(network, data, progress=False, loss=loss, optimizer=optimizer, epochs=1, l2=l2,
        dropout=dropout, batch_size=4, rng=rng, engine="compiled", validation=data)
print("trained")
"""
COLD = """
import os, sys
from pathlib import Path
from chalknet.engine.compiled import kernels, objects
made = Path(sys.argv[1]).read_bytes()
def entry_point(identity, make):  # the network's takes seconds to compile: that was done before
    return objects.entry_point(identity, (lambda: made) if identity.startswith("network") else make)
kernels.entry_point = entry_point
print("ready", flush=True)
sys.stdin.read()
"""
FORMULA = """
import numpy as np
from chalknet.engine.compiled.kernels import map_kernel
print(map_kernel(lambda z: np.exp(z) + 1.25, np.dtype(np.float64), real=1) > 0)
"""


def python(code: str, **environment: str | None) -> str:
    """What a fresh process prints."""
    variables = {**os.environ, **{k: v for k, v in environment.items() if v is not None}}
    for name in [name for name, value in environment.items() if value is None]:
        variables.pop(name, None)
    result = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True
    )
    return result.stdout


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process that has loaded nothing yet, with an empty cache folder."""
    monkeypatch.setenv("CHALKNET_CACHE", str(tmp_path))
    monkeypatch.setattr(objects, "_loaded", {})
    monkeypatch.setattr(objects, "_announced", [])
    return tmp_path / "kernels"


def square_plus(constant: float) -> int:
    return map_kernel(lambda z: z * z + constant, FLOAT64, real=1)


def test_a_kernel_is_kept_and_found_again(forgetful: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(
        "chalknet.engine.compiled.objects.on_first_compile", [lambda: heard.append("now")]
    )
    square_plus(1.0)
    [kept] = forgetful.glob("*.o")
    assert heard == ["now"]
    objects._loaded.clear()
    objects._announced.clear()
    square_plus(1.0)
    assert heard == ["now"]
    assert list(forgetful.iterdir()) == [kept]


@pytest.mark.parametrize("damage", [b"", b"x" * 500, None])
def test_a_damaged_file_is_made_again(forgetful: Path, damage: bytes | None) -> None:
    square_plus(2.0)
    [kept] = forgetful.glob("*.o")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-40] if damage is None else damage)
    objects._loaded.clear()
    square_plus(2.0)
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written(forgetful: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forgetful.parent.joinpath("kernels").write_text("a file where the folder should be")
    assert square_plus(3.0)
    monkeypatch.setattr(objects, "cache_folder", lambda: None)
    objects._loaded.clear()
    assert square_plus(3.0)


def test_no_home_and_a_read_only_cache(tmp_path: Path) -> None:
    nowhere = "/proc/nowhere"
    assert python(FORMULA, HOME=None, XDG_CACHE_HOME=nowhere, CHALKNET_CACHE=None) == "True\n"
    assert python(FORMULA, CHALKNET_CACHE="/proc") == "True\n"


def test_sixteen_cold_processes_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each trains, and neither the network's kernel nor any formula's is in the cache."""
    monkeypatch.setattr(objects, "_loaded", {})
    kernels.network_kernel.__wrapped__(np.dtype(np.float32))
    [name] = objects._loaded
    network = tmp_path / "network.o"
    network.write_bytes(objects._read(name) or b"")
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", COLD + TRAIN, str(network)]
    environment = os.environ | {"CHALKNET_CACHE": str(cache)}
    waiting, go = os.pipe()
    processes = [
        subprocess.Popen(command, env=environment, stdin=waiting, stdout=subprocess.PIPE)
        for _ in range(16)
    ]
    assert [process.stdout.readline() for process in processes] == [b"ready\n"] * 16
    os.close(go)
    os.close(waiting)
    found = [process.communicate()[0].split() for process in processes]
    assert any(b"compiling" in words for words in found)
    # The same numbers from all; nobody compiled the network after all.
    [(parameters, numba)] = {tuple(words[-2:]) for words in found}
    assert numba == b"False"
    assert all(process.returncode == 0 for process in processes)
    files = list((cache / "kernels").iterdir())
    assert {file.suffix for file in files} == {".o"}  # whole, and no rest of another
    # What they leave is what one process leaves, and is enough for the next.
    again = python(TRAIN, CHALKNET_CACHE=str(cache)).split()
    assert again == [parameters.decode(), "False"]
    assert len(files) == len(list((cache / "kernels").iterdir()))


@pytest.mark.slow
def test_a_first_run_compiles_and_says_so_and_a_second_does_not(tmp_path: Path) -> None:
    first = python(TRAIN, CHALKNET_CACHE=str(tmp_path)).split()
    again = python(TRAIN, CHALKNET_CACHE=str(tmp_path)).split()
    assert first[0] == "compiling"
    assert first[2] == "True"
    # The same numbers, from kernels that were only loaded: Numba is not even imported.
    assert again == [first[1], "False"]
    # ``prepare`` finds the kernel made, and makes all formulas that training may look for.
    prepare = "import sys, chalknet.engine as e; e.prepare(); print('numba' in sys.modules)"
    assert python(prepare, CHALKNET_CACHE=str(tmp_path)) == "False\n"
    made = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert python(EVERYTHING, CHALKNET_CACHE=str(tmp_path)) == "trained\n"
    assert made == sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def test_importing_chalknet_imports_no_compiler() -> None:
    code = "import chalknet, sys; print([n for n in ('numba', 'llvmlite') if n in sys.modules])"
    assert python(code) == "[]\n"


def test_without_numba_the_reference_engine_runs_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    engine._warn_of_slowness.cache_clear()
    with pytest.warns(RuntimeWarning, match="Numba is not installed"):
        assert as_engine("auto").name == "reference"
    assert as_engine("auto").name == "reference"  # a second warning would be an error here
    with pytest.raises(MissingLibraryError, match="pip install numba"):
        as_engine("compiled")
    assert as_engine("reference").name == "reference"


def test_listeners_are_a_plain_list() -> None:
    assert isinstance(on_first_compile, list)
