"""Rules for a value that is missing or wrong, and for what stands behind a value.

Pure. Every rule takes the fault and returns the mistake that it recognises, or None.
"""

from __future__ import annotations

import re

from launcher.config.toml.fault import CURLY, SWITCH, Fault, Mistake, as_value, quoted, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    Span = tuple[int, int]

_NOTHING = ("none", "null", "nil", "undefined")


def missing(fault: Fault) -> Mistake | None:
    """Recognise a value that is not there."""
    if not re.match(r"[ \t]*(?:#|[,}]|\Z)", fault.rest):
        return None
    if fault.rest[:1] == "," and fault.opened and fault.text[fault.opened[-1]] == "[":
        return Mistake(fault.after(1), "a value is missing before this comma", "remove the comma")
    name = re.split(r"[{,\[\n]", fault.head)[-1].strip(" =\t") or fault.key or "this"
    return Mistake(fault.after(1), f"`{name}` has no value", f"write a value after `{name} =`, or remove the line")


def doubled(fault: Fault) -> Mistake | None:
    """Recognise `==` and `=>`."""
    match = re.match(r"[=>]+[ \t]*([^#]*)", fault.rest)
    if not match:
        return None
    value = match[1].strip()
    whole = _whole(fault)
    return Mistake(fault.after(1), "one `=` sets a value", fault.write(as_value(value), whole) if value else "")


def _whole(fault: Fault) -> Span:
    """Return the span of the unquoted text that begins at the place: to the comma in a list, else to the comment."""
    pattern = r"[^,\]}\n]*" if fault.opened else r"[^\n]*"
    match = re.match(pattern, fault.rest)
    text = re.split(r"(?<=[ \t])#", match[0])[0].rstrip() if match else ""
    return fault.after(len(text))


def curly(fault: Fault) -> Mistake | None:
    """Recognise typographic quotes."""
    span = _whole(fault)
    value = fault.text[slice(*span)]
    if value[:1] not in CURLY or not value:
        return None
    return Mistake(span, "typographic quotes are not quotes in TOML", fault.write(quoted(value.strip(CURLY)), span))


def word_value(fault: Fault) -> Mistake | None:
    """Recognise switches and empty values as other languages write them."""
    span = _whole(fault)
    value = fault.text[slice(*span)]
    low = value.lower()
    if low in ("true", "false"):
        return Mistake(span, "true and false are written in small letters", fault.write(low, span))
    if low in SWITCH:
        return Mistake(span, f"a switch is true or false, not {low}", fault.write(SWITCH[low], span))
    if low in _NOTHING:
        name = fault.key or "key"
        return Mistake(span, "TOML has no empty value", f'remove the line; unset = ["{name}"] removes a lower value')
    return None


def odd_value(fault: Fault) -> Mistake | None:
    """Recognise `.5`, a tuple, and text without quotes."""
    span = _whole(fault)
    value = fault.text[slice(*span)]
    if number := re.fullmatch(r"([+-]?)(\.\d+)", value):
        fixed = f"{number[1]}0{number[2]}"
        return Mistake(span, "a number needs a digit before its point", fault.write(fixed, span))
    if value.startswith("("):
        items = value.strip("()").rstrip(", ")
        return Mistake(span, "lists are written in square brackets", fault.write(f"[{items}]", span))
    if not value or value[0] in "]}":
        return None
    return Mistake(span, "text values need quotes", fault.write(quoted(value), span))


# --- a line should be over


def _value_before(fault: Fault) -> Span:
    """Return the span of the value (or header) that ends before the place."""
    text = fault.head.rstrip()
    if fault.head.lstrip().startswith("["):
        begin = len(fault.head) - len(fault.head.lstrip())
    else:
        match = re.match(r"[ \t]*(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^=\"'\n])*=[ \t]*", text)
        begin = match.end() if match else 0
    return fault.start + begin, fault.start + len(text)


def _joined(fault: Fault) -> tuple[Span, str, str]:
    """Return value and rest glued together, when no space is between: span, text of both, the value alone."""
    start, end = _value_before(fault)
    until = fault.at + len(word(fault.rest)) if end == fault.at else end
    return (start, until), fault.text[start:until], fault.text[start:end]


