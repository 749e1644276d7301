"""The mistakes that people make in TOML, and how each is told apart from the others.

Pure. `diagnose` takes the place where the parser gave up; a table of rules per message of the parser says what to
look for there, most telling first.
"""

from __future__ import annotations

import re

from launcher.config.positions import Found, definitions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Span = tuple[int, int]

# Strings and comments as one token each, then what structure is made of. An end that is missing is the end of the
# line or text, so that no character is looked at twice.
TOKEN = re.compile(
    r'''"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*(?:"{3,5}|\Z|\\?)'''
    r"""|'''[^']*(?:'{1,2}(?!')[^']*)*(?:'{3,5}|\Z|)"""
    r"""|"(?:[^"\\\n]|\\[^\n])*"?|'[^'\n]*'?|\#[^\n]*|[\[\]{}=,.\n]""",
    re.DOTALL,
)

_CURLY = "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a`\u00b4"
_INVISIBLE = {
    "\u00a0": "a no-break space",
    "\u200b": "a zero-width space",
    "\u2028": "a line separator",
    "\u3000": "a wide space",
    "\ufeff": "a byte order mark",
    "\r": "a carriage return without a line feed",
}
_SWITCH = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_NOTHING = ("none", "null", "nil", "undefined")
_LITERAL = re.compile(r"true|false|[+-]?(?:inf|nan|\d[\d_.]*)|\"[^\"]*\"|'[^']*'|[\[{].*")
_NEXT_SETTING = re.compile(r"[\w.\"'-]+[ \t]*=|\[+[\w.\"'-]+\]+[ \t]*(?:#[^\n]*)?(?:\n|\Z)")


class Finding:
    """What is wrong and where: a span of the text, the sentence, the fix, and another place with its label."""

    def __init__(self, span: Span, message: str, hint: str = "", other: tuple[str, Span] | None = None) -> None:
        self.span = span
        self.message = message
        self.hint = hint
        self.other = other


class Fault:
    """The place where the parser gave up, with what stands around it.

    `at` is the offset, `shown` the text with secrets masked, `start` the beginning of the statement, `opened` the
    offsets of the brackets open at `at`, `string` the offset of the string that `at` is in, or -1.
    """

    def __init__(self, text: str, at: int, said: str, shown: str) -> None:
        self.text, self.at, self.said, self.shown = text, at, said, shown
        self.start = 0
        self.string = -1
        self.opened: list[int] = []
        self._survey()
        newline = text.find("\n", at)
        self.end = len(text) if newline < 0 else newline
        self.rest = text[at : self.end]

    def _survey(self) -> None:
        for token in TOKEN.finditer(self.text, 0, self.at):
            word = token[0]
            if word in ("[", "{"):
                self.opened.append(token.start())
            elif word in ("]", "}") and self.opened:
                self.opened.pop()
            elif word == "\n" and not self.opened:
                self.start = token.end()
            elif word[0] in "\"'" and token.end() == self.at and not _closed(word):
                self.string = token.start()

    @property
    def head(self) -> str:
        """What the statement says before the place."""
        return self.text[self.start : self.at]

    @property
    def key(self) -> str:
        """The key that is being set, as written; empty in a header."""
        line = self.text.rfind("\n", 0, self.at) + 1
        match = re.match(r"[ \t]*([\w.\"'-]+)[ \t]*=", self.text[max(line, self.start) : self.at])
        return match[1] if match else ""

    def after(self, length: int) -> Span:
        """Return the span of *length* characters from the place on."""
        return self.at, self.at + length

    def write(self, value: str, span: Span) -> str:
        """Return the hint to write *value* for the key; without the value where the text at *span* is masked."""
        if self.shown[slice(*span)] != self.text[slice(*span)]:
            return "the value is not shown here because its name looks secret"
        return f"write {self.key} = {value}" if self.key and len(self.opened) == 0 else f"write {value}"


def _closed(token: str) -> bool:
    quote = token[:3] if token[:3] in ('"""', "'''") else token[0]
    return len(token) >= 2 * len(quote) and re.fullmatch(rf"{quote}(?:[^\\]|\\.)*{quote}", token, re.DOTALL) is not None


