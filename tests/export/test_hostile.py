"""Files that are damaged, altered or made to harm: refused with ModelFileError, or read rightly.

Never executed, never a wrong prediction, never more memory than the file can honestly ask for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import struct
import tracemalloc

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from chalknet import ConfigurationError, Model, ModelFileError, Network, Preprocessing, ShapeError
from chalknet.export.exporting import export_model
from chalknet.export.importing import import_model
from chalknet.sealed import write_sealed
from data.campaign import mutate
from export.random_models import cases

FLIPS = 10_000


def model(widths=(6, 8, 3), dtype=np.float32):
    rng = np.random.default_rng(1)
    network = Network.dense(list(widths), activation="gelu", rng=rng, dtype=dtype)
    return Model(
        network, "softmax_cross_entropy", Preprocessing(np.arange(6.0), np.arange(1.0, 7.0)),
        np.array(["ant", "bee", "cat"]), feature_names=tuple("uvwxyz"), name="insects",
    )  # fmt: skip


ROWS = np.random.default_rng(2).normal(size=(5, 6)).astype("f4")


@contextlib.contextmanager
def flipped(path, whole, place, bit):
    """The file with one bit turned over."""
    file = os.open(path, os.O_RDWR)
    try:
        os.pwrite(file, bytes([whole[place] ^ 1 << bit]), place)
        yield
    finally:
        os.pwrite(file, whole[place : place + 1], place)
        os.close(file)


# Sealed files: chalknet's own, PyTorch's weights as chalknet writes them, and ONNX. ---------------


@pytest.fixture(params=["safetensors", "torch", "onnx"])
def sealed(request, tmp_path):
    """A sealed file of a kind, its bytes, and where the numbers of its weights lie."""
    path = export_model(model((6, 50, 3)), tmp_path / "m.py", request.param)[-1]
    path = path.rename(tmp_path / ("m.onnx" if request.param == "onnx" else "m.safetensors"))
    whole = path.read_bytes()
    if request.param == "onnx":
        tensors = [tensor.raw_data for tensor in onnx.load(path).graph.initializer]
        payload = {
            place
            for raw in tensors
            if len(raw) > 8
            for place in range(whole.index(raw), whole.index(raw) + len(raw))
        }
        return path, whole, sorted(payload), sorted({*range(len(whole))} - payload)
    (length,) = struct.unpack("<Q", whole[:8])
    return path, whole, range(8 + length, len(whole)), range(8 + length)


def test_every_flipped_bit_of_the_weights_is_found(sealed):
    path, whole, payload, _ = sealed
    chance = random.Random(0)
    places = [(place, bit) for place in payload for bit in range(8)]
    assert len(places) >= FLIPS
    for place, bit in chance.sample(places, FLIPS):
        with flipped(path, whole, place, bit), pytest.raises(ModelFileError):
            import_model(path)


def test_every_flipped_bit_of_the_header_is_found_or_changes_nothing(sealed):
    path, whole, _, header = sealed
    expected = import_model(path)
    refused = 0
    chance = random.Random(1)
    for place in header:
        with flipped(path, whole, place, chance.randrange(8)):
            try:
                found = import_model(path)
            except ModelFileError:
                refused += 1
                continue
        assert path.suffix == ".onnx"
        np.testing.assert_array_equal(found.predict_proba(ROWS), expected.predict_proba(ROWS))
    assert refused >= len(header) - 16


@pytest.mark.parametrize("kind", ["safetensors", "torch", "onnx", "npz"])
def test_mutated_files_are_refused_or_read_rightly(kind, tmp_path):
    """Cut off, lengthened, overwritten, doubled: as data files are in their own campaign."""
    path = export_model(model(), tmp_path / "m.py", kind)[-1]
    suffix = {"onnx": ".onnx", "npz": ".npz"}.get(kind, ".safetensors")
    path = path.rename(tmp_path / f"m{suffix}")
    told = {"activation": "gelu", "loss": "huber"} if kind == "npz" else {}
    whole, expected = path.read_bytes(), import_model(path, **told).output(ROWS)
    chance, messages = random.Random(7), []
    for _ in range(1500):
        path.write_bytes(mutate(whole, chance))
        try:
            found = import_model(path, **told)
        except (ModelFileError, ConfigurationError) as error:
            messages.append(str(error))
        else:
            np.testing.assert_array_equal(found.output(ROWS), expected)
    assert all(str(path) in message for message in messages)
    assert len(messages) > 1100


def test_mutated_onnx_of_anybody_ends_in_a_model_or_one_sentence(tmp_path):
    """Without a seal in front of it, what takes a file apart sees every mutation."""
    path, bases = tmp_path / "m.onnx", []
    for case in cases()[::11]:
        proto = onnx.load(export_model(case.model, path, "onnx")[0])
        del proto.metadata_props[:]
        bases.append(proto.SerializeToString())
    chance, messages = random.Random(8), []
    for _ in range(3000):
        path.write_bytes(mutate(chance.choice(bases), chance))
        try:
            model = import_model(path, loss=chance.choice([None, "huber"]), classes="numbers")
        except (ModelFileError, ConfigurationError) as error:
            messages.append(str(error))
        else:
            assert np.isfinite(model.network.parameters).all()
    assert all(str(path) in message for message in messages)
    assert 1000 < len(messages) < 3000


def test_a_whole_seal_around_nonsense_is_refused(tmp_path):
    """Whoever makes a file can compute its hash as well."""
    path = model().save(tmp_path / "m.safetensors")
    from chalknet.sealed import read_sealed

    tensors, metadata = read_sealed(path, "chalknet.model.1")
    without = {name: values for name, values in tensors.items() if name != "b2"}
    cases = [
        (tensors | {"W3": np.ones((3, 3))}, metadata),
        (without, metadata),
        (tensors | {"W1": tensors["W1"].astype(np.int32)}, metadata),
        (tensors | {"W1": tensors["W1"].astype(np.float16)}, metadata),
        (tensors | {"W1": tensors["W1"] * np.nan}, metadata),
        (tensors | {"W1": tensors["W1"].T}, metadata),
        (tensors | {"b1": tensors["b1"][:1]}, metadata),
        (tensors | {"preprocessing.offset": np.ones(5)}, metadata),
        (tensors | {"preprocessing.divisor": np.zeros(6)}, metadata),
        *(
            (tensors, metadata | change)
            for change in (
                {"activations": ["gelu"]}, {"activations": ["__import__('os')", "identity"]},
                {"activations": None}, {"loss": "own"}, {"loss": ["huber"]}, {"classes": ["a"]},
                {"classes": [["a"], ["b"], ["c"]]}, {"classes": [1, 2, 3]}, {"classes": "abc"},
                {"classes_dtype": "<U1"}, {"classes_dtype": "O"}, {"classes_dtype": "<U999999999"},
                {"class_names": ["a"]}, {"class_names": [1, 2, 3]}, {"feature_names": ["u"] * 7},
                {"feature_names": "uvwxyz"}, {"image_shape": [2, 2]}, {"image_shape": [-2, -3]},
                {"image_shape": [2.0, 3.0]}, {"image_shape": ["2", 3]}, {"image_shape": {}},
            )
        ),
    ]  # fmt: skip
    for altered, changed in cases:
        write_sealed(path, "chalknet.model.1", altered, changed)
        with pytest.raises(ModelFileError) as caught:
            Model.load(path)
        assert str(path) in str(caught.value)
    write_sealed(path, "chalknet.checkpoint.1", tensors, metadata)
    with pytest.raises(ModelFileError):
        import_model(path)


# .safetensors from anybody. -----------------------------------------------------------------------


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


GOOD = {"0.weight": tensor([2, 3], 0, 24), "0.bias": tensor([2], 24, 32)}
TOLD = {"loss": "huber"}


def file_of(path, header, data, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


HEADERS = {
    "overlap": {"0.weight": tensor([2, 3], 0, 24), "0.bias": tensor([2], 20, 28)},
    "hole": {"0.weight": tensor([2, 3], 0, 24), "0.bias": tensor([2], 28, 36)},
    "hole at the start": {"0.weight": tensor([2, 3], 4, 28), "0.bias": tensor([2], 28, 36)},
    "backwards": {"0.weight": tensor([2, 3], 24, 0), "0.bias": tensor([2], 24, 32)},
    "shape beyond the bytes": {
        "0.weight": tensor([2**40, 3], 0, 24), "0.bias": tensor([2], 24, 32),
    },
    "shape that overflows": {
        "0.weight": tensor([2**62, 4], 0, 24), "0.bias": tensor([2], 24, 32),
    },
    "negative shape": {"0.weight": tensor([-2, -3], 0, 24), "0.bias": tensor([2], 24, 32)},
    "offsets beyond the file": {
        "0.weight": tensor([2, 3], 0, 24), "0.bias": tensor([2**38], 24, 2**40 + 24),
    },
    "no UTF-8": b'{"0.weight\xff":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}}',
    "no JSON": b"{'0.weight': __import__('os').abort()}",
    "JSON of another kind": b'["0.weight"]',
    "nested without end": b'{"0.weight":' + b"[" * 100_000 + b"}",
    "a name twice": (
        b'{"0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},'
        b'"0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},'
        b'"0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}'
    ),
    "integers": {"0.weight": tensor([2, 3], 0, 24, "I32"), "0.bias": tensor([2], 24, 32)},
    "half precision": {"0.weight": tensor([2, 6], 0, 24, "F16"), "0.bias": tensor([2], 24, 32)},
    "brain floats": {"0.weight": tensor([2, 6], 0, 24, "BF16"), "0.bias": tensor([2], 24, 32)},
    "bytes": {"0.weight": tensor([8, 3], 0, 24, "F8_E4M3"), "0.bias": tensor([2], 24, 32)},
    "an unknown type": {"0.weight": tensor([2, 3], 0, 24, "X32"), "0.bias": tensor([2], 24, 32)},
    "missing weight": {"0.bias": tensor([8], 0, 32)},
    "missing bias": {"0.weight": tensor([2, 4], 0, 32)},
    "surplus tensor": GOOD | {"0.running_mean": tensor([0], 32, 32)},
    "no tensor at all": {},
    "an empty weight": {"0.weight": tensor([0, 3], 0, 0), "0.bias": tensor([8], 0, 32)},
    "transposed": {"0.weight": tensor([3, 2], 0, 24), "0.bias": tensor([2], 24, 32)},
    "metadata of numbers": GOOD | {"__metadata__": {"chalknet": 3}},
    "metadata that are no seal": GOOD | {"__metadata__": {"chalknet": "{"}},
    "metadata nested without end": GOOD | {"__metadata__": {"chalknet": "[" * 100_000}},
}  # fmt: skip


@pytest.mark.parametrize("what", HEADERS)
def test_hostile_safetensors_are_refused(what, tmp_path):
    data = np.arange(1, 9, dtype="<f4").tobytes()
    path = file_of(tmp_path / "t.safetensors", GOOD, data)
    assert import_model(path, **TOLD).predict([[1, 1, 1]]).tolist() == [[6 + 7, 15 + 8]]
    path = file_of(path, HEADERS[what], data + b"\0" * 4 * ("hole" in what))
    with pytest.raises(ModelFileError) as caught:
        import_model(path, **TOLD)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("length", [0, 1, 7, 10**6, 10**8 + 1, 2**62, 2**64 - 1])
def test_a_header_length_that_lies_is_refused(length, tmp_path):
    path = file_of(tmp_path / "t.safetensors", GOOD, b"\0" * 32, length)
    tracemalloc.start()
    with pytest.raises(ModelFileError):
        import_model(path, **TOLD)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value, tmp_path):
    data = np.arange(8, dtype="<f4")
    data[5] = value
    path = file_of(tmp_path / "t.safetensors", GOOD, data.tobytes())
    with pytest.raises(ModelFileError, match="W1 has a NaN or an infinity"):
        import_model(path, **TOLD)


def test_every_flipped_bit_of_a_foreign_header_is_found_or_changes_nothing(tmp_path):
    """Without a hash a file cannot vouch for its numbers, but its header must make sense."""
    header = {"0.weight": tensor([4, 3], 0, 48), "0.bias": tensor([4], 48, 64),
              "2.weight": tensor([2, 4], 64, 96), "2.bias": tensor([2], 96, 104)}  # fmt: skip
    data = np.random.default_rng(0).normal(size=26).astype("<f4").tobytes()
    path = file_of(tmp_path / "t.safetensors", header, data)
    told = TOLD | {"activation": "relu"}
    whole = path.read_bytes()
    expected = import_model(path, **told).output(ROWS[:, :3])
    for place in range(len(whole) - len(data)):
        for bit in range(8):
            try:
                with flipped(path, whole, place, bit):
                    found = import_model(path, **told)
            except (ModelFileError, ConfigurationError, ShapeError):
                continue
            np.testing.assert_array_equal(found.output(ROWS[:, :3]), expected)


# ONNX from anybody. -------------------------------------------------------------------------------


def graph_of(**changes):
    W = numpy_helper.from_array(np.ones((6, 2), "f4"), "W")
    b = numpy_helper.from_array(np.zeros(2, "f4"), "b")
    parts = {
        "nodes": [helper.make_node("Gemm", ["X", "W", "b"], ["Y"])],
        "inputs": [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 6])],
        "outputs": [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 2])],
        "initializer": [W, b],
    } | changes
    made = helper.make_graph(
        parts["nodes"], "g", parts["inputs"], parts["outputs"], parts["initializer"]
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])


def elsewhere(location):
    W = TensorProto(name="W", data_type=TensorProto.FLOAT, dims=[6, 2])
    W.data_location = TensorProto.EXTERNAL
    W.external_data.add(key="location", value=location)
    return W


def raw(dims, data, kind=TensorProto.FLOAT):
    return TensorProto(name="W", data_type=kind, dims=dims, raw_data=data)


B = numpy_helper.from_array(np.zeros(2, "f4"), "b")
INNER = helper.make_graph([], "inner", [], [])
ONNX = {
    "values in another file": (
        graph_of(initializer=[elsewhere("weights.bin"), B]), "lie in another file, which is not"),
    "a path out of the folder": (
        graph_of(initializer=[elsewhere("../../../../etc/passwd"), B]), "lie in another file"),
    "more values than bytes": (
        graph_of(initializer=[raw([2**31, 2**31], b"\0" * 48), B]), "but 12 values"),
    "fewer values than bytes": (
        graph_of(initializer=[raw([6, 1], b"\0" * 48), B]), "but 12 values"),
    "negative sizes": (graph_of(initializer=[raw([-6, -2], b"\0" * 48), B]), "has shape (-6, -2)"),
    "half a number": (graph_of(initializer=[raw([6, 2], b"\0" * 47), B]), "are no whole numbers"),
    "half precision": (
        graph_of(initializer=[raw([6, 2], b"\0" * 24, TensorProto.FLOAT16), B]), "type float16"),
    "weights of integers": (
        graph_of(initializer=[raw([6, 2], b"\0" * 48, TensorProto.INT32), B]), "no layer (Gemm"),
    "weights that are not finite": (
        graph_of(initializer=[raw([6, 2], b"\xff" * 48), B]), "W1 has a NaN or an infinity"),
    "a subgraph": (
        graph_of(nodes=[helper.make_node("Loop", ["X"], ["Y"], body=INNER)]), "holds a graph"),
    "a loop": (
        graph_of(nodes=[helper.make_node("Relu", ["Y"], ["Z"]),
                        helper.make_node("Relu", ["Z"], ["Y"])]), "which nothing before it makes"),
    "a node before its inputs": (
        graph_of(nodes=[helper.make_node("Relu", ["z"], ["Y"]),
                        helper.make_node("Gemm", ["X", "W", "b"], ["z"])]), "nothing before it"),
    "two makers of one tensor": (
        graph_of(nodes=[helper.make_node("Gemm", ["X", "W", "b"], ["Y"])] * 2), "two things are"),
    "two tensors of one name": (graph_of(initializer=[B, B]), "two tensors are called 'b'"),
    "two inputs": (
        graph_of(inputs=[helper.make_tensor_value_info(n, 1, [None, 6]) for n in "XV"]),
        "expected one input, the rows, but the graph has 2"),
    "an output that nothing makes": (
        graph_of(outputs=[helper.make_tensor_value_info("nil", 1, None)]), "no layer (Gemm"),
    "no output": (graph_of(outputs=[]), "are not the labels and probabilities of one network"),
    "no weights": (graph_of(initializer=[B], nodes=[helper.make_node("Relu", ["X"], ["Y"])]),
                   "there is no layer"),
    "weights as an input": (
        graph_of(nodes=[helper.make_node("MatMul", ["X", "X"], ["Y"])]), "there is no layer"),
    "an operator of another domain": (
        graph_of(nodes=[helper.make_node("Gemm", ["X", "W", "b"], ["Y"], domain="evil")]),
        "there is no layer"),
    "an attribute of another kind": (
        graph_of(nodes=[helper.make_node("Gemm", ["X", "W", "b"], ["Y"], alpha="x")]),
        "attribute 'alpha' is of the wrong kind"),
    "too few inputs": (graph_of(nodes=[helper.make_node("Gemm", ["X"], ["Y"])]), "has 1 inputs"),
}  # fmt: skip


@pytest.mark.parametrize("what", ONNX)
def test_hostile_onnx_is_refused(what, tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"\0" * 48)
    made, message = ONNX[what]
    path = tmp_path / "m.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(ModelFileError) as caught:
        import_model(path, **TOLD)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_graph_that_these_were_made_from_is_read(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(graph_of().SerializeToString())
    assert import_model(path, **TOLD).predict(ROWS).shape == (5, 2)


def test_functions_sparse_tensors_and_other_opsets_are_refused(tmp_path):
    path = tmp_path / "m.onnx"
    function = graph_of()
    function.functions.add(name="f", domain="evil")
    sparse = graph_of()
    sparse.graph.sparse_initializer.add()
    old, new, twice = graph_of(), graph_of(), graph_of()
    old.opset_import[0].version = 6
    new.opset_import[0].version = 999
    for made, message in (
        (function, "functions of its own"), (sparse, "sparse tensors"),
        (old, "the file says 6"), (new, "the file says 999"),
    ):  # fmt: skip
        path.write_bytes(made.SerializeToString())
        with pytest.raises(ModelFileError, match=message):
            import_model(path, **TOLD)
    path.write_bytes(twice.SerializeToString() * 2)
    with pytest.raises(ModelFileError, match="a field that may occur once occurs again"):
        import_model(path, **TOLD)


def many_fields(count):
    return b"\x3a" + varint(2 * count) + b"\x0a\x00" * count  # a graph of empty nodes


def varint(value):
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


BYTES = {
    "nothing": b"",
    "text": b"hello, world",
    "a length beyond the end": b"\x3a\xff\xff\xff\xff\x0f",
    "a number without end": b"\x08" + b"\xff" * 40,
    "a group": b"\x0b\x0c",
    "a field cut off": b"\x08",
    "two million empty nodes": many_fields(2_000_000),
    "nested without end": b"\x3a\x00",
    "a zip bomb's promise": b"\x3a" + varint(2**63) + b"\0" * 100,
    "a million small classes": b"\x3a" + varint(2_000_009)
    + b"\x2a" + varint(2_000_004) + b"\x10\x07\x3a" + varint(2_000_000) + b"\x01" * 2_000_000,
}  # fmt: skip


@pytest.mark.parametrize("what", BYTES)
def test_bytes_that_are_no_onnx_are_refused_without_much_memory(what, tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(BYTES[what])
    tracemalloc.start()
    with pytest.raises(ModelFileError) as caught:
        import_model(path, **TOLD)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert peak < 150_000_000


def chain(operators, tip="Y"):
    """A graph of nodes that take the one below twice: there are 2ⁿ ways through it."""
    nodes = [helper.make_node("Gemm", ["X", "W", "b"], ["n0"])]
    for place, operator in enumerate(operators):
        above = tip if place == len(operators) - 1 else f"n{place + 1}"
        nodes.append(helper.make_node(operator, [f"n{place}", f"n{place}"], [above]))
    return graph_of(nodes=nodes)


@pytest.mark.parametrize("operator", ["Add", "Mul", "Max", "Concat"])
def test_a_graph_made_to_be_searched_for_ever_is_refused_at_once(operator, tmp_path):
    path = tmp_path / "m.onnx"
    made = chain([operator] * 3000)
    for node in made.graph.node:
        if node.op_type == "Concat":
            node.attribute.append(helper.make_attribute("axis", 1))
    path.write_bytes(made.SerializeToString())
    with pytest.raises(ModelFileError, match="no multilayer perceptron that chalknet knows"):
        import_model(path, **TOLD)


def test_long_chains_of_copies_are_no_trouble(tmp_path):
    nodes = [helper.make_node("Gemm", ["X", "W", "b"], ["n0"])]
    nodes += [helper.make_node("Identity", [f"n{k}"], [f"n{k + 1}"]) for k in range(5000)]
    nodes.append(helper.make_node("Identity", ["n5000"], ["Y"]))
    path = tmp_path / "m.onnx"
    path.write_bytes(graph_of(nodes=nodes).SerializeToString())
    assert import_model(path, **TOLD).network.widths == [6, 2]


# Anything else. -----------------------------------------------------------------------------------


def test_what_is_no_model_at_all_is_refused(tmp_path):
    for name, content in (
        ("a.bin", b""), ("b.bin", b"\xde\xad\xbe\xef" * 9), ("c.safetensors", b"\x01"),
        ("d.npz", b"PK\3\4" + b"\0" * 60), ("e.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 100),
        ("f.pkl", b"\x80\x04\x95"), ("g.json", b'{"a": 1}'),
    ):  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ModelFileError) as caught:
            import_model(path, **TOLD)
        assert str(path) in str(caught.value)
    with pytest.raises(ModelFileError, match="must be a file"):
        import_model(tmp_path)


def test_nothing_may_be_added_to_a_sealed_file(tmp_path):
    [path] = export_model(model(), tmp_path / "m.onnx", "onnx")
    proto, whole = onnx.load(path), path.read_bytes()
    proto.metadata_props.add(key="author", value="me")
    opset = b"\x42\x02\x10\x0d"  # opset 13, which would hold instead of the 17 before it
    for altered in (proto.SerializeToString(), whole + opset, whole + b"\x08\x07"):
        path.write_bytes(altered)
        with pytest.raises(ModelFileError, match="another program has added to a file that chalkn"):
            import_model(path)


def test_the_hash_is_over_everything_that_comes_before_it(tmp_path):
    """Computed here once more, from the file's description in the documentation."""
    [path] = export_model(model(), tmp_path / "m.onnx", "onnx")
    [pair] = onnx.load(path).metadata_props
    seal = json.loads(pair.value)
    data = path.read_bytes()
    entry = b"\x0a\x08chalknet\x12" + varint(len(pair.value)) + pair.value.encode()
    body = data[: -len(b"\x72" + varint(len(entry)) + entry)]
    digest = hashlib.sha256(seal["content"].encode() + b"\0" + body).hexdigest()
    assert digest == seal["sha256"]
