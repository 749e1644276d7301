"""Rules for keys, headers, strings and brackets that are not as TOML wants them.

Pure. Every rule takes the fault and returns the mistake that it recognises, or None.
"""

from __future__ import annotations

import re

from launcher.config.toml.fault import CURLY, Fault, Mistake, as_value, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    Span = tuple[int, int]

_NEXT_SETTING = re.compile(r"[\w.\"'-]+[ \t]*=|\[+[\w.\"'-]+\]+[ \t]*(?:#[^\n]*)?(?:\n|\Z)")


def colon(fault: Fault) -> Mistake | None:
    """Recognise `key: value`, also where a table in braces looks like JSON."""
    match = re.match(r":=?[ \t]*([^#\n]*)", fault.rest)
    if not match:
        return None
    name = re.split(r"[{,\n]", fault.head)[-1].strip()
    value = re.split(r"[,}]", match[1])[0] if fault.opened else match[1]
    value = value.strip().rstrip(",")
    span = fault.at, fault.at + match.end()
    if fault.shown[slice(*span)] != fault.text[slice(*span)] or not value:
        return Mistake(fault.after(1), "a value is set with `=`, not with `:`", f"write {name} = ...")
    return Mistake(fault.after(1), "a value is set with `=`, not with `:`", f"write {name} = {as_value(value)}")


def keyword(fault: Fault) -> Mistake | None:
    """Recognise what belongs to other languages: export, YAML, `+=`; and a header without its first bracket."""
    if match := re.match(r"(\]+)[ \t]*(?:#|\Z)", fault.rest):
        name, brackets = fault.head.strip(), "[" * len(match[1])
        return Mistake(
            fault.after(len(match[1])),
            f"this header is not opened with `{brackets}`",
            f"write {brackets}{name}{match[1]}",
        )
    name = fault.head.strip()
    begin = fault.at - len(fault.head.lstrip())
    if name in ("export", "set", "setenv"):
        return Mistake((begin, begin + len(name)), f"`{name}` belongs to a shell", 'write env.NAME = "value" in [base]')
    if name in ("-", "---"):
        return Mistake((begin, begin + len(name)), "this looks like YAML; settings files are TOML", "write key = value")
    if match := re.match(r"([+|?-])=", fault.rest):
        return Mistake(fault.after(2), f"TOML has no `{match[0]}`; a value replaces the lower one", "write =")
    return None


def spaced_key(fault: Fault) -> Mistake | None:
    """Recognise a key with spaces or letters that need quotes."""
    line = fault.text.rfind("\n", 0, fault.at) + 1
    match = re.match(r"([^\n=#:{},]*?)[ \t]*=", fault.text[max(line, fault.start) :])
    if not match or fault.opened or not fault.rest[:1].strip():
        return None
    begin = max(line, fault.start)
    name = match[1].strip()
    span = begin + match.start(1) + len(match[1]) - len(match[1].lstrip()), begin + match.end(1)
    return _bad_name(span, name)


def _bad_name(span: Span, name: str) -> Mistake | None:
    if not name or set(name) & {'"', "'"}:
        return None
    if set(name) & set(CURLY):
        plain = name.strip(CURLY)
        return Mistake(span, "typographic quotes are not quotes in TOML", f'write "{plain}"')
    if re.fullmatch(r"[\w.-]+(?:[ \t]+[\w.-]+)+", name, re.ASCII):
        dashed = "-".join(name.split())
        return Mistake(span, "a name with a space needs quotes", f'write {dashed}, or "{name}"')
    return Mistake(span, "a name may hold A-Z, a-z, 0-9, - and _ only, unless it is quoted", f'write "{name}"')


def bare_key(fault: Fault) -> Mistake | None:
    """Recognise a key alone on its line."""
    if not re.match(r"[ \t]*(?:#|\Z)", fault.rest):
        return None
    name = fault.head.strip()
    span = fault.at - len(fault.head.lstrip()), fault.at - len(fault.head) + len(fault.head.rstrip())
    return Mistake(span, f"`{name}` has no value", f"write {name} = ...")


