#!/usr/bin/env python3
"""Checks that what the documents say of files, functions, requirements and machines is so.

    spec_check.py               checks, from the root of the tree
    spec_check.py --diagrams    copies the marked diagrams of gen/machines.md into README.md

requirements.md   ids unique and in order, five columns, none empty, every file and function exists
attacks.md        every T-number once, a known status, every test named exists; every test that bears a T-number
                  is named in its row, by its name or with its whole file
all documents     links lead somewhere, `path` and `path:name` in backquotes exist, REQ ids are known
README.md         its diagrams are those of gen/machines.md, and it has less than 200 lines
"""
import pathlib
import re
import sys

DOCUMENTS = ["README.md", "spec/requirements.md", "spec/threats.md", "spec/CAVEATS.md", "spec/decisions.md",
             "spec/attacks.md", "spec/model/README.md", "spec/model/personalize/README.md", "fuzz/README.md"]
FOLDERS = ("spec", "fsm", "gen", "crypto", "port", "proofs", "fuzz", "tests", "tools", "build-aux")
ATTACKS = [f"T{n:02}" for first, last in ((1, 13), (20, 28), (30, 39), (40, 46), (50, 51), (60, 67), (70, 72),
                                          (80, 84)) for n in range(first, last + 1)]
STATUSES = ("tested", "by design", "partly", "no test yet", "not applicable yet")
TEST = re.compile(r"^(?:static void|def) ((?:t\d+_)+\w+)\(", re.M)
NO_TEST = "none yet"
README_LINES = 200

MARKED = re.compile(r"<!-- machine: (\w+) -->\n(```mermaid\n.*?^```)$", re.S | re.M)
PATH = re.compile(r"`((?:%s)/[\w./-]*?)(?::(\w+))?`" % "|".join(FOLDERS))


