#!/usr/bin/env python3
"""The paper trail of the proofs: TRACE.md and PROOFS.md, made of what the tree says, and what must not be missing.

usage: paper.py [--check]      from the root of the tree

  (nothing)  writes proofs/TRACE.md and proofs/PROOFS.md
  --check    fails if they are not what would be written, or if something hangs in the air:
             a claim without a requirement, or without an attack (attacks.txt here, in c5 and in c8), or an attack that
             changes nothing;
             a function of the core that no requirement names, nor any function that calls it, directly or not;
             a row of the tables of spec/threats.md that names neither a claim nor says that there is none;
             an axiomatic block, axiom, lemma, ghost function without a body, or function with a contract and without a
             proof that proofs/ledger.md does not name, or one that it names and that does not exist;
             a test in the ledger that does not exist; `admit` in an annotation
"""
import os
import pathlib
import re
import subprocess
import sys

sys.path[:0] = ["proofs", "build-aux"]
import attack  # noqa: E402
import core_check  # noqa: E402
import mutants  # noqa: E402
import prove  # noqa: E402
import spec_check  # noqa: E402

TRACE, PROOFS, LEDGER = "proofs/TRACE.md", "proofs/PROOFS.md", "proofs/ledger.md"
ATTACKS = {"proofs/attacks.txt": "proofs/attacks.tsv", "proofs/c8/attacks.txt": "proofs/attacks.tsv",
           "proofs/c5/attacks.txt": "proofs/c5/attacks.tsv"}
LEDGER_MAX = 25
CLAIM = r"\bC\d+\b"
# what a row of the threats says where no claim answers it
NO_CLAIM = re.compile(r"^no claim\b")


def read(path):
    return pathlib.Path(path).read_text()


def rows(path, pattern, columns):
    """The table rows of a document whose first cell matches."""
    found = []
    for line in read(path).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == columns and re.fullmatch(pattern, cells[0]):
            found.append(cells)
    return found


def texts(folders, endings):
    return [str(p) for f in folders for p in sorted(pathlib.Path(f).rglob("*"))
            if p.suffix in endings and not str(p).startswith("proofs/eva/")]


class Core:
    """The functions that are proved or to be proved, as (file, name), and who calls whom."""

    def __init__(self):
        self.table = prove.read_table()
        self.functions, bodies, self.headers = [], {}, {}
        for path in prove.sources():
            self.functions += [(path, name) for name in prove.functions(path)]
            bodies.update({(path, name): calls for name, calls in core_check.calls(core_check.code(path)).items()})
        self.named = {}
        for path, name in self.functions:
            self.named.setdefault(name, []).append((path, name))
        self.callers = {function: set() for function in self.functions}
        for (path, name), calls in bodies.items():
            for called in calls:
                for callee in self.meant(path, called):
                    self.callers[callee].add((path, name))

    def meant(self, path, name):
        """The function of this name that is meant in a file: its own, or that which others may call."""
        own = [function for function in self.named.get(name, []) if function[0] == path]
        return own or [function for function in self.named.get(name, []) if name.startswith("sfu_")]

    def at(self, path, name):
        """The functions that a path, with a name or without, speaks of; none, if it is not of the core."""
        if path.endswith(".h"):
            names = [name] if name else prototypes(path)
            return [function for n in names for function in self.meant("", n)]
        path = prove.proved_file(path)
        return [f for f in self.functions if f[0] == path and name in ("", f[1])]

    def goals(self, functions):
        """How many goals the functions have, how many of these are open, and which files are not in the table."""
        known = [self.table[path].functions[name] for path, name in functions
                 if path in self.table and name in self.table[path].functions]
        return (sum(row.goals for row in known), sum(len(row.open) for row in known),
                sorted({path for path, name in functions if path not in self.table}))

    def reached(self, named):
        """{function: the one nearest above it, or itself, that is named}"""
        found, front = {function: function for function in named}, list(named)
        while front:
            above, front = front, []
            for function in self.functions:
                if function not in found:
                    caller = next((c for c in sorted(self.callers[function]) if c in above), None)
                    if caller:
                        front.append(function)
                        found[function] = found[caller]
        return found


def prototypes(path):
    """Functions that a header, or a C file, declares outside comments."""
    return [name for line, name in re.findall(r"^((?!typedef|return)\w[\w *]*?\b(\w+)\([^;{}]*\))\s*;",
                                              core_check.code(path), re.M)]


def annotations(path):
    text = read(path)
    return re.findall(r"/\*@.*?\*/", text, re.S) + re.findall(r"//@.*", text)


