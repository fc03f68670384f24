"""MathML that an XML parser and the rules of MathML Core accept."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given, settings

from chalknet.explain.formula import Array, Formula, Number, Power, Product, Quotient, Sum, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.render.fit import fitted
from chalknet.explain.render.html.drawing import MathML

from .formulas import anything

# How many children an element must have, by MathML Core.
CHILDREN = {
    "mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3,
}  # fmt: skip
TOKENS = {"mi", "mn", "mo", "mtext", "mspace"}
GROUPS = {"mrow", "msqrt", "mphantom", "mtable", "mtr", "mtd"}
ATTRIBUTES = {
    "class", "mathvariant", "form", "fence", "stretchy", "lspace", "rspace", "separator",
    "movablelimits", "accent", "width", "height", "depth",
}  # fmt: skip


def tree(source: str) -> ET.Element:
    return ET.fromstring(f"<math>{source}</math>")


@settings(max_examples=250, deadline=None)
@given(anything)
def test_every_formula_is_well_formed_and_balanced(formula: Formula) -> None:
    lines = fitted(MathML(Notation()), formula, 30, beyond=True)
    for line in lines or []:
        for element in tree(line.source).iter():
            if element.tag in CHILDREN:
                assert len(element) == CHILDREN[element.tag], ET.tostring(element)
            elif element.tag in TOKENS:
                assert len(element) == 0
            else:
                assert element.tag in GROUPS | {"math"}
                assert not (element.text or "").strip(), "text outside of a token"
            assert not (element.tail or "").strip()
            assert set(element.attrib) <= ATTRIBUTES


def test_rows_of_a_table_are_of_one_length() -> None:
    source = MathML(Notation()).set(Array.of([[1.5, -2], [3, 4e-9], [0, 1]])).source
    rows = tree(source).findall(".//mtr")
    assert [len(row) for row in rows] == [2, 2, 2]
    shown = [["".join(cell.itertext()) for cell in row] for row in rows]
    # What is not there to be seen (the room of a sign or a digit) is within mphantom.
    assert shown[1] == ["3", "−4⋅10−9"] or shown[1][0] == "3"


def test_the_structure_is_that_of_the_formula() -> None:
    x, n = Symbol("x"), Symbol("n", "1")
    source = MathML(Notation()).set(Quotient(Power(x, Number(2)), Sum.of(n, Number(1)))).source
    fraction = tree(source).find(".//mfrac")
    assert fraction is not None
    above, below = fraction
    assert [child.tag for child in above.iter()][:3] == ["msup", "mi", "mn"]
    assert "".join(below.itertext()) == "n1+1"


def test_words_are_words_and_letters_are_letters() -> None:
    mathml = MathML(Notation())
    assert tree(mathml.set(Symbol("loss")).source).findtext(".//mi") == "loss"
    differential = tree(mathml.set(Symbol("dW")).source)
    assert [(e.text, e.get("mathvariant")) for e in differential.iter("mi")] == [
        ("d", "normal"),
        ("W", None),
    ]
    bold = tree(mathml.set(Symbol("W", bold=True)).source).findtext(".//mi")
    assert bold == "\N{MATHEMATICAL BOLD CAPITAL W}"
    hat = tree(mathml.set(Symbol("p\u0302")).source).find(".//mover")
    assert hat is not None
    assert [child.text for child in hat] == ["p", "^"]


def test_what_somebody_chose_is_escaped() -> None:
    source = MathML(Notation()).set(Product.of(Symbol("<mi>&"), Symbol("x", '"><script>'))).source
    element = tree(source)
    assert "<mi>&" in [token.text for token in element.iter()]
    assert element.find(".//script") is None
