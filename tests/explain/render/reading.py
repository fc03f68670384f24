"""Reading rendered formulas back: text, LaTeX and MathML, by somebody who sees only the page.

Each tokenizer turns what is printed into one list of tokens; ``worth`` computes it. A reader may
hold that 1/2x is 1/(2x), or (1/2)x: what is printed must be worth the same to both.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

from .formulas import LETTERS

Token = tuple[str, Any]

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789−")


def worth(tokens: list[Token], *, tight: bool) -> Fraction:
    """What the tokens are worth; with ``tight``, factors side by side hold before a stroke."""
    return _Reader(tokens, tight).sum()


class _Reader:
    def __init__(self, tokens: list[Token], tight: bool) -> None:
        self.tokens, self.place, self.tight = tokens, 0, tight

    def peek(self) -> Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", None)

    def take(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def sum(self) -> Fraction:
        sign = -1 if self._accept("op", "−") else 1
        total = sign * self.product()
        while self.peek() in (("op", "+"), ("op", "−")):
            sign = -1 if self.take()[1] == "−" else 1
            total += sign * self.product()
        if self.peek()[0] not in ("end", "close"):
            raise SyntaxError(f"{self.peek()} is out of place in {self.tokens}")
        return total

    def product(self) -> Fraction:
        result = self.run()
        while self.peek() in (("op", "·"), ("op", "×"), ("op", "/")) or self._operand():
            if self._operand():
                result *= self.run()
            elif self.take()[1] == "/":
                result /= self.run()
            else:
                result *= self.run()
        return result

    def run(self) -> Fraction:
        """One operand, or all that stand side by side."""
        result = self.power()
        while self.tight and self._operand():
            result *= self.power()
        return result

    def _operand(self) -> bool:
        return self.peek()[0] in ("value", "group", "open", "bar")

    def power(self) -> Fraction:
        result = self.operand()
        if self.peek()[0] == "power":
            result **= int(worth(self.take()[1], tight=self.tight))
        if self.peek()[0] == "power":
            raise SyntaxError(f"an exponent on an exponent in {self.tokens}")
        return result

    def operand(self) -> Fraction:
        kind, content = self.take()
        if kind == "value":
            return content
        if kind == "group":
            return worth(content, tight=self.tight)
        if kind == "open":
            result = self.sum()
            assert self.take()[0] == "close"
            return result
        if kind == "bar":
            inner = []
            depth = 0
            # A bar closes where no bracket is open and an operand has just ended.
            while not (self.peek()[0] == "bar" and depth == 0):
                token = self.take()
                depth += (token[0] == "open") - (token[0] == "close")
                inner.append(token)
            self.take()
            return abs(worth(inner, tight=self.tight))
        raise SyntaxError(f"{kind} {content} is out of place in {self.tokens}")

    def _accept(self, *token: Any) -> bool:
        if self.peek() == token:
            self.place += 1
            return True
        return False


def _symbol(character: str) -> Token:
    if character in "+−·×/":
        return "op", character
    if character == "⋅":
        return "op", "·"
    if character in "()":
        return ("open" if character == "(" else "close"), character
    if character == "|":
        return "bar", "|"
    return "value", LETTERS[character]


_TEXT = re.compile(r"\s+|(\d+(?:\.\d+)?)|([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)|\^\(([^()]*)\)|(.)")


def text_tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    for number, raised, exponent, other in _TEXT.findall(text):
        if number:
            tokens.append(("value", Fraction(number)))
        elif raised or exponent:
            tokens.append(("power", text_tokens((raised or exponent).translate(_RAISED))))
        elif other:
            tokens.append(_symbol(other))
    return tokens


_LATEX = re.compile(r"\s+|(\d+(?:\.\d+)?)|(\\[a-zA-Z]+)|(.)")
_COMMANDS = {r"\cdot": "·", r"\times": "×", r"\vert": "|"}


def latex_tokens(source: str) -> list[Token]:
    words = [a or b or c for a, b, c in _LATEX.findall(source) if a or b or c]
    tokens, rest = _latex(words)
    assert not rest, rest
    return tokens


def _latex(words: list[str]) -> tuple[list[Token], list[str]]:
    tokens: list[Token] = []
    while words and words[0] != "}":
        word, *words = words
        if word in (r"\left", r"\right", r"\thinspace", r"\displaystyle"):
            continue
        if word == r"\frac":
            above, words = _group(words)
            below, words = _group(words)
            tokens.append(("group", [("group", above), ("op", "/"), ("group", below)]))
        elif word == "^":
            exponent, words = _group(words)
            tokens.append(("power", exponent))
        elif word == "{":
            inner, words = _group(["{", *words])
            tokens += [("group", inner)] if inner else []
        elif word[0].isdigit():
            tokens.append(("value", Fraction(word)))
        else:
            tokens.append(_symbol(_COMMANDS.get(word, "−" if word == "-" else word)))
    return tokens, words


def _group(words: list[str]) -> tuple[list[Token], list[str]]:
    assert words[0] == "{"
    tokens, rest = _latex(words[1:])
    assert rest[0] == "}"
    return tokens, rest[1:]


def mathml_tokens(source: str) -> list[Token]:
    return _mathml(ET.fromstring(f"<mrow>{source}</mrow>"))


def _mathml(element: ET.Element) -> list[Token]:
    match element.tag:
        case "mrow":  # nobody sees where a row begins
            return [token for child in element for token in _mathml(child)]
        case "mn":
            return [("value", Fraction(element.text or ""))]
        case "mi" | "mo":
            return [_symbol(element.text or "")]
        case "mspace":
            return []
        case "mfrac":
            above, below = (_mathml(child) for child in element)
            return [("group", [("group", above), ("op", "/"), ("group", below)])]
        case "msup":
            base, exponent = (_mathml(child) for child in element)
            # What stands lower left of an exponent is seen to carry it only if it is one thing.
            return [*base, ("power", exponent)]
    raise SyntaxError(f"<{element.tag}> in arithmetic")
