"""Labels of derived keys: those of spec/formats.md, each for one key, none the beginning of another, and no other in
the sources."""
import pathlib
import re

FORMULA = re.compile(r"HKDF\(([^,]+), ([^,]+), \"(sfu [a-z ]*[a-z])\"([^)|]*)\)")
ARRAY = re.compile(r"(\w+)\[(\w*)\]\s*=\s*\{(\s*'s', 'f', 'u', ' '[^}]*)\}")
TEXT = re.compile(r"\"(sfu [a-z ]*[a-z])\"")
SOURCES = ("fsm", "crypto", "tools")


def stated(document):
    """[(label, key that is derived)] of the tables of spec/formats.md"""
    found = []
    for line in document.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        for _, _, label, _ in FORMULA.findall(line if line.startswith("|") else ""):
            found.append((label, cells[0]))
    return found


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def arrays(text):
    """Labels that are written as arrays of characters: (name, label), or (name, None) if it is of the wrong length."""
    for name, size, body in ARRAY.findall(text):
        characters = re.findall(r"'(.)'", body)
        yield name, "".join(characters) if size in ("", str(len(characters))) else None


def used(root):
    """{label: [file]} of the sources, and what is wrong with one."""
    labels, errors = {}, []
    for folder in SOURCES:
        for path in sorted(pathlib.Path(root, folder).glob("*.[chr]*")):
            text = without_comments(path.read_text())
            for name, label in arrays(text):
                if label is None:
                    errors.append(f"{path}: {name} has not as many characters as it says")
                labels.setdefault(label, []).append(str(path))
            for label in TEXT.findall(text):
                labels.setdefault(label, []).append(str(path))
    return labels, errors


def check(root="."):
    document = pathlib.Path(root, "spec/formats.md").read_text()
    table, (labels, errors) = stated(document), used(root)
    yield from errors
    keys = {}
    for label, key in table:
        keys.setdefault(label, set()).add(key)
    for label, of in keys.items():
        if len(of) != 1:
            yield f"spec/formats.md: \"{label}\" derives {', '.join(sorted(of))}"
        for other in keys:
            if other != label and other.startswith(label):
                yield f"spec/formats.md: \"{label}\" is the beginning of \"{other}\""
    if len(keys) < 6:
        yield f"spec/formats.md: only {len(keys)} labels were found"
    for label, files in labels.items():
        if label is not None and label not in keys:
            yield f"{files[0]}: \"{label}\" is not in spec/formats.md"
    for label, key in table:
        personal = document.index("## Personalization") < document.index(f'"{label}"')
        here = {f.split("/")[-2] for f in labels.get(label, [])}
        if "fsm" not in here and not (personal and (here or not pathlib.Path(root, "fsm/personalize.h").exists())):
            yield f"spec/formats.md: \"{label}\" ({key}) is in no source of the core"