def diagnose(fault: Fault) -> Finding:
    """Return the mistake at the place; without a rule for it, the parser's own words."""
    character = fault.rest[:1]
    if character in _INVISIBLE and character:
        return Finding(fault.after(1), f"{_INVISIBLE[character]} (U+{ord(character):04X}) stands here", "delete it")
    for said, rules in _RULES:
        if re.match(said, fault.said):
            for rule in rules:
                if finding := rule(fault):
                    return finding
    said = fault.said[:1].lower() + fault.said[1:]
    return Finding(fault.after(len(_word(fault.rest)) or 1), f"this is not valid TOML: {said}")


def _word(rest: str) -> str:
    match = re.match(r"[^\s,\]}#]*", rest)
    return match[0] if match else ""


def _quoted(value: str) -> str:
    if "'" not in value and ("\\" in value or '"' in value):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# --- a value is expected


def _unclosed(fault: Fault) -> Finding | None:
    """Find a bracket that is open where the text ends, or where the next setting begins."""
    text, opened = fault.text, fault.opened
    line = text.rfind("\n", 0, fault.at) + 1
    next_begins = bool(_NEXT_SETTING.match(text, line)) and not text[line : fault.at].strip(" \t[")
    if next_begins:  # the bracket of a header was taken for a list inside the open one
        opened = [offset for offset in opened if offset < line]
    if not opened or not (next_begins or fault.at >= len(text.rstrip())):
        return None
    bracket = text[opened[-1]]
    close = "]" if bracket == "[" else "}"
    if re.compile(rf"^[ \t]*\{close}", re.MULTILINE).search(text, fault.at):
        return None
    return Finding((opened[-1], opened[-1] + 1), f"this `{bracket}` is never closed", f"add `{close}` at its end")


def _missing(fault: Fault) -> Finding | None:
    if not re.match(r"[ \t]*(?:#|[,}]|\Z)", fault.rest):
        return None
    if fault.rest[:1] == "," and fault.opened and fault.text[fault.opened[-1]] == "[":
        return Finding(fault.after(1), "a value is missing before this comma", "remove the comma")
    name = fault.key or fault.head.rpartition(",")[2].strip(" {=\t") or "this"
    return Finding(fault.after(1), f"`{name}` has no value", f"write a value after `{name} =`, or remove the line")


def _doubled(fault: Fault) -> Finding | None:
    match = re.match(r"[=>]+[ \t]*([^#]*)", fault.rest)
    if not match:
        return None
    value = match[1].strip()
    whole = _whole(fault)
    return Finding(fault.after(1), "one `=` sets a value", fault.write(_as_value(value), whole) if value else "")


def _as_value(value: str) -> str:
    if value.lower() in _SWITCH:
        return _SWITCH[value.lower()]
    return value if _LITERAL.fullmatch(value) else _quoted(value)


def _whole(fault: Fault) -> Span:
    """Return the span of the unquoted text that begins at the place: to the comma in a list, else to the comment."""
    pattern = r"[^,\]}\n]*" if fault.opened else r"[^\n]*"
    match = re.match(pattern, fault.rest)
    text = re.split(r"[ \t]+#", match[0])[0].rstrip() if match else ""
    return fault.after(len(text))


def _curly(fault: Fault) -> Finding | None:
    span = _whole(fault)
    value = fault.text[slice(*span)]
    if value[:1] not in _CURLY or not value:
        return None
    return Finding(span, "typographic quotes are not quotes in TOML", fault.write(_quoted(value.strip(_CURLY)), span))


def _word_value(fault: Fault) -> Finding | None:
    span = _whole(fault)
    value = fault.text[slice(*span)]
    low = value.lower()
    if low in ("true", "false"):
        return Finding(span, "true and false are written in small letters", fault.write(low, span))
    if low in _SWITCH:
        return Finding(span, f"a switch is true or false, not {low}", fault.write(_SWITCH[low], span))
    if low in _NOTHING:
        name = fault.key or "key"
        return Finding(span, "TOML has no empty value", f'remove the line; unset = ["{name}"] removes a lower value')
    return None


