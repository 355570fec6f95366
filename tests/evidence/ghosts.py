"""Ghost calls that speak of an operation on flash stand directly behind it, with its own page, index and status.

A ghost function says to the proof what an operation did. It is believed, so here the text is read: `before` is
remembered directly before the port's call, nothing but annotations stands between the call and the ghost, and both
speak of the same page, cell and data.
"""
import pathlib
import re

# ghost function -> (the call it speaks of, what the call's text must be, what the ghost's must be); P is the page
# and I the index that both have to name
RULES = {
    "sfu_page_erased": (r"sfu_layout_erase\(s->area \+ (?P<p>\w+)\)",
                        r"before, s->area \+ (?P<p>\w+), s->area \+ \(1 - (?P=p)\), s->current <= 1 \? 1 : 0, status"),
    "sfu_page_committed": (r"sfu_port_flash_program\((?P<p>\w+) \+ i \* SFU_COMMIT_SIZE, unit, SFU_COMMIT_SIZE\)",
                           r"before, s->area \+ (?P<p>\w+), s->area \+ \(1 - (?P=p)\), s->current <= 1 \? 1 : 0, status"),
    "sfu_cell_programmed": (r"sfu_port_flash_program\( ?sfu_layout\.area\[s->area \+ (?P<p>\w+)\]\.address \+ (?P<i>\w+) \* "
                            r"SFU_FLASH_CELL, (?P<c>\w+), SFU_FLASH_CELL\)",
                            r"before, s->area \+ (?P<p>\w+), s->area \+ \(1 - (?P=p)\), (?P<i>\w+), (?P<c>\w+), "
                            r"s->current <= 1 \? 1 : 0, status"),
}
GHOST = re.compile(r"(?://@ ghost|/\*@ ghost) (sfu_(?:page|cell)_\w+)\((.*?)\);", re.S)
# an operation on a slot, and the ghost that asks directly before it what a cut there may leave
SLOT = re.compile(r"//@ ghost sfu_slot_changes\(d, (?P<a>[^;]+?), (?P<n>\w+)\);\s+(?:status = |return )"
                  r"sfu_port_flash_(?:erase\((?P=a)\) /\*@ ghost \((?P=n)\) \*/;|program\((?P=a), data, (?P=n)\);)")
REMEMBER = "//@ ghost int before = sfu_flash;"


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def bare(text):
    """Without annotations and comments."""
    return one_line(re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S))


def operation(path, text, at, name, arguments):
    call, spoken = RULES[name]
    start = text.rfind(REMEMBER, 0, at)
    if start < 0:
        return f"{path}: {name}: the flash before the operation is not remembered"
    between = bare(text[start + len(REMEMBER):at])
    made = re.fullmatch(rf"(?:const uint32_t )?status = {call};", between)
    if not made:
        return f"{path}: {name} does not stand directly behind its operation, but behind `{between}`"
    said = re.fullmatch(spoken, one_line(arguments))
    if not said:
        return f"{path}: {name} is told `{one_line(arguments)}`"
    for group, value in made.groupdict().items():
        other = said.groupdict().get(group, value)
        named = resolve(text, start, value) if name == "sfu_page_committed" and group == "p" else value
        if other != named:
            return f"{path}: {name} speaks of {other}, the operation is on {named}"
    return None


def resolve(text, start, variable):
    """The page whose address a local variable of that function holds."""
    head = text[text.rfind("\n{", 0, start):start]
    found = re.search(rf"const uint32_t {variable} = sfu_layout\.area\[s->area \+ (\w+)\]\.address;", head)
    return found[1] if found else f"an unknown page ({variable})"


def reading(path, text, at, arguments):
    """sfu_cell_read: what is said is the cell that the lines before it have read, and its status."""
    head = bare(text[text.rfind("\n{", 0, at):at])
    said = re.fullmatch(r"[\w>.-]+area \+ (?P<p>[\w>.-]+), (?P<i>[\w>-]+), status", one_line(arguments))
    if not said:
        return f"{path}: sfu_cell_read is told `{one_line(arguments)}`"
    statement = re.split(r"[{}]", head.rsplit(";", 2)[-2])[-1]
    if re.search(r"\bstatus = \w+\(", statement):
        for what in ("p", "i"):
            if not re.search(rf"\b{said[what].split('->')[-1]}\b", statement):
                return f"{path}: sfu_cell_read speaks of {said[what]}, the reading is `{statement.strip()}`"
        return None
    return f"{path}: sfu_cell_read does not stand directly behind a reading, but behind `{statement.strip()}`"


def check(root=".", wanted=6):
    count = 0
    for path in sorted(p for p in pathlib.Path(root, "fsm").iterdir() if p.suffix in (".c", ".rl")):
        text, name = path.read_text(), str(path)
        for found in GHOST.finditer(text):
            count += 1
            if found[1] in RULES:
                error = operation(name, text, found.start(), found[1], found[2])
            elif found[1] == "sfu_cell_read":
                error = reading(name, text, found.start(), found[2])
            else:
                error = f"{name}: {found[1]}: nobody knows what it speaks of"
            if error:
                yield error
        calls = len(re.findall(r"\bsfu_(?:port_flash_program|layout_erase)\(", bare(text)))
        ghosts = sum(g in RULES for g in (f[1] for f in GHOST.finditer(text)))
        if path.name == "store.c" and calls != ghosts:
            yield f"{name}: {calls} operations on flash and {ghosts} ghosts that speak of them"
        asked = len(SLOT.findall(text))
        if path.name == "upgrade_flash.c" and asked != len(re.findall(r"\bsfu_port_flash_(?:program|erase)\(", bare(text))):
            yield f"{name}: only of {asked} operations on a slot it is asked what a cut may leave (sfu_slot_changes)"
    if count < wanted:
        yield f"{root}/fsm: only {count} ghost calls on flash were found"
