"""Which mistake it probably was: for each message of the parser the rules to ask, the most telling first.

Pure. What a rule looks for is the business of `wrong_value.py`, `wrong_shape.py` and `duplicate.py`.
"""

from __future__ import annotations

import re

from launcher.config.toml import duplicate, wrong_shape, wrong_value
from launcher.config.toml.fault import Fault, Mistake, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[Fault], Mistake | None]

_INVISIBLE = {
    "\u00a0": "a no-break space",
    "\u200b": "a zero-width space",
    "\u2028": "a line separator",
    "\u3000": "a wide space",
    "\ufeff": "a byte order mark",
    "\r": "a carriage return without a line feed",
}
_VALUE = (
    wrong_shape.unclosed,
    wrong_value.missing,
    wrong_value.doubled,
    wrong_value.curly,
    wrong_value.word_value,
    wrong_shape.control,
    wrong_value.odd_value,
)
_RULES: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("Invalid value", _VALUE),
    ("Invalid date", (wrong_value.number, wrong_value.odd_value)),
    (
        "Expected newline",
        (
            wrong_shape.control,
            wrong_value.separator,
            wrong_value.header_tail,
            wrong_value.number,
            wrong_value.inner_quote,
            wrong_value.second_value,
        ),
    ),
    (
        "Expected '=' after",
        (
            wrong_shape.unclosed,
            wrong_shape.control,
            wrong_shape.colon,
            wrong_shape.keyword,
            wrong_shape.bare_key,
            wrong_shape.spaced_key,
        ),
    ),
    ("Invalid statement", (wrong_shape.control, wrong_shape.not_a_line, wrong_shape.spaced_key)),
    (
        "Invalid initial",
        (
            wrong_shape.unclosed,
            wrong_shape.empty_part,
            wrong_shape.header_name,
            wrong_shape.control,
            wrong_shape.spaced_key,
        ),
    ),
    (r"Expected '\]", (wrong_shape.control, wrong_shape.header_end)),
    (r"Expected ['\"]+", (wrong_shape.unclosed_text,)),
    ("Unterminated", (wrong_shape.unclosed_text,)),
    ("Illegal character|Found invalid", (wrong_shape.unclosed_text, wrong_shape.control)),
    ("Invalid hex|Unescaped|Escaped", (wrong_shape.broken_escape,)),
    ("Unclosed", (wrong_shape.unclosed, wrong_shape.container)),
    ("Cannot|Duplicate", (duplicate.twice,)),
)


def diagnose(fault: Fault) -> Mistake:
    """Return the mistake at the place; without a rule for it, the parser's own words."""
    character = fault.rest[:1]
    if character in _INVISIBLE and character:
        return Mistake(fault.after(1), f"{_INVISIBLE[character]} (U+{ord(character):04X}) stands here", "delete it")
    for said, rules in _RULES:
        if re.match(said, fault.said):
            for rule in rules:
                if mistake := rule(fault):
                    return mistake
    said = fault.said[:1].lower() + fault.said[1:]
    return Mistake(fault.after(len(word(fault.rest)) or 1), f"this is not valid TOML: {said}")