def not_a_line(fault: Fault) -> Mistake | None:
    """Recognise a line that begins no statement: other comments, merge conflicts, JSON, stray brackets."""
    span = fault.after(len(fault.rest.rstrip()) or 1)
    if re.match(r"(<{7}|={7}|>{7}|\|{7})(?:[ \t]|\Z)", fault.rest):
        return Mistake(span, "a merge conflict was left in this file", "choose one side, and remove the marker lines")
    if re.match(r"//|;|/\*|<!--|%|--[ \t]", fault.rest):
        return Mistake(span, "a comment begins with `#`", "write # instead")
    if fault.rest.startswith("{"):
        return Mistake(fault.after(1), "this looks like JSON; settings files are TOML", "write key = value")
    if fault.rest.startswith("="):
        return Mistake(fault.after(1), "the name before `=` is missing", "write key = value")
    if match := re.match(r"[\]})]", fault.rest):
        return Mistake(fault.after(1), f"nothing is open that this `{match[0]}` could close", "remove it")
    return None


def control(fault: Fault) -> Mistake | None:
    """Recognise a control character."""
    character = fault.rest[:1]
    if not character or (character.isprintable() or character in "\t\n"):
        return None
    return Mistake(fault.after(1), f"a control character (U+{ord(character):04X}) stands here", "delete it")


def header_end(fault: Fault) -> Mistake | None:
    """Recognise a header that is not closed, or whose name needs quotes."""
    begin = fault.start + len(fault.head) - len(fault.head.lstrip())
    close = "]]" if fault.text.startswith("[[", begin) else "]"
    opening = fault.text[begin : begin + len(close)]
    if re.match(r"\]?[ \t]*(?:#|\Z)", fault.rest):
        name = fault.text[begin : fault.at].strip("[ \t")
        return Mistake(
            (begin, fault.at),
            f"this header is not closed with `{close}`",
            f"write [{name}]" if close == "]" else f"write [[{name}]]",
        )
    match = re.match(r"\[*[ \t]*([^\]\n]*)", fault.text[begin : fault.end])
    name = match[1].strip() if match else ""
    span = begin + len(opening), begin + len(opening) + len(name)
    parts = [part if re.fullmatch(r"[\w-]+", part, re.ASCII) else f'"{part}"' for part in name.split(".")]
    return Mistake(
        span,
        "a name with other signs than A-Z, a-z, 0-9, - and _ needs quotes",
        f"write {opening}{'.'.join(parts)}{close}",
    )


def empty_part(fault: Fault) -> Mistake | None:
    """Recognise a name that is missing: in a header, beside a dot, between two commas."""
    before = fault.text[: fault.at].rstrip(" \t")[-1:]
    if fault.head.strip() in ("[", "[[") and fault.rest[:1] == "]":
        begin = fault.start + len(fault.head) - len(fault.head.lstrip())
        return Mistake((begin, fault.at + 1), "the name of this table is missing", "write [base] or [profiles.NAME]")
    if fault.head.strip() == "[" and fault.rest[:1] == "[":
        return Mistake((fault.start, fault.at + 1), "no space may stand between the brackets", "write [[ and ]]")
    if before == "." or fault.rest[:1] == ".":
        dot = fault.at if fault.rest[:1] == "." else fault.text.rfind(".", 0, fault.at)
        return Mistake((dot, dot + 1), "a name is missing beside this dot", "remove the dot, or complete the key")
    if fault.rest[:1] == "," and fault.opened:
        return Mistake(fault.after(1), "there is one comma too many", "remove it")
    return None


def header_name(fault: Fault) -> Mistake | None:
    """Recognise a header whose name begins with a sign that needs quotes."""
    return header_end(fault) if fault.head.strip() in ("[", "[[") and fault.rest.strip() else None


# --- strings and brackets


