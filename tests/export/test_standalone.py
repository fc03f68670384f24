"""Generated code: NumPy, nothing but Python, and C99, each run and held against the model."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chalknet
from chalknet import ConfigurationError, Dense, Model, Network, Preprocessing
from chalknet.export.exporting import export_model
from export.compiler import compiled
from export.random_models import HOSTILE, cases, error

# What a C header calls the type of a row.
RAW = {"uint8": "unsigned char", "float32": "float", "float64": "double"}


def loaded(path):
    """The module in a file, its imports held to be few."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def imports_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.names for node in ast.walk(tree) if isinstance(node, ast.Import)]
    froms = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.name for group in names for name in group} | set(froms)


def agrees(module, case, rows, tolerance):
    scores = None
    if hasattr(module, "predict_proba"):
        scores = module.predict_proba(rows)
    elif case.model.classes is None:
        scores = module.predict(rows)
    if scores is not None:
        found = np.asarray(scores, np.float64).reshape(len(rows), -1)
        assert error(found, case.scores) <= tolerance, case.number
    if case.model.classes is not None:
        expected = case.model.predict(case.rows)[case.clear].tolist()
        found = [
            label for label, clear in zip(module.predict(rows), case.clear, strict=True) if clear
        ]
        assert [getattr(label, "tolist", lambda x=label: x)() for label in found] == expected


def test_numpy_files_predict_the_same(tmp_path):
    for case in cases():
        [path] = export_model(case.model, tmp_path / "net.py", "python")
        assert imports_of(path) <= {"numpy", "math", "sys", "base64"}
        agrees(loaded(path), case, case.rows, case.tolerance)


def test_files_of_nothing_but_python_predict_the_same(tmp_path):
    for case in cases():
        [path] = export_model(case.model, tmp_path / "net.py", "pure-python")
        assert imports_of(path) <= {"math", "sys", "array", "base64"}
        agrees(loaded(path), case, case.rows.tolist(), case.tolerance)


