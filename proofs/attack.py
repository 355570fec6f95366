#!/usr/bin/env python3
"""Changes the code as proofs/attacks.txt says, one change at a time, and demands that the proof fails.

usage: attack.py [--update] [NAME]...

Works on a copy. An attack is repelled if a goal is open that proofs/goals.tsv does not name; --update writes
those to proofs/attacks.tsv. It fails if the change changes nothing or nothing more is open.
"""
import os
import shutil
import subprocess
import sys
import tempfile

import prove

LIST = "proofs/attacks.txt"
TABLE = "proofs/attacks.tsv"
PARTS = ("fsm", "gen", "port", "crypto", "spec", "build-aux", "proofs")


def attacks():
    for line in open(LIST):
        if line.strip() and not line.startswith("#"):
            yield [part.strip() for part in line.split(" | ", 3)] if line.count(" | ") >= 3 else sys.exit(line)


def copy(root):
    for part in PARTS:
        target = os.path.join(root, part)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        (shutil.copytree if os.path.isdir(part) else shutil.copy)(part, target)
    os.makedirs(os.path.join(root, "build"), exist_ok=True)
    os.symlink(os.path.abspath("build/deps"), os.path.join(root, "build/deps"))


def proved_file(source):
    return f"gen/{os.path.basename(source)[:-3]}.c" if source.endswith(".rl") else source


def attack(source, function, expression, table):
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as root:
        copy(root)
        os.chdir(root)
        os.environ["PWD"] = root  # Frama-C asks it, not the system, where it is
        try:
            before = open(source).read()
            subprocess.run(["sed", "-i", expression, source], check=True)
            if open(source).read() == before:
                return None, "changes nothing"
            if source.endswith(".rl"):
                subprocess.run([sys.executable, "build-aux/gen.py"], check=True, capture_output=True)
            _, result = prove.prove(proved_file(source), [function], "cold")
        except subprocess.CalledProcessError as error:
            return None, f"cannot be built: {error}"
        finally:
            os.chdir(here)
            os.environ["PWD"] = here
    if result is None or "error" in result:
        return None, "Frama-C failed"
    known = table.get(proved_file(source), (0, "", []))[2]
    return [goal for goal in result["open"] if goal not in known], ""


def main():
    only = [a for a in sys.argv[1:] if not a.startswith("--")]
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    table, lines, failed = prove.read_table(), [], 0
    for name, source, function, expression in attacks():
        if only and name not in only:
            continue
        opened, why = attack(source, function, expression, table)
        repelled = bool(opened)
        failed += not repelled
        print(f"{name:24} {'repelled: ' + ' '.join(opened[:3]) if repelled else 'NOT REPELLED ' + why}", flush=True)
        lines.append(f"{name}\t{source}\t{function}\t{' '.join(opened or [])}\n")
    if "--update" in sys.argv:
        with open(TABLE, "w") as out:
            out.write("# attack, file that is changed, function, goals it leaves open; made by proofs/attack.py --update\n")
            out.writelines(lines)
    print(f"attacks: {len(lines) - failed} of {len(lines)} repelled")
    return 1 if failed or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
