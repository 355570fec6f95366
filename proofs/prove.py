#!/usr/bin/env python3
"""Proves the core with Frama-C's WP, file by file, and compares with the committed table.

usage: prove.py [--cold | --replay] [--update] [--jobs N] [FUNCTION | FILE]...

proofs/goals.tsv says for each file how many goals there are and which are still open. A run fails if
Frama-C fails, if there are fewer goals than the table says, or if a goal is open that the table does not
name. --update writes the table anew. --replay uses the committed cache alone (no prover runs); --cold
uses none.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

TABLE = "proofs/goals.tsv"
CACHE = "proofs/cache"
STEPS = "60000"
SECONDS = "20"


def sources():
    files = [f"gen/{m[:-3]}.c" for m in sorted(os.listdir("fsm")) if m.endswith(".rl")]
    files += [f"fsm/{f}" for f in sorted(os.listdir("fsm")) if f.endswith(".c")]
    return files + ["crypto/crypto.c"]


def functions(path):
    """Names of the functions a file defines: those whose body begins in column 0."""
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    return re.findall(r"^(?:static )?(?:const )?\w[\w *]*?\b(\w+)\([^;{]*?\)\n\{", text, re.M)


def frama_c(path, names, mode):
    share = subprocess.run(["frama-c", "-print-share-path"], capture_output=True, text=True).stdout.strip()
    includes = f"-Ifsm -Igen -Iport -Icrypto -Ibuild/deps/bearssl/inc -nostdinc -I{share}/libc"
    command = ["frama-c", "-c11", "-machdep", "gcc_x86_32", f"-cpp-extra-args={includes}", path,
               "-wp", "-wp-rte", "-warn-unsigned-overflow", "-warn-unsigned-downcast",
               "-warn-signed-downcast", "-wp-prover", "z3,cvc4", "-wp-steps", STEPS,
               "-wp-timeout", SECONDS, "-wp-par", "1", "-wp-fct", ",".join(names)]
    environment = dict(os.environ, FRAMAC_WP_CACHEDIR=os.path.abspath(CACHE),
                       FRAMAC_WP_CACHE={"cold": "none", "replay": "offline"}.get(mode, "update"))
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    return run.returncode, run.stdout + run.stderr


def prove(path, only, mode):
    names = [n for n in functions(path) if not only or n in only or path in only]
    if not names:
        return path, None
    status, text = frama_c(path, names, mode)
    proved = re.search(r"Proved goals:\s+(\d+) / (\d+)", text)
    if status != 0 or not proved or "Non natural loop" in text or "annot-error" in text:
        return path, {"error": text}
    opened = sorted(set(re.findall(r"(?:Failed|Timeout|Unknown|Stepout)\] Goal typed_(\w+)", text)))
    return path, {"goals": int(proved.group(2)), "proved": int(proved.group(1)), "open": opened}


def read_table():
    table = {}
    if os.path.exists(TABLE):
        for line in open(TABLE):
            if not line.startswith("#"):
                path, goals, opened = line.rstrip("\n").split("\t")
                table[path] = (int(goals), opened.split())
    return table


def judge(path, result, table, whole):
    if "error" in result:
        tail = "\n".join(result["error"].splitlines()[-15:])
        return f"{path}: frama-c failed\n{tail}"
    goals, known = table.get(path, (0, []))
    fresh = [g for g in result["open"] if g not in known]
    if fresh:
        return f"{path}: open: {' '.join(fresh)}"
    if whole and result["goals"] < goals:
        return f"{path}: {result['goals']} goals, where {goals} were"
    return None


def main():
    arguments = sys.argv[1:]
    mode = next((m for m in ("cold", "replay") if f"--{m}" in arguments), "update")
    update = "--update" in arguments
    jobs = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else 2
    only = [a for i, a in enumerate(arguments) if not a.startswith("--") and arguments[i - 1] != "--jobs"]
    table, failures, total, proved = read_table(), [], 0, 0
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    os.makedirs(CACHE, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for path, result in pool.map(lambda p: prove(p, only, mode), sources()):
            if result is None:
                continue
            wrong = judge(path, result, table, not only)
            if "error" not in result:
                total += result["goals"]
                proved += result["proved"]
                print(f"{path:26} {result['proved']:4} / {result['goals']:4}  {' '.join(result['open'])}", flush=True)
                if update and (not only or path in only):
                    table[path] = (result["goals"], result["open"])
                    wrong = None
            if wrong:
                failures.append(wrong)
                print(wrong, flush=True)
    if update:
        with open(TABLE, "w") as out:
            out.write("# file, goals, open goals; made by proofs/prove.py --update\n")
            out.writelines(f"{p}\t{g}\t{' '.join(o)}\n" for p, (g, o) in sorted(table.items()))
    print(f"proofs: {proved} of {total} goals")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