@pytest.mark.parametrize("to", ["python", "pure-python"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_weights_are_packed_and_predict_the_same(to, dtype, tmp_path):
    rng = np.random.default_rng(8)
    network = Network.dense([64, 150, 10], activation="gelu", rng=rng, dtype=dtype)
    model = Model(network, "softmax_cross_entropy", Preprocessing(divisor=255.0), np.arange(10))
    [path] = export_model(model, tmp_path / "net.py", to)
    assert path.stat().st_size < 1.5 * network.parameters.nbytes + 6000
    rows = rng.integers(0, 256, (30, 64), dtype=np.uint8)
    found = loaded(path).predict_proba(rows if to == "python" else rows.tolist())
    assert error(found, model.predict_proba(rows)) <= (1e-6 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("to", ["python", "pure-python"])
def test_the_files_are_programs_that_read_a_table(to, tmp_path):
    network = Network([Dense(np.eye(3), np.zeros(3))])
    model = Model(network, "softmax_cross_entropy", classes=np.array(["a", "b", "it's"]))
    [path] = export_model(model, tmp_path / "my net.py", to)
    run = subprocess.run(
        [sys.executable, "-I", path], input="1,2,3\n9,8,7\n", capture_output=True, text=True,
        check=True, cwd=tmp_path,
    )  # fmt: skip
    assert run.stdout.splitlines() == ["it's", "a"]
    assert "    import my_net\n" in path.read_text(encoding="utf-8")


def test_the_file_explains_itself(tmp_path):
    network = Network([Dense(np.eye(2), np.zeros(2), "relu")])
    model = Model(network, "softmax_cross_entropy", classes=np.array(["a", "b"]), name="two")
    [path] = export_model(model, tmp_path / "net.py", "python")
    assert path.read_text(encoding="utf-8").split("\n", 12)[:12] == [
        '"""two: 2-2 relu.',
        "",
        f"Written by chalknet {chalknet.__version__}. Needs Python 3.8 or newer and NumPy.",
        "",
        "    import net",
        "    net.predict(rows)         # the label of each row of 2 raw values",
        "    net.predict_proba(rows)   # its probabilities, in the order of CLASSES",
        "",
        "On a table of numbers between commas, a row a line:",
        "",
        "    python net.py < rows.csv",
        '"""',
    ]
    for to in ("python", "pure-python", "torch"):
        for case in cases()[::9]:
            [path, *_] = export_model(case.model, tmp_path / "net.py", to)
            lines = path.read_text(encoding="utf-8").splitlines()
            assert not any(line != line.rstrip() for line in lines)
            assert not re.search(r"\n\n\n\n", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("to", ["python", "pure-python"])
def test_rows_that_do_not_fit_are_refused_by_the_files_too(to, tmp_path):
    model = Model(Network([Dense(np.eye(2), np.zeros(2))]), "huber")
    module = loaded(export_model(model, tmp_path / "net.py", to)[0])
    for wrong in ([[1.0, 2.0, 3.0]], [[1.0, float("nan")]], [[float("inf"), 0.0]]):
        with pytest.raises(ValueError, match="expected rows of 2 finite numbers"):
            module.predict(wrong)


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(
        st.text(st.characters(exclude_characters="\0"), max_size=120), min_size=2, max_size=2,
        unique=True,
    ),
    name=st.text(max_size=30) | st.sampled_from(HOSTILE),
)  # fmt: skip
def test_any_text_survives_in_python(labels, name, tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    model = Model(
        Network([Dense(np.eye(2), np.zeros(2))]), "softmax_cross_entropy", classes=np.array(labels),
        class_names=(name, name), feature_names=(name, name), name=name,
    )  # fmt: skip
    for to in ("python", "pure-python"):
        module = loaded(export_model(model, folder / f"{to.replace('-', '_')}.py", to)[0])
        assert list(module.CLASSES) == list(model.classes)
        assert (name, [name] * 2, [name] * 2) == (module.NAME, module.FEATURES, module.CLASS_NAMES)


def program_of(folder, headers, main, optimize="-O1"):
    """A program that includes the headers."""
    source = folder / "main.c"
    includes = "".join(f'#include "{header.name}"\n' for header in headers)
    source.write_text("#include <stdio.h>\n" + includes + main, encoding="utf-8")
    return compiled(source, optimize)


@pytest.fixture(scope="module")
def c_answers(tmp_path_factory):
    """What one program that includes all the headers says of every case's rows."""
    folder = tmp_path_factory.mktemp("c")
    headers, calls, blocks = [], [], []
    for case in cases():
        name = f"net{case.number}"
        headers += export_model(case.model, folder / f"{name}.h", "c")
        calls.append(_c_calls(case, name, RAW[case.rows.dtype.name]))
        blocks.append(case.rows.tobytes())
    main = "int main(void)\n{\n" + "".join(calls) + "    return 0;\n}\n"
    program = program_of(folder, headers, main, "-O0")
    return subprocess.run([program], input=b"".join(blocks), capture_output=True, check=True).stdout


def _c_calls(case, name, raw):
    """Read the rows of one case; write scores as doubles, then what ``predict`` gives."""
    model, (n, features) = case.model, case.rows.shape
    real = "double" if case.computed_in == np.float64 else "float"
    columns, K = case.scores.shape[1], model.network.widths[-1]
    lines = [f"int n, i; {raw} x[{features}]; {real} s[{max(columns, K)}]; double d;"]
    lines.append(f"for (n = 0; n < {n}; n++) {{")
    lines.append(f"if (fread(x, sizeof x, 1, stdin) != 1) return {case.number % 100 + 1};")
    scores = "predict" if model.classes is None else "predict_proba"
    call = f"{name}_{scores}(x, s);" if case.scores_are_exported else f"{name}_output(x, s);"
    lines.append(call)
    lines.append(
        f"for (i = 0; i < {columns}; i++) {{ d = s[i]; fwrite(&d, sizeof d, 1, stdout); }}"
    )
    if model.multilabel:
        lines.append(f"{{ unsigned char marks[{K}]; {name}_predict(x, marks);")
        lines.append(
            f"for (i = 0; i < {K}; i++) {{ d = marks[i]; fwrite(&d, sizeof d, 1, stdout); }} }}"
        )
    elif model.classes is not None:
        lines.append(f"d = {name}_predict(x); fwrite(&d, sizeof d, 1, stdout);")
    lines.append("}")
    return "    {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n"


def test_c_headers_compile_without_a_warning_and_predict_the_same(c_answers):
    answers = np.frombuffer(c_answers)
    at = 0
    for case in cases():
        n, columns = case.scores.shape
        decided = 0
        if case.model.classes is not None:
            decided = case.model.network.widths[-1] if case.model.multilabel else 1
        block = answers[at : at + n * (columns + decided)].reshape(n, columns + decided)
        at += block.size
        assert error(block[:, :columns], case.scores) <= case.tolerance, case.number
        if decided:
            index = block[:, columns:].astype(int)
            labels = index if case.model.multilabel else case.model.classes[index[:, 0]]
            expected = case.model.predict(case.rows)
            assert labels[case.clear].tolist() == expected[case.clear].tolist(), case.number
    assert at == len(answers)


def test_labels_in_c_are_the_labels(tmp_path):
    texts = Model(
        Network([Dense(np.eye(len(HOSTILE)), np.zeros(len(HOSTILE)))]), "softmax_cross_entropy",
        classes=np.array(HOSTILE), class_names=HOSTILE, name=HOSTILE[2],
    )  # fmt: skip
    wide = np.array([-(2**63), 2**63 - 1, 7])
    numbers = Model(Network([Dense(np.eye(3), np.zeros(3))]), "softmax_cross_entropy", classes=wide)
    unsigned = Model(
        Network([Dense(np.eye(2), np.zeros(2))]), "softmax_cross_entropy",
        classes=np.array([0, 2**64 - 1], np.uint64),
    )  # fmt: skip
    headers = [
        *export_model(texts, tmp_path / "texts.h", "c"),
        *export_model(numbers, tmp_path / "numbers.h", "c"),
        *export_model(unsigned, tmp_path / "class.h", "c"),
    ]
    main = f"""
int main(void)
{{
    int i;
    for (i = 0; i < {len(HOSTILE)}; i++)
        printf("%s%c%s%c", texts_classes[i], 0, texts_class_names[i], 0);
    for (i = 0; i < 3; i++) printf("%lld%c", numbers_classes[i], 0);
    for (i = 0; i < 2; i++) printf("%llu%c", class__classes[i], 0);
    return 0;
}}
"""
    program = program_of(tmp_path, headers, main, "-O2")
    out = subprocess.run([program], capture_output=True, check=True).stdout
    found = out.decode("utf-8").split("\0")
    assert found[: 2 * len(HOSTILE)] == [text for text in HOSTILE for _ in range(2)]
    assert found[2 * len(HOSTILE) : -1] == [str(int(n)) for n in (*wide, 0, 2**64 - 1)]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("a\0b", "cannot be a text in C"),
        ("\udcff", "cannot be a text in C"),
        ("ä" * 3000, "has 6,000 bytes, but texts in C have at most 4,095"),
    ],
)
def test_what_is_no_text_in_c_is_refused(label, message, tmp_path):
    model = Model(
        Network([Dense(np.eye(2), np.zeros(2))]), "softmax_cross_entropy",
        classes=np.array([label, "b"]),
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match=message):
        export_model(model, tmp_path / "m.h", "c")
    assert not (tmp_path / "m.h").exists()