def trusted():
    """{name: where} of all that the proofs rest on and that none of them proves."""
    proved = {name for path in prove.sources() for name in prove.functions(path)}
    stands = {name for path in texts(["proofs/c5"], {".c"}) for name in prove.functions(path)}
    found = {}
    for path in texts(["fsm", "gen", "crypto", "proofs"], {".h", ".c", ".rl"}) + ["port/port.h", "spec/claims.h"]:
        for note in annotations(path):
            for kind, name in re.findall(r"\b(axiomatic|axiom|lemma) (\w+)", note):
                found[name] = f"{path} ({kind})"
            if re.match(r"//?\*?@\s*ghost\b", note):
                code = re.sub(r"/@.*?@/", "", note[note.index("ghost") + 5:].rstrip("*/"), flags=re.S)
                code = re.sub(r"//.*", "", code)
                for name in re.findall(r"^\s*(?!return\b|else\b)\w[\w *]*?[\s*](\w+)\s*\([^;{}]*\)\s*;", code, re.M):
                    found[name] = f"{path} (ghost function)"
        if not path.endswith(".rl"):
            found.update({name: path for name in prototypes(path)
                          if name not in proved | (stands if path.startswith("proofs/c5") else set())})
    return found


def read_attacks():
    """(name, claims, file, function, goals it leaves open or None) of every attack"""
    found = []
    for path, table in ATTACKS.items():
        seen = {}
        if os.path.exists(table):
            lines = [line.rstrip("\n").split("\t") for line in open(table) if not line.startswith("#")]
            seen = {columns[0]: columns[3].split() for columns in lines if columns[3]}
        for name, claims, source, function, _ in attack.read(path):
            found.append((name, claims.split(), source, function, seen.get(name)))
    return found


class Paper:
    def __init__(self):
        self.core, self.wrong = Core(), []
        self.claims = dict(row for row in rows("spec/threats.md", r"C\d+", 2))
        self.requirements = rows("spec/requirements.md", r"REQ-\d+", 5)
        self.attacks = read_attacks()
        self.ledger = rows(LEDGER, r"A\d+", 5)
        self.where = {number: [(path, name, self.core.at(path, name)) for path, name in spec_check.PATH.findall(where)]
                      for number, _, _, where, _ in self.requirements}
        named = {f: [] for entries in self.where.values() for _, _, functions in entries for f in functions}
        for number, entries in self.where.items():
            for function in dict.fromkeys(f for _, _, functions in entries for f in functions):
                named[function].append(number)
        self.named, self.reached = named, self.core.reached(named)

    def claimed(self, claim):
        return [row[0] for row in self.requirements if claim in re.findall(CLAIM, row[2])]

    def orphans(self):
        for claim in self.claims:
            if not self.claimed(claim):
                yield f"{claim}: no requirement names it"
            if not any(claim in claims for _, claims, _, _, _ in self.attacks):
                yield f"{claim}: no attack on it"
        for name, claims, _, _, _ in self.attacks:
            for claim in claims:
                if claim not in self.claims:
                    yield f"attack {name}: {claim} is no claim"
        for path in ATTACKS:
            for name, _, source, _, expression in attack.read(path):
                if subprocess.run(["sed", expression, source], capture_output=True, text=True).stdout == read(source):
                    yield f"attack {name}: changes nothing in {source}"
        for path, name in self.core.functions:
            if (path, name) not in self.reached:
                yield f"{path}: {name} serves no requirement"
        for row in threats():
            if not any(re.search(CLAIM, cell) or NO_CLAIM.match(cell) for cell in row[1:4]):
                yield f"spec/threats.md: {row[0]}, {row[1]}: neither a claim nor `no claim`"

    def ledger_errors(self):
        needed, covered = trusted(), {}
        if any(row.open for proof in self.core.table.values() for row in proof.functions.values()) \
                or any(path not in self.core.table for path in prove.sources()):
            needed[prove.TABLE] = "(open goals, or files without a run)"
        for number, (line, _, names, host, board) in enumerate(self.ledger, 1):
            if line != f"A{number}":
                yield f"{LEDGER}: {line} is not A{number}"
            for name in re.findall(r"`([\w./-]+)`", names):
                covered.setdefault(name, line)
                if name not in needed:
                    yield f"{LEDGER}: {line}: {name} is not trusted, or not there"
            for test in (host, board):
                found = re.findall(r"`([^`]+)`", test)
                if not found and test not in ("none", "-"):
                    yield f"{LEDGER}: {line}: `{test}` is neither a test nor `none` nor `-`"
                for one in found:
                    path, _, name = one.partition(":")
                    if not (path.startswith("tests/") and os.path.isfile(path)):
                        yield f"{LEDGER}: {line}: there is no test {one}"
                    elif name and not re.search(rf"^(?:static )?(?:void|int|uint32_t|def) +{name}\(", read(path), re.M):
                        yield f"{LEDGER}: {line}: {path} has no test {name}"
        for name in sorted(set(needed) - set(covered)):
            yield f"{LEDGER}: does not name {name}, {needed[name]}"
        if not 0 < len(self.ledger) <= LEDGER_MAX:
            yield f"{LEDGER}: {len(self.ledger)} lines, {LEDGER_MAX} at most"

    def admitted(self):
        for path in texts(["fsm", "gen", "crypto", "port", "proofs"], {".h", ".c", ".rl", ".ya"}):
            if any(re.search(r"\badmit\b", note) for note in annotations(path)):
                yield f"{path}: `admit`"