def _odd_value(fault: Fault) -> Finding | None:
    span = _whole(fault)
    value = fault.text[slice(*span)]
    if number := re.fullmatch(r"([+-]?)(\.\d+)", value):
        fixed = f"{number[1]}0{number[2]}"
        return Finding(span, "a number needs a digit before its point", fault.write(fixed, span))
    if value.startswith("("):
        items = value.strip("()").rstrip(", ")
        return Finding(span, "lists are written in square brackets", fault.write(f"[{items}]", span))
    if not value or value[0] in "]}":
        return None
    return Finding(span, "text values need quotes", fault.write(_quoted(value), span))


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
    until = fault.at + len(_word(fault.rest)) if end == fault.at else end
    return (start, until), fault.text[start:until], fault.text[start:end]


def _separator(fault: Fault) -> Finding | None:
    if re.match(r"//|;[ \t]*\S|--|/\*", fault.rest):
        return Finding(fault.after(len(fault.rest.rstrip())), "a comment begins with `#`", "write # instead")
    if match := re.match(r"([,;])[ \t]*(?:#|\Z)", fault.rest):
        sign = "comma" if match[1] == "," else "semicolon"
        return Finding(fault.after(1), f"a line does not end with a {sign}", "remove it")
    if match := re.match(r"[,;]?[ \t]*([\w.\"'-]+)[ \t]*=", fault.rest):
        span = fault.at + match.start(1), fault.at + match.end(1)
        return Finding(span, "each setting needs a line of its own", f"put `{match[1]}` on the next line")
    if match := re.match(r"[\]}]", fault.rest):
        return Finding(fault.after(1), f"there is one `{match[0]}` too many", "remove it")
    return None


def _header_tail(fault: Fault) -> Finding | None:
    if not fault.head.lstrip().startswith("["):
        return None
    return Finding(
        fault.after(len(fault.rest.rstrip())), "only a comment may follow a table's header", "start a new line"
    )


def _number(fault: Fault) -> Finding | None:
    span, both, value = _joined(fault)
    if re.fullmatch(r"\d{1,3}", value) and (match := re.match(r"(?:,\d{3})+(?!\d)", fault.rest)):
        plain = (value + match[0]).replace(",", "")
        whole = span[0], fault.at + match.end()
        return Finding(whole, "a number has no commas inside", fault.write(plain, whole))
    if not re.match(r"[+-]?\d", both) or both == value:
        return None
    if re.fullmatch(r"[+-]?0\d[\d_]*", both):
        plain = both.replace("0", "", 1) if both.strip("+-0") else "0"
        return Finding(
            span, "a whole number does not begin with 0", fault.write(f'{plain}, or "{both}" for text', span)
        )
    if re.match(r"\d{4}-\d", both):
        return Finding(span, "this is not a date", "a date is written YYYY-MM-DD; text needs quotes")
    if re.fullmatch(r"[+-]?\d+\.", both):
        return Finding(span, "a number needs a digit after its point", fault.write(f"{both}0", span))
    if re.fullmatch(r"[+-]?\d[\d_]*", both):
        return Finding(span, "an underscore stands between two digits", fault.write(both.replace("_", ""), span))
    return None


def _inner_quote(fault: Fault) -> Finding | None:
    span, both, value = _joined(fault)
    if both == value or value[:1] not in ("'", '"'):
        return None
    start = span[0]
    if value in ('""', "''") and fault.rest[:1] not in ('"', "'"):
        whole = start, start + len(fault.text[start : fault.end].rstrip())
        return Finding(whole, "the text ends where it begins", "one pair of quotes goes around the whole value")
    fix = (
        "use double quotes around the text" if value[0] == "'" else 'write \\" inside, or single quotes around the text'
    )
    return Finding((fault.at - 1, fault.at), "this quote ends the text too early", fix)


def _second_value(fault: Fault) -> Finding | None:
    start, end = _value_before(fault)
    span = fault.after(len(re.split(r"[ \t]+#", fault.rest)[0].rstrip()))
    value = fault.text[start:end]
    if value[:1] in ("'", '"', "[", "{"):
        fix = "for several values write a list: [..., ...]" if value[0] in "'\"" else "remove it"
        return Finding(span, "only a comment may follow a value", fix)
    whole = start, span[1]
    return Finding(whole, "text values need quotes", fault.write(_quoted(fault.text[slice(*whole)]), whole))


# --- a key, a header or a statement is expected