class Check:
    def __init__(self, root):
        self.root, self.errors, self.text = root, [], {}
        for name in DOCUMENTS:
            path = root / name
            self.text[name] = path.read_text() if path.is_file() else ""
            if not path.is_file():
                self.error(name, "is missing")

    def error(self, where, what):
        self.errors.append(f"{where}: {what}")

    def paths(self, where, text):
        """Verifies what is named in backquotes; answers how many there were."""
        found = PATH.findall(text)
        for path, name in found:
            file = self.root / path
            if not file.exists():
                self.error(where, f"{path} does not exist")
            elif name and not (file.is_file() and re.search(rf"\b{name}\b", file.read_text())):
                self.error(where, f"{path} has no {name}")
        return len(found)

    def rows(self, name, pattern, columns):
        """The table rows whose first cell matches, as lists of cells."""
        rows = []
        for number, line in enumerate(self.text[name].splitlines(), 1):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|") or not re.fullmatch(pattern, cells[0]):
                continue
            if len(cells) != columns or not all(cells):
                self.error(f"{name}:{number}", f"{cells[0]} does not have {columns} filled columns")
            else:
                rows.append(cells)
        return rows

    def requirements(self):
        name = "spec/requirements.md"
        rows = self.rows(name, r"REQ-\d+", 5)
        ids = [row[0] for row in rows]
        if ids != [f"REQ-{n:03}" for n in range(1, len(ids) + 1)]:
            self.error(name, "ids are not REQ-001, REQ-002 and so on, each once")
        for number, requirement, _, where, test in rows:
            if " shall " not in requirement or requirement.count(". ") > 0:
                self.error(f"{name}: {number}", "is not one sentence with a `shall`")
            if not PATH.search(where):
                self.error(f"{name}: {number}", "names no file that fulfils it")
            if test != NO_TEST and not PATH.search(test):
                self.error(f"{name}: {number}", f"the test is neither a path nor `{NO_TEST}`")
        for document, text in self.text.items():
            for unknown in sorted(set(re.findall(r"REQ-\d+", text)) - set(ids)):
                self.error(document, f"{unknown} is not in {name}")
        return len(ids), sum(row[4] != NO_TEST for row in rows)

    def attacks(self):
        name = "spec/attacks.md"
        rows = self.rows(name, r"T\d+", 4)
        numbers = [row[0] for row in rows]
        if numbers != ATTACKS:
            wrong = sorted(set(ATTACKS) ^ set(numbers)) or sorted({n for n in numbers if numbers.count(n) > 1})
            self.error(name, f"not every T-number once and in order: {', '.join(wrong)}")
        counts = dict.fromkeys(STATUSES, 0)
        for number, _, status, evidence in rows:
            if status not in STATUSES:
                self.error(f"{name}: {number}", f"`{status}` is not a status")
                continue
            counts[status] += 1
            if status in ("tested", "partly") and not re.search(r"`(tests|fuzz|proofs)/", evidence):
                self.error(f"{name}: {number}", "names no test")
        self.tests({number: evidence for number, _, _, evidence in rows})
        for document, text in self.text.items():
            for unknown in sorted(set(re.findall(r"\bT\d\d\b", text)) - set(ATTACKS)):
                self.error(document, f"{unknown} is not an attack of {name}")
        return counts

    def tests(self, rows):
        """The tests that bear T-numbers are where those attacks' rows say."""
        for path in sorted((self.root / "tests").rglob("*.[cp]*")):
            for name in TEST.findall(path.read_text()) if path.suffix in (".c", ".py") else ():
                file = path.relative_to(self.root)
                for number in re.match(r"(?:t\d+_)+", name)[0].upper().rstrip("_").split("_"):
                    if number not in rows:
                        self.error(f"{file}: {name}", f"{number} is not an attack")
                    elif f"`{file}:{name}`" not in rows[number] and f"`{file}`" not in rows[number]:
                        self.error(f"{file}: {name}", f"the row of {number} does not name it")

    def links(self):
        for document, text in self.text.items():
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
                if "://" not in target and not (self.root / document).parent.joinpath(target).exists():
                    self.error(document, f"the link to {target} leads nowhere")

    def diagrams(self):
        """Each diagram of README.md behind `<!-- machine: NAME -->` is the one that gen/machines.md has of NAME."""
        path = self.root / "gen/machines.md"
        text = path.read_text() if path.is_file() else ""
        known = dict(re.findall(r"^## (\w+)$.*?^(```mermaid\n.*?^```)$", text, re.S | re.M))
        shown = MARKED.findall(self.text["README.md"])
        for name, diagram in shown:
            if diagram != known.get(name):
                self.error("README.md", f"the diagram of {name} is not that of gen/machines.md; "
                           "`build-aux/spec_check.py --diagrams` copies it")
        if self.text["README.md"].count("```mermaid\nstateDiagram") != len(shown):
            self.error("README.md", "a state diagram has no mark")
        if not shown:
            self.error("README.md", "has no state diagram")
        lines = len(self.text["README.md"].splitlines())
        if lines >= README_LINES:
            self.error("README.md", f"has {lines} lines")
        return known, len(shown)


def main(arguments):
    root = pathlib.Path(".")
    check = Check(root)
    known, diagrams = check.diagrams()
    if arguments == ["--diagrams"]:
        copy = MARKED.sub(lambda m: f"<!-- machine: {m[1]} -->\n{known.get(m[1], m[2])}", check.text["README.md"])
        (root / "README.md").write_text(copy)
        return 0
    if arguments:
        sys.exit("usage: spec_check.py [--diagrams]")
    requirements, with_test = check.requirements()
    counts = check.attacks()
    paths = sum(check.paths(document, text) for document, text in check.text.items())
    check.links()
    print(f"spec: {requirements} requirements, {with_test} with a test; {sum(counts.values())} attacks: "
          + ", ".join(f"{counts[status]} {status}" for status in STATUSES)
          + f"; {paths} files named; {diagrams} diagrams compared")
    for error in check.errors:
        print(error, file=sys.stderr)
    return 1 if check.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
