"""Any text as LaTeX: nothing in it is a command, and what the fonts lack is written out.

``pdflatex`` with ``amsmath`` alone knows the letters of Computer Modern: accents are set by
commands, Greek letters and signs in mathematics, and a character of any other script becomes its
code point, [U+5B57].
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from chalknet.explain.render.markup import is_word

__all__ = [
    "ACCENTS",
    "SIGNS",
    "glued",
    "index",
    "is_mathematical",
    "math_letters",
    "prose",
    "verbatim",
    "word",
]

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ϵ": "epsilon",
    "ζ": "zeta", "η": "eta", "θ": "theta", "ϑ": "vartheta", "ι": "iota", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
    "σ": "sigma", "ς": "varsigma", "τ": "tau", "υ": "upsilon", "φ": "varphi", "ϕ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi",
    "Ω": "Omega",
}  # fmt: skip

# Signs in mathematics, by the commands that LaTeX, amsmath and MathJax all know.
SIGNS = {
    "−": "-", "·": r"\cdot", "×": r"\times", "⊙": r"\odot", "=": "=", "+": "+", "/": "/",
    "≈": r"\approx", "≤": r"\le", "≥": r"\ge", "<": "<", ">": ">", "≠": r"\ne", "∈": r"\in",
    "∼": r"\sim", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "←": r"\leftarrow",
    "→": r"\rightarrow", "∝": r"\propto", ":=": ":=", "∂": r"\partial", "∇": r"\nabla",
    "∞": r"\infty", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "√": r"\surd", "±": r"\pm",
    "…": r"\ldots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "′": "'", "‖": r"\Vert",
    "|": r"\vert", "ℓ": r"\ell", "∗": "*", "∘": r"\circ", "⊤": r"\top", "¬": r"\neg",
    ",": ",", ";": ";",
}  # fmt: skip

# Combining marks: over a letter in mathematics, and over one in text.
ACCENTS = {
    "\u0302": r"\hat", "\u0304": r"\bar", "\u0305": r"\bar", "\u0303": r"\tilde",
    "\u0307": r"\dot", "\u0308": r"\ddot", "\u20d7": r"\vec", "\u030c": r"\check",
    "\u0306": r"\breve", "\u0301": r"\acute", "\u0300": r"\grave",
}  # fmt: skip
_TEXT_ACCENTS = {
    "\u0302": r"\^", "\u0304": r"\=", "\u0303": r"\~", "\u0307": r"\.", "\u0308": r"\"",
    "\u030c": r"\v", "\u0306": r"\u", "\u0301": r"\'", "\u0300": r"\`", "\u030b": r"\H",
    "\u0327": r"\c", "\u0323": r"\d", "\u0331": r"\b", "\u030a": r"\r",
}  # fmt: skip

_SPECIAL = {
    "[": "{[}",
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "#": r"\#", "$": r"\$", "%": r"\%",
    "&": r"\&", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
    "`": r"\textasciigrave{}", "-": "-{}", "'": "'{}", "ß": r"\ss{}", "æ": r"\ae{}",
    "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}",
    "Ł": r"\L{}", "ı": r"\i{}", "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`",
    "’": "'", "„": ",,", "…": r"\ldots{}", "\u00a0": "~", "\u202f": "~", "§": r"\S{}",
    "©": r"\copyright{}", "£": r"\pounds{}", "✓": "", "½": r"$\frac12$", "¼": r"$\frac14$",
}  # fmt: skip

_RAISED = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ",
        "0123456789+-=()abcdefghijklmnoprstuvwxyzT",
        strict=True,
    )
)
_LOWERED = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ‚", "0123456789+-=()aehijklmnoprstuvx,", strict=True)
)
_SMALL = "".join(_RAISED) + "".join(_LOWERED)

# A word of prose with one of these in it is mathematics: W₂ᵀ, ∂loss/∂z₁.
_MATHEMATICAL = "".join(_GREEK) + _SMALL + "−·×⊙≈≤≥≠∈∼⇒⇔←→∝∂∇∞∑∏∫√±⋯⋮⋱′‖ℓ∘⊤¬" + "".join(ACCENTS)
_RUN = re.compile(
    rf"[A-Za-z0-9()\[\]/{_MATHEMATICAL}]*[{_MATHEMATICAL}]+[A-Za-z0-9()\[\]/{_MATHEMATICAL}]*"
)
_TOKEN = re.compile(rf"[{''.join(_RAISED)}]+|[{''.join(_LOWERED)}]+|[A-Za-z]+|.", re.DOTALL)
_COMMAND = re.compile(r"\\[A-Za-z]+$")

TRANSPOSED = r"\mathsf{T}"

# A word longer than this may be broken anywhere, so that it cannot reach into the margin.
LONG_WORD = 24


def prose(text: str) -> str:
    r"""A sentence: words as text, what looks like mathematics as mathematics.

    >>> prose("δ₂ is 100% of W₂ᵀ.")
    '$\\delta_{2}$ is 100\\% of $W_{2}^{\\mathsf{T}}$.'
    """
    words = re.split(r"(\s+)", unicodedata.normalize("NFC", text))
    return "".join(_broken(word) if len(word) > LONG_WORD else _mixed(word) for word in words)


def _broken(word: str) -> str:
    chunks = (word[place : place + 8] for place in range(0, len(word), 8))
    return r"\allowbreak{}".join(map(verbatim, chunks))


def _mixed(word: str) -> str:
    """A word of which a part may be mathematics."""
    match = _RUN.search(word)
    if match is None:
        return verbatim(word)
    run = match[0]
    while run.endswith(")") and run.count(")") > run.count("("):
        run = run[:-1]  # it closes a bracket of the sentence
    opened = len(run) - len(run.lstrip("(")) if run.count("(") > run.count(")") else 0
    start, end = match.start() + opened, match.start() + len(run)
    return f"{verbatim(word[:start])}${math_letters(word[start:end])}${_mixed(word[end:])}"


def verbatim(text: str) -> str:
    r"""Text that is printed as it stands.

    >>> verbatim("50 % of \\input{x} – 字")
    '50 \\% of \\textbackslash{}input\\{x\\} -- {[}U+5B57]'
    """
    return "".join(map(_text_character, unicodedata.normalize("NFC", text)))


def _text_character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii():
        return character if character.isprintable() else " " if character.isspace() else "?"
    if character in _GREEK or character in SIGNS or character in _RAISED or character in _LOWERED:
        return f"${math_letters(character)}$"
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _TEXT_ACCENTS:
        return f"{_TEXT_ACCENTS[parts[1]]}{{{parts[0]}}}"
    if unicodedata.category(character).startswith("Z"):
        return " "
    return f"{{[}}U+{ord(character):04X}]"


def is_mathematical(text: str) -> bool:
    """Whether ``math_letters`` has a command for every character.

    >>> is_mathematical("δ₂"), is_mathematical("字")
    (True, False)
    """
    known = (_GREEK, SIGNS, _RAISED, _LOWERED)
    return all((c.isascii() and c.isalnum()) or any(c in signs for signs in known) for c in text)


def math_letters(text: str) -> str:
    r"""A run of letters and signs in mathematics, words upright.

    >>> math_letters("∂loss/∂z₁"), math_letters("p̂ₖ²")
    ('\\partial\\mathrm{loss}/\\partial z_{1}', '\\hat{p}_{k}^{2}')
    """
    parts: list[str] = []
    for token in _TOKEN.findall(unicodedata.normalize("NFD", text)):
        if token in ACCENTS and parts:
            parts[-1] = f"{ACCENTS[token]}{{{parts[-1]}}}"
        else:
            parts.append(_math_part(token))
    return glued(parts)


def glued(parts: Iterable[str]) -> str:
    r"""Source side by side, with a blank where a command would run into a letter.

    >>> glued([r"\eta", "x", r"\delta", "_{1}"])
    '\\eta x\\delta_{1}'
    """
    done = ""
    for part in parts:
        apart = part[:1].isalpha() and _COMMAND.search(done[-40:])
        done += f" {part}" if apart else part
    return done


def _math_part(part: str) -> str:
    for table, mark in ((_RAISED, "^"), (_LOWERED, "_")):
        if part[0] in table:
            small = "".join(table[character] for character in part)
            return f"{mark}{{{TRANSPOSED if small == 'T' else index(small)}}}"
    if part.isascii() and part.isalpha():
        return word(part)
    if part in _GREEK:
        return f"\\{_GREEK[part]}"
    if part in SIGNS:
        return SIGNS[part]
    if part.isascii() and (part.isalnum() or part in "()[].*!?:"):
        return part
    return f"\\text{{{_text_character(part)}}}"


def word(letters: str) -> str:
    r"""ASCII letters in mathematics: one is italic, dz is d and z, and a word is upright.

    >>> word("W"), word("dW"), word("loss")
    ('W', '\\mathrm{d}W', '\\mathrm{loss}')
    """
    if len(letters) == 1:
        return letters
    if len(letters) == 2 and letters[0] == "d":
        return rf"\mathrm{{d}}{letters[1]}"
    return rf"\mathrm{{{letters}}}"


def index(letters: str) -> str:
    r"""An index: "ij" are two letters, "new" is a word.

    >>> index("ij"), index("l+1"), index("new")
    ('ij', 'l+1', '\\mathrm{new}')
    """
    return rf"\mathrm{{{letters}}}" if is_word(letters) else letters