def _colon(fault: Fault) -> Finding | None:
    match = re.match(r":=?[ \t]*([^#\n]*)", fault.rest)
    if not match:
        return None
    name = re.split(r"[{,\n]", fault.head)[-1].strip()
    value = re.split(r"[,}]", match[1])[0] if fault.opened else match[1]
    value = value.strip().rstrip(",")
    span = fault.at, fault.at + match.end()
    if fault.shown[slice(*span)] != fault.text[slice(*span)] or not value:
        return Finding(fault.after(1), "a value is set with `=`, not with `:`", f"write {name} = ...")
    return Finding(fault.after(1), "a value is set with `=`, not with `:`", f"write {name} = {_as_value(value)}")


def _keyword(fault: Fault) -> Finding | None:
    if match := re.match(r"(\]+)[ \t]*(?:#|\Z)", fault.rest):
        name, brackets = fault.head.strip(), "[" * len(match[1])
        return Finding(
            fault.after(len(match[1])),
            f"this header is not opened with `{brackets}`",
            f"write {brackets}{name}{match[1]}",
        )
    name = fault.head.strip()
    begin = fault.at - len(fault.head.lstrip())
    if name in ("export", "set", "setenv"):
        return Finding((begin, begin + len(name)), f"`{name}` belongs to a shell", 'write env.NAME = "value" in [base]')
    if name in ("-", "---"):
        return Finding((begin, begin + len(name)), "this looks like YAML; settings files are TOML", "write key = value")
    if match := re.match(r"([+|?-])=", fault.rest):
        return Finding(fault.after(2), f"TOML has no `{match[0]}`; a value replaces the lower one", "write =")
    return None


def _spaced_key(fault: Fault) -> Finding | None:
    line = fault.text.rfind("\n", 0, fault.at) + 1
    match = re.match(r"([^\n=#:{},]*?)[ \t]*=", fault.text[max(line, fault.start) :])
    if not match or fault.opened or not fault.rest[:1].strip():
        return None
    begin = max(line, fault.start)
    name = match[1].strip()
    span = begin + match.start(1) + len(match[1]) - len(match[1].lstrip()), begin + match.end(1)
    return _bad_name(span, name)


def _bad_name(span: Span, name: str) -> Finding | None:
    if not name or set(name) & {'"', "'"}:
        return None
    if set(name) & set(_CURLY):
        plain = name.strip(_CURLY)
        return Finding(span, "typographic quotes are not quotes in TOML", f'write "{plain}"')
    if re.fullmatch(r"[\w.-]+(?:[ \t]+[\w.-]+)+", name, re.ASCII):
        dashed = "-".join(name.split())
        return Finding(span, "a name with a space needs quotes", f'write {dashed}, or "{name}"')
    return Finding(span, "a name may hold A-Z, a-z, 0-9, - and _ only, unless it is quoted", f'write "{name}"')


def _bare_key(fault: Fault) -> Finding | None:
    if not re.match(r"[ \t]*(?:#|\Z)", fault.rest):
        return None
    name = fault.head.strip()
    span = fault.at - len(fault.head.lstrip()), fault.at - len(fault.head) + len(fault.head.rstrip())
    return Finding(span, f"`{name}` has no value", f"write {name} = ...")


def _not_a_line(fault: Fault) -> Finding | None:
    span = fault.after(len(fault.rest.rstrip()) or 1)
    if re.match(r"(<{7}|={7}|>{7}|\|{7})(?:[ \t]|\Z)", fault.rest):
        return Finding(span, "a merge conflict was left in this file", "choose one side, and remove the marker lines")
    if re.match(r"//|;|/\*|<!--|%|--[ \t]", fault.rest):
        return Finding(span, "a comment begins with `#`", "write # instead")
    if fault.rest.startswith("{"):
        return Finding(fault.after(1), "this looks like JSON; settings files are TOML", "write key = value")
    if fault.rest.startswith("="):
        return Finding(fault.after(1), "the name before `=` is missing", "write key = value")
    if match := re.match(r"[\]})]", fault.rest):
        return Finding(fault.after(1), f"nothing is open that this `{match[0]}` could close", "remove it")
    return None


def _control(fault: Fault) -> Finding | None:
    character = fault.rest[:1]
    if not character or (character.isprintable() or character in "\t\n"):
        return None
    return Finding(fault.after(1), f"a control character (U+{ord(character):04X}) stands here", "delete it")