def broken_escape(fault: Fault) -> Mistake | None:
    """Recognise a backslash that begins no escape, above all in a path of Windows."""
    slash = fault.text.rfind("\\", fault.start, fault.at)
    if slash < 0:
        return None
    line = fault.text.rfind("\n", 0, fault.at) + 1
    opening = re.compile(r'"""|"(?=(?:[^"\\\n]|\\.)*\Z)').search(fault.text, line, fault.at)
    begin = opening.start() if opening and opening[0] != '"""' else -1
    span = slash, max(fault.at, slash + 2)
    if (digits := {"x": 2, "u": 4, "U": 8}.get(fault.text[slash + 1 : slash + 2])) and not _is_path(fault.text, begin):
        return Mistake(
            span, f"this escape needs {digits} hexadecimal digits of a character", "write \\\\ for a backslash"
        )
    if begin >= 0:
        close = fault.text.find('"', fault.at, fault.end)
        value = fault.text[begin + 1 : close if close >= 0 else fault.end]
        if _is_path(fault.text, begin) and "'" not in value:
            whole = begin, begin + len(value) + 2
            return Mistake(span, "a backslash in double quotes begins an escape", fault.write(f"'{value}'", whole))
    return Mistake(span, "no escape begins like this", "write \\\\ for a backslash, or single quotes around the text")


def _is_path(text: str, quote: int) -> bool:
    """Say whether the text in the quotes that begin at *quote* looks like a path of Windows."""
    return quote >= 0 and re.compile(r"[A-Za-z]:\\|\\\\|\.{1,2}\\").match(text, quote + 1) is not None


def unclosed_text(fault: Fault) -> Mistake | None:
    """Recognise a text whose closing quote is missing."""
    if fault.string < 0:
        return None
    start = fault.string
    quote = fault.text[start : start + 3] if fault.text[start : start + 3] in ('"""', "'''") else fault.text[start]
    if len(quote) == 1 and not (fault.rest == "" or fault.at >= len(fault.text)):
        return None
    newline = fault.text.find("\n", start)
    end = len(fault.text) if newline < 0 else newline
    if quote == '"' and re.search(r'(?<!\\)(?:\\\\)*\\"[ \t]*\Z', fault.text[start:end]):
        return Mistake(
            (end - 2, end), "this backslash keeps the quote from ending the text", "use single quotes for it"
        )
    several = f"; several lines need {quote * 3}" if len(quote) == 1 and newline >= 0 else ""
    return Mistake((start, end), f"this text is not closed with {quote}", f"add {quote} at its end{several}")


def unclosed(fault: Fault) -> Mistake | None:
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
    return Mistake((opened[-1], opened[-1] + 1), f"this `{bracket}` is never closed", f"add `{close}` at its end")


def container(fault: Fault) -> Mistake | None:
    """Recognise, inside a list or table, the wrong closing bracket, a line break or a missing comma."""
    if not fault.opened:
        return None
    bracket, opening = fault.text[fault.opened[-1]], fault.opened[-1]
    close, other = ("]", "}") if bracket == "[" else ("}", "]")
    if fault.rest[:1] == other:
        label = f"opened here with `{bracket}`"
        return Mistake(
            fault.after(1),
            f"`{bracket}` is closed with `{close}`, not with `{other}`",
            f"write {close}",
            (label, (opening, opening + 1)),
        )
    if bracket == "{" and not fault.rest and fault.at < len(fault.text):
        return _line_break(fault, opening)
    return Mistake(
        fault.after(len(word(fault.rest)) or 1), "a comma is missing before this", "separate the values with commas"
    )


def _line_break(fault: Fault, opening: int) -> Mistake:
    """Tell a table in braces that goes on, which TOML 1.0 has not, from one that was forgotten to be closed."""
    following = fault.at + len(fault.text[fault.at :]) - len(fault.text[fault.at :].lstrip())
    goes_on = re.compile(r"^[ \t]*\}", re.MULTILINE).search(fault.text, fault.at)
    if _NEXT_SETTING.match(fault.text, following) and not goes_on:
        return Mistake((opening, opening + 1), "this `{` is never closed", "add `}` at its end")
    hint = "write its keys on one line, or a [table]"
    return Mistake((opening, opening + 1), "a table in braces stands on one line", hint)