def threats():
    """The rows of the tables of attackers against claims."""
    text = read("spec/threats.md")
    held = text[text.index("## What holds"):]
    table = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in held.splitlines()
             if line.startswith("| ")]
    return [row for row in table if row[0] != "attacker" and not set(row[0]) <= set("- ")]


def counted(goals, opened, missing):
    said = [f"{goals}, {opened} open" if opened else str(goals)] if goals or not missing else []
    return "; ".join(said + [f"no run of {', '.join(missing)}"] * bool(missing))


def machine(path):
    """`(machine boot: deciding, trial, …)`, of a machine's source"""
    if not path.endswith(".rl"):
        return ""
    name = os.path.basename(path)[:-3]
    header = f"gen/{name}_machine.h"
    states = re.findall(rf"SFU_{name.upper()}_STATE_(\w+)", read(header)) if os.path.exists(header) else []
    return f" (machine: {', '.join(dict.fromkeys(s.lower() for s in states))})"


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + ["| " + " | ".join(l) + " |" for l in lines]


def trace(paper, orphans):
    core = paper.core
    out = ["# From requirement to proof and test", "",
           "Made by `make proofs-paper` of spec/requirements.md, spec/threats.md, the C, and goals.tsv; not by hand. What a row",
           "does not say is in those. *no run* means that goals.tsv has nothing of that file, so nothing is claimed of it.", "",
           "## Requirements", ""]
    lines = []
    for number, _, source, where, test in paper.requirements:
        entries = paper.where[number]
        places = ", ".join(f"`{path}{':' + name if name else ''}`{'' if name else machine(path)}"
                           for path, name, _ in entries)
        functions = list(dict.fromkeys(f for _, _, found in entries for f in found))
        goals = counted(*core.goals(functions)) if functions else "not of the core"
        claims = ", ".join(dict.fromkeys(re.findall(CLAIM, source))) or "none: " + source
        lines.append([number, places, claims, goals, test])
    out += table(["requirement", "machine or function", "claim", "goals", "test"], lines)
    out += ["", "## Claims", ""]
    cells = threats()
    out += table(["claim", "requirements", "attacks", "answers"], [
        [claim, ", ".join(paper.claimed(claim)),
         ", ".join(name for name, claims, _, _, _ in paper.attacks if claim in claims),
         ", ".join(dict.fromkeys(attacker for row in cells if claim in re.findall(CLAIM, " ".join(row[1:4]))
                                 for attacker in row[0].split(", "))) or "-"]
        for claim in paper.claims])
    out += ["", "*answers*: the attackers of spec/threats.md whose rows name it.", "", "## Functions", "",
            "Each function of the core and the requirements that name it, or else the nearest function above it, by its calls.",
            ""]
    lines = []
    for path, name in core.functions:
        near = paper.reached.get((path, name))
        served = ", ".join(paper.named[near]) if near else "none"
        lines.append([f"`{path}`", f"`{name}`", served if near in (None, (path, name)) else f"{served} by `{near[1]}`",
                      counted(*core.goals([(path, name)]))])
    out += table(["file", "function", "requirements", "goals"], lines)
    bare = [row[0] for row in paper.requirements if row[4] == spec_check.NO_TEST]
    out += ["", "## What is missing", "", f"Requirements without a test: {', '.join(bare) or 'none'}.", "",
            "Orphans, which fail the check:" if orphans else "Orphans: none."]
    out += [""] * bool(orphans) + [f"- {orphan}" for orphan in orphans]
    return "\n".join(out) + "\n"


def of_text(path, table):
    """{function: its columns} of a table as prove.py writes them, if they are of the same text as the goals."""
    return {name: {row[0]: row[1:] for row in found} for name, (mark, found) in prove.read_rows(path).items()
            if name in table and table[name].mark == mark}