def _header_end(fault: Fault) -> Finding | None:
    begin = fault.start + len(fault.head) - len(fault.head.lstrip())
    close = "]]" if fault.text.startswith("[[", begin) else "]"
    opening = fault.text[begin : begin + len(close)]
    if re.match(r"\]?[ \t]*(?:#|\Z)", fault.rest):
        name = fault.text[begin : fault.at].strip("[ \t")
        return Finding(
            (begin, fault.at),
            f"this header is not closed with `{close}`",
            f"write [{name}]" if close == "]" else f"write [[{name}]]",
        )
    match = re.match(r"\[*[ \t]*([^\]\n]*)", fault.text[begin : fault.end])
    name = match[1].strip() if match else ""
    span = begin + len(opening), begin + len(opening) + len(name)
    parts = [part if re.fullmatch(r"[\w-]+", part, re.ASCII) else f'"{part}"' for part in name.split(".")]
    return Finding(
        span,
        "a name with other signs than A-Z, a-z, 0-9, - and _ needs quotes",
        f"write {opening}{'.'.join(parts)}{close}",
    )


def _empty_part(fault: Fault) -> Finding | None:
    before = fault.text[: fault.at].rstrip(" \t")[-1:]
    if fault.head.strip() in ("[", "[[") and fault.rest[:1] == "]":
        begin = fault.start + len(fault.head) - len(fault.head.lstrip())
        return Finding((begin, fault.at + 1), "the name of this table is missing", "write [base] or [profiles.NAME]")
    if fault.head.strip() == "[" and fault.rest[:1] == "[":
        return Finding((fault.start, fault.at + 1), "no space may stand between the brackets", "write [[ and ]]")
    if before == "." or fault.rest[:1] == ".":
        dot = fault.at if fault.rest[:1] == "." else fault.text.rfind(".", 0, fault.at)
        return Finding((dot, dot + 1), "a name is missing beside this dot", "remove the dot, or complete the key")
    if fault.rest[:1] == "," and fault.opened:
        return Finding(fault.after(1), "there is one comma too many", "remove it")
    return None


def _header_name(fault: Fault) -> Finding | None:
    return _header_end(fault) if fault.head.strip() in ("[", "[[") and fault.rest.strip() else None


# --- strings and brackets


def _broken_escape(fault: Fault) -> Finding | None:
    slash = fault.text.rfind("\\", fault.start, fault.at)
    if slash < 0:
        return None
    line = fault.text.rfind("\n", 0, fault.at) + 1
    opening = re.compile(r'"""|"(?=(?:[^"\\\n]|\\.)*\Z)').search(fault.text, line, fault.at)
    begin = opening.start() if opening and opening[0] != '"""' else -1
    span = slash, max(fault.at, slash + 2)
    if (digits := {"x": 2, "u": 4, "U": 8}.get(fault.text[slash + 1 : slash + 2])) and not _is_path(fault.text, begin):
        return Finding(
            span, f"this escape needs {digits} hexadecimal digits of a character", "write \\\\ for a backslash"
        )
    if begin >= 0:
        close = fault.text.find('"', fault.at, fault.end)
        value = fault.text[begin + 1 : close if close >= 0 else fault.end]
        if _is_path(fault.text, begin) and "'" not in value:
            whole = begin, begin + len(value) + 2
            return Finding(span, "a backslash in double quotes begins an escape", fault.write(f"'{value}'", whole))
    return Finding(span, "no escape begins like this", "write \\\\ for a backslash, or single quotes around the text")


def _is_path(text: str, quote: int) -> bool:
    """Say whether the text in the quotes that begin at *quote* looks like a path of Windows."""
    return quote >= 0 and re.compile(r"[A-Za-z]:\\|\\\\|\.{1,2}\\").match(text, quote + 1) is not None


def _unclosed_text(fault: Fault) -> Finding | None:
    if fault.string < 0:
        return None
    start = fault.string
    quote = fault.text[start : start + 3] if fault.text[start : start + 3] in ('"""', "'''") else fault.text[start]
    if len(quote) == 1 and not (fault.rest == "" or fault.at >= len(fault.text)):
        return None
    newline = fault.text.find("\n", start)
    end = len(fault.text) if newline < 0 else newline
    if quote == '"' and re.search(r'(?<!\\)(?:\\\\)*\\"[ \t]*\Z', fault.text[start:end]):
        return Finding(
            (end - 2, end), "this backslash keeps the quote from ending the text", "use single quotes for it"
        )
    several = f"; several lines need {quote * 3}" if len(quote) == 1 and newline >= 0 else ""
    return Finding((start, end), f"this text is not closed with {quote}", f"add {quote} at its end{several}")