def separator(fault: Fault) -> Mistake | None:
    """Recognise other comments, and what people put between statements."""
    if re.match(r"//|;[ \t]*\S|--|/\*", fault.rest):
        return Mistake(fault.after(len(fault.rest.rstrip())), "a comment begins with `#`", "write # instead")
    if match := re.match(r"([,;])[ \t]*(?:#|\Z)", fault.rest):
        sign = "comma" if match[1] == "," else "semicolon"
        return Mistake(fault.after(1), f"a line does not end with a {sign}", "remove it")
    if match := re.match(r"[,;]?[ \t]*([\w.\"'-]+)[ \t]*=", fault.rest):
        span = fault.at + match.start(1), fault.at + match.end(1)
        return Mistake(span, "each setting needs a line of its own", f"put `{match[1]}` on the next line")
    if match := re.match(r"[\]}]", fault.rest):
        return Mistake(fault.after(1), f"there is one `{match[0]}` too many", "remove it")
    return None


def header_tail(fault: Fault) -> Mistake | None:
    """Recognise text behind the header of a table."""
    if not fault.head.lstrip().startswith("["):
        return None
    return Mistake(
        fault.after(len(fault.rest.rstrip())), "only a comment may follow a table's header", "start a new line"
    )


def number(fault: Fault) -> Mistake | None:
    """Recognise a number or date that stops being one."""
    span, both, value = _joined(fault)
    if re.fullmatch(r"\d{1,3}", value) and (match := re.match(r"(?:,\d{3})+(?!\d)", fault.rest)):
        plain = (value + match[0]).replace(",", "")
        whole = span[0], fault.at + match.end()
        return Mistake(whole, "a number has no commas inside", fault.write(plain, whole))
    if not re.match(r"[+-]?\d", both) or both == value:
        return None
    if re.fullmatch(r"[+-]?0\d[\d_]*", both):
        plain = both.replace("0", "", 1) if both.strip("+-0") else "0"
        return Mistake(
            span, "a whole number does not begin with 0", fault.write(f'{plain}, or "{both}" for text', span)
        )
    if re.match(r"\d{4}-\d", both):
        return Mistake(span, "this is not a date", "a date is written YYYY-MM-DD; text needs quotes")
    if re.fullmatch(r"[+-]?\d+\.", both):
        return Mistake(span, "a number needs a digit after its point", fault.write(f"{both}0", span))
    if re.fullmatch(r"[+-]?\d[\d_]*", both):
        return Mistake(span, "an underscore stands between two digits", fault.write(both.replace("_", ""), span))
    return None


def inner_quote(fault: Fault) -> Mistake | None:
    """Recognise a quote that ends the text too early."""
    span, both, value = _joined(fault)
    if both == value or value[:1] not in ("'", '"'):
        return None
    start = span[0]
    if value in ('""', "''") and fault.rest[:1] not in ('"', "'"):
        whole = start, start + len(fault.text[start : fault.end].rstrip())
        return Mistake(whole, "the text ends where it begins", "one pair of quotes goes around the whole value")
    fix = (
        "use double quotes around the text" if value[0] == "'" else 'write \\" inside, or single quotes around the text'
    )
    return Mistake((fault.at - 1, fault.at), "this quote ends the text too early", fix)


def second_value(fault: Fault) -> Mistake | None:
    """Recognise a second value, or text without quotes that begins like a value."""
    start, end = _value_before(fault)
    span = fault.after(len(re.split(r"(?<=[ \t])#", fault.rest)[0].rstrip()))
    value = fault.text[start:end]
    if value[:1] in ("'", '"', "[", "{"):
        fix = "for several values write a list: [..., ...]" if value[0] in "'\"" else "remove it"
        return Mistake(span, "only a comment may follow a value", fix)
    whole = start, span[1]
    return Mistake(whole, "text values need quotes", fault.write(quoted(fault.text[slice(*whole)]), whole))