def proofs(paper):
    core = paper.core
    provers, smoke = of_text(prove.PROVERS, core.table), of_text(prove.SMOKED, core.table)
    out = ["# What is proved", "",
           "Made by `make proofs-paper` of goals.tsv, provers.tsv, smoked.tsv, the attacks, mutants.tsv and ledger.md; not by hand.",
           "What the claims are: spec/threats.md. No claim is proved as a whole; README.md says what is.", ""]
    sums, lines = [0, 0, 0, 0, 0, 0.0, 0, 0], []
    for path, name in core.functions:
        row = core.table[path].functions.get(name) if path in core.table else None
        if row is None:
            lines.append([f"`{path}`", f"`{name}`", "no run", *[""] * 6])
            continue
        who = provers.get(path, {}).get(name, ["-"] * 4)
        tests = smoke.get(path, {}).get(name)
        lines.append([f"`{path}`", f"`{name}`", str(row.goals), str(len(row.open) or ""), *who,
                      "-" if tests is None else f"{tests[0]}, {tests[1]} dead" if tests[1] != "0" else tests[0]])
        numbers = [row.goals, len(row.open), *(float(n) if n != "-" else 0 for n in who),
                   *(int(n) for n in tests or (0, 0))]
        sums = [a + b for a, b in zip(sums, numbers)]
    missing = [path for path in prove.sources() if path not in core.table]
    seen = [a for a in paper.attacks if a[4]]
    out += ["## The sum", "",
            *table(["what", "how many"], [
                ["functions of the core", str(len(core.functions))],
                ["of these in goals.tsv", str(sum(f[0] in core.table for f in core.functions))],
                ["goals", str(sums[0])], ["proved", str(sums[0] - sums[1])], ["open", str(sums[1])],
                ["proved by WP's own simplifier (Qed), z3, cvc4", ", ".join(str(int(n)) for n in sums[2:5])],
                ["seconds of z3 and cvc4", f"{sums[5]:.0f}"],
                ["smoke tests, of these dead and listed in smoke.tsv", f"{int(sums[6])}, {int(sums[7])}"],
                ["attacks, of these seen to be repelled", f"{len(paper.attacks)}, {len(seen)}"],
                ["assumptions", str(len(paper.ledger))]]),
            "", f"Without a run on their present text, and so without a word here: {', '.join(missing) or 'no file'}.", "",
            "## Functions", "",
            "Seconds are those of the cached answers; Qed's are not kept. *smoke*: tests that contract, loops and statements can be",
            "reached; `-`: none run of this text.", "",
            *table(["file", "function", "goals", "open", "Qed", "z3", "cvc4", "s", "smoke"], lines),
            "", "## Open goals", ""]
    out += [f"- `{path}`: `{goal}`" for path in sorted(core.table)
            for goal in prove.known_open(path, core.table)] or ["none"]
    order = prove.read_rows("proofs/c5/goals.tsv")
    out += ["", "## The order of operations (C5)", "",
            *table(["automaton", "goals"], [[f"`{name}`", mark] for name, (mark, _) in sorted(order.items())]),
            "", "## Attacks", "",
            "Changes of the code on which the proof must fail. *leaves open*: `-` is one that has not been run and recorded.", ""]
    out += table(["claim", "attack", "changes", "leaves open"], [
        [claim, name, f"`{source}`", " ".join(f"`{goal}`" for goal in goals[:3]) +
         (f" and {len(goals) - 3} more" if len(goals) > 3 else "") if goals else "-"]
        for claim in paper.claims for name, claims, source, _, goals in paper.attacks if claim in claims])
    out += ["", "## Mutants", ""]
    found = list(mutants.read_table().values())
    files = sorted({row[1] for row in found})
    out += table(["file", "mutants", "killed", "survived", "error"], [
        [f"`{file}`", *(str(sum(row[1] == file and (not results or row[6] in results) for row in found))
                        for results in ((), ("proof", "generator"), ("survived",), ("error",)))] for file in files]) \
        if found else ["No run is recorded: there is no mutants.tsv."]
    out += ["", "## Known dead code", ""]
    dead = [line.rstrip("\n").split("\t") for line in open(prove.SMOKE) if not line.startswith("#")]
    out += [f"- `{row[0]}`, `{row[1]}`, `{row[3]}` ({row[2]}, {row[4]}): {row[5]}" for row in dead] or ["none"]
    out += ["", "## What is assumed", "", *table(["", "assumed", "of", "host", "board"], paper.ledger)]
    return "\n".join(out) + "\n"


def main():
    paper = Paper()
    orphans = list(paper.orphans())
    made = {TRACE: trace(paper, orphans), PROOFS: proofs(paper)}
    if sys.argv[1:] != ["--check"]:
        for path, text in made.items():
            pathlib.Path(path).write_text(text)
    wrong = [*orphans, *paper.ledger_errors(), *paper.admitted()]
    wrong += [f"{path} is not what its sources make: `make proofs-paper`" for path, text in made.items()
              if not os.path.exists(path) or read(path) != text]
    print("\n".join(wrong + [f"paper: {len(paper.requirements)} requirements, {len(paper.claims)} claims, "
                             f"{len(paper.core.functions)} functions, {len(paper.attacks)} attacks, "
                             f"{len(paper.ledger)} assumptions; {len(wrong)} wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
