#!/usr/bin/env python3
"""Changes the code as proofs/attacks.txt and c8/attacks.txt say, one change at a time, and demands that the proof fails.

usage: attack.py [--update] [NAME]...

Works on a copy. An attack is repelled if a goal is open that is not open on the code as it is (by proofs/goals.tsv, or
by a run where that is of another text); --update writes those to proofs/attacks.tsv. It fails if the change changes
nothing or nothing more is open.
"""
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile

import prove

LISTS = ("proofs/attacks.txt", "proofs/c8/attacks.txt")
TABLE = "proofs/attacks.tsv"
PARTS = ("fsm", "gen", "port", "crypto", "spec", "build-aux", "proofs")


def read(path):
    """Name, claims, file, function, sed expression. As `|` is also in ragel's text, the last is what follows the fourth."""
    for line in open(path):
        if line.strip() and not line.startswith("#"):
            yield [part.strip() for part in line.split(" | ", 4)] if line.count(" | ") >= 4 else sys.exit(line)


def copy(root):
    for part in PARTS:
        target = os.path.join(root, part)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        (shutil.copytree if os.path.isdir(part) else shutil.copy)(part, target)
    os.makedirs(os.path.join(root, "build"), exist_ok=True)
    for part in ("build/deps", prove.CACHE):
        os.symlink(os.path.abspath(part), os.path.join(root, part))


@contextlib.contextmanager
def changed(source, expression):
    """Works in a copy in which the expression has changed the source: yields whether it did."""
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as root:
        copy(root)
        os.chdir(root)
        os.environ["PWD"] = root  # Frama-C asks it, not the system, where it is
        try:
            before = open(source).read()
            subprocess.run(["sed", "-i", expression, source], check=True)
            if source.endswith(".rl"):
                subprocess.run([sys.executable, "build-aux/gen.py"], check=True, capture_output=True)
            yield open(source).read() != before
        finally:
            os.chdir(here)
            os.environ["PWD"] = here


def known_open(path, function, table):
    """What is open before: by the table, or where that is of another text, by a run."""
    if path in table and table[path].mark == prove.fingerprint(path):
        return prove.known_open(path, table)
    return prove.prove(path, [function], "update")[1].get("open", [])


def attack(source, function, expression, table):
    path = prove.proved_file(source)
    try:
        with changed(source, expression) as differs:
            if not differs:
                return None, "changes nothing"
            _, result = prove.prove(path, [function], "changed")
    except subprocess.CalledProcessError as error:
        return None, f"cannot be built: {error}"
    if result is None or "error" in result:
        return None, "Frama-C failed"
    return [goal for goal in result["open"] if goal not in known_open(path, function, table)], ""


def record(path, lines, lists, maker):
    """Writes what was seen of these attacks, and keeps what was seen of the others that there are still."""
    names = [name for name, *_ in itertools.chain(*map(read, lists))]
    seen = [line.rstrip("\n").split("\t") for line in open(path) if line[0] != "#"] if os.path.exists(path) else []
    seen = {columns[0]: columns for columns in [*seen, *lines]}
    with open(path, "w") as out:
        out.write(f"# attack, file that is changed, function, goals it leaves open; made by {maker}\n")
        out.writelines("\t".join(seen[name]) + "\n" for name in names if name in seen)


def main():
    only = [a for a in sys.argv[1:] if not a.startswith("--")]
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    table, lines, failed = prove.read_table(), [], 0
    prove.unpack()
    for name, _, source, function, expression in itertools.chain(*map(read, LISTS)):
        if only and name not in only:
            continue
        opened, why = attack(source, function, expression, table)
        repelled = bool(opened)
        failed += not repelled
        print(f"{name:24} {'repelled: ' + ' '.join(opened[:3]) if repelled else 'NOT REPELLED ' + why}", flush=True)
        lines.append((name, source, function, " ".join(opened or [])))
        if "--update" in sys.argv:
            record(TABLE, lines, LISTS, "proofs/attack.py --update")
    print(f"attacks: {len(lines) - failed} of {len(lines)} repelled")
    return 1 if failed or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