def _container(fault: Fault) -> Finding | None:
    if not fault.opened:
        return None
    bracket, opening = fault.text[fault.opened[-1]], fault.opened[-1]
    close, other = ("]", "}") if bracket == "[" else ("}", "]")
    if fault.rest[:1] == other:
        label = f"opened here with `{bracket}`"
        return Finding(
            fault.after(1),
            f"`{bracket}` is closed with `{close}`, not with `{other}`",
            f"write {close}",
            (label, (opening, opening + 1)),
        )
    if bracket == "{" and not fault.rest and fault.at < len(fault.text):
        return Finding(
            (opening, opening + 1), "a table in braces stands on one line", "write its keys on one line, or a [table]"
        )
    word = _word(fault.rest)
    return Finding(fault.after(len(word) or 1), "a comma is missing before this", "separate the values with commas")


# --- defined twice


def _current(fault: Fault, found: list[Found]) -> Found | None:
    """Return the definition that the parser had just read."""
    ends = (fault.at,) if not fault.head.lstrip().startswith("[") else (fault.at + 1, fault.at + 2)
    exact = [
        item for item in found if item.kind != "implied" and item.value[1] in ends and item.value[0] >= fault.start
    ]
    inside = [item for item in found if fault.start <= item.key[0] < fault.at and item.kind != "implied"]
    return (exact or inside or [None])[0]


def _first(current: Found, found: list[Found]) -> Found | None:
    """Return what *current* collides with: the same path, else the value or table that its path leads through."""
    earlier = [item for item in found if item.key[0] < current.key[0] and item.value[0] < current.value[0]]
    rank = {"value": 0, "table": 1, "tables": 1, "item": 2, "implied": 3}
    inside = [item for item in earlier if item.path == current.path[: len(item.path)]]
    frozen = [item for item in inside if item.path == current.path or item.kind in ("value", "table")]
    return min(frozen, key=lambda item: (-len(item.path), rank[item.kind], item.key[0]), default=None)


def _twice(fault: Fault) -> Finding | None:
    found = definitions(fault.text)
    current = _current(fault, found)
    first = _first(current, found) if current else None
    if current is None or first is None:
        return None
    mentions = [item for item in found if item.path == first.path and fault.start <= item.key[0] < fault.at]
    caret = mentions[0].key if mentions and first.path != current.path else current.key
    name = ".".join(part for part in first.path if not part.isdigit())
    was, now = first.kind == "value", current.kind == "value" and first.path == current.path
    if was and now:
        message, fix = f"`{name}` is set twice", "keep one of the two"
    elif was:
        message, fix = f"`{name}` has a value and cannot be a table too", "keep one of the two"
    elif now:
        message, fix = f"`{name}` is a table and cannot have a value too", "keep one of the two"
    else:
        message, fix = f"the table `{name}` is there twice", "put its settings together in one place"
    return Finding(caret, message, fix, ("first written here", first.key))


_VALUE = (_unclosed, _missing, _doubled, _curly, _word_value, _control, _odd_value)
_RULES: tuple[tuple[str, tuple[Callable[[Fault], Finding | None], ...]], ...] = (
    ("Invalid value", _VALUE),
    ("Invalid date", (_number, _odd_value)),
    ("Expected newline", (_control, _separator, _header_tail, _number, _inner_quote, _second_value)),
    ("Expected '=' after", (_unclosed, _control, _colon, _keyword, _bare_key, _spaced_key)),
    ("Invalid statement", (_control, _not_a_line, _spaced_key)),
    ("Invalid initial", (_unclosed, _empty_part, _header_name, _control, _spaced_key)),
    (r"Expected '\]", (_control, _header_end)),
    (r"Expected ['\"]+", (_unclosed_text,)),
    ("Unterminated", (_unclosed_text,)),
    ("Illegal character|Found invalid", (_unclosed_text, _control)),
    ("Invalid hex|Unescaped|Escaped", (_broken_escape,)),
    ("Unclosed", (_unclosed, _container)),
    ("Cannot|Duplicate", (_twice,)),
)
