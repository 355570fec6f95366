#!/usr/bin/env python3
"""Changes the core in hundreds of small ways, and asks of each change whether the proof notices.

usage: mutants.py list [FILE]...
       mutants.py run [--jobs N] [--update] [FILE]...
       mutants.py summary

Which changes there are, mutate.py says; of those of each function some are drawn, always the same ones while its
file is the same. A change that is no C, or of which the compiler makes the same code, is not taken.

  list     the mutants
  run      proves the function that each one changes, with cvc4, which proves nearly all goals, and four times the time
           that it took for the slowest of the original's. A mutant is killed by the generator, if that refuses the
           machine; by the proof, if a goal is open that is not open on the original; else it survives. Fails if one
           survives that proofs/mutants.tsv has as killed
  --update writes each result to proofs/mutants.tsv at once, and goes on where an earlier run ended: what is there
           of the same text is not run again
  summary  counts what is in the table, by file
"""
import concurrent.futures
import contextlib
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree

sys.path.insert(0, "build-aux")
import gen
import mutate
import prove

TABLE = "proofs/mutants.tsv"
CACHE = "build/mutants/cache"
COLUMNS = "mutant, file, line, function, kind, change, result, goal that killed it, text"
COMPILER = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-std=c11", "-ffreestanding", "-w", "-Ifsm",
            "-Igen", "-Iport", "-Icrypto", "-Ispec", "-isystem", "build/deps/bearssl/inc", "-isystem", "build/deps/bearssl/src"]
LIMIT = 900                      # seconds a run of Frama-C may take
PATIENCE = 4, 20                 # seconds for a goal: at least, at most
RUNNING = set()


def sources():
    files = [f"fsm/{f}" for f in sorted(os.listdir("fsm")) if f.endswith((".rl", ".c"))]
    return files + ["crypto/crypto.c"]


def generate(source, text):
    """{name: text} of the C that a source comes to."""
    if not source.endswith(".rl"):
        return {os.path.basename(source): text}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for part in ("fsm", "gen"):
            (work / part).mkdir()
        (work / source).write_text(text)
        return gen.build_machine(work, source)[0]


def compiled(source, made):
    """A digest of the object code, or None."""
    main = os.path.basename(prove.proved_file(source))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in made.items():
            pathlib.Path(folder, name).write_text(text)
        command = [*COMPILER[:1], f"-I{folder}", *COMPILER[1:], "-x", "c", "-c", "-", "-o", f"{folder}/object"]
        if subprocess.run(command, input=made[main].encode(), capture_output=True).returncode != 0:
            return None
        return hashlib.sha256(pathlib.Path(folder, "object").read_bytes()).hexdigest()


def drawn(source, function, found):
    """In the order of choice: one of each kind after the other, by a generator that knows only their names."""
    dice = random.Random(f"{source} {function}")
    kinds = {}
    for mutant in found:
        kinds.setdefault(mutant.kind, []).append(mutant)
    for kind in kinds.values():
        dice.shuffle(kind)
    order = dice.sample(sorted(kinds), len(kinds))
    while kinds:
        for kind in order:
            if kind in kinds:
                yield kinds[kind].pop()
                if not kinds[kind]:
                    del kinds[kind]


def quota(found):
    """How many of a function's changes are drawn; a machine's moves are many, in one function."""
    return 1 + round(len(found) ** 0.5 / (2 if any(m.kind == "target" for m in found) else 16))


def mutants(source):
    text = pathlib.Path(source).read_text()
    seen = {compiled(source, generate(source, text))}
    for function, found in mutate.candidates(source, text).items():
        number = 0
        for mutant in drawn(source, function, found):
            if number == quota(found):
                break
            try:
                mutant.made = generate(source, mutant.text(text))
                code = compiled(source, mutant.made)
            except gen.Refused as refused:
                if "parse error" in str(refused):
                    continue
                mutant.refusal, code = " ".join(str(refused).split()), mutant.text(text)
            if code and code not in seen:
                seen.add(code)
                number += 1
                mutant.number = number
                yield mutant


def stem(goal):
    """A goal's name without what counts goals of one kind: changed code has other numbers."""
    return re.sub(r"(?:_part\d+|_\d+)*$", "", goal)


def count(goals):
    found = {}
    for goal in goals:
        found[stem(goal)] = found.get(stem(goal), 0) + 1
    return found


def stop(pid):
    """Frama-C and its provers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def stop_all(*_):
    for pid in list(RUNNING):
        stop(pid)
    os._exit(1)


@contextlib.contextmanager
def frama_c(source, folder, names, patience=PATIENCE[1]):
    """Frama-C at work on a folder's file, its answer line by line."""
    includes = prove.includes(prove.proved_file(source))
    path = os.path.join(folder, os.path.basename(prove.proved_file(source)))
    command = ["frama-c", *prove.options(prove.proved_file(source)), f"-cpp-extra-args=-I{folder} {includes}", path, "-wp-fct",
               ",".join(names), "-wp-prover", "cvc4", "-wp-par", "2", "-wp-timeout", str(patience)]
    environment = dict(os.environ, FRAMAC_WP_CACHEDIR=os.path.abspath(CACHE), FRAMAC_WP_CACHE="update")
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                           start_new_session=True)

    clock = threading.Timer(LIMIT, stop, [run.pid])
    RUNNING.add(run.pid)
    clock.start()
    try:
        yield run
    finally:
        clock.cancel()
        if run.poll() is None:
            stop(run.pid)
        run.wait()
        RUNNING.discard(run.pid)
        run.stdout.close()


class Baseline:
    """Which goals of a function are open on the original, and how long the others may take."""

    def __init__(self):
        self.table, self.marks, self.known, self.lock = prove.read_table(), {}, {}, threading.Lock()

    def mark(self, source):
        return self.marks.setdefault(source, prove.fingerprint(prove.proved_file(source)))

    def open(self, source, names):
        """What the table says of this very text, and what a run finds, which fills the cache too; and the patience."""
        with self.lock:
            if (source, names) not in self.known:
                path = prove.proved_file(source)
                known = path in self.table and self.table[path].mark == self.mark(source)
                opened = set(prove.known_open(path, self.table)) if known else set()
                with tempfile.TemporaryDirectory() as folder:
                    pathlib.Path(folder, os.path.basename(path)).write_text(pathlib.Path(path).read_text())
                    with frama_c(source, folder, names) as run:
                        said = run.stdout.read()
                opened |= set(prove.OPEN.findall(said))
                slowest = max((prove.seconds(line) for _, _, line in prove.ANSWER.findall(said)), default=0)
                self.known[source, names] = (count(goal for goal in opened if goal.startswith(names)),
                                             min(max(PATIENCE[0], int(4 * slowest + 1)), PATIENCE[1]))
            return self.known[source, names]


def judge(mutant, baseline):
    """(result, what killed it): stops at the first goal that is open as none was before."""
    if mutant.refusal:
        return "generator", mutant.refusal
    known, patience = baseline.open(mutant.file, mutant.functions)
    opened, last = [], ""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in mutant.made.items():
            pathlib.Path(folder, name).write_text(text)
        with frama_c(mutant.file, folder, mutant.functions, patience) as run:
            for line in run.stdout:
                if any(sign in line for sign in prove.LEFT_OUT):
                    return "proof", "left out: " + " ".join(line.split()).replace(folder + "/", "")
                opened += prove.OPEN.findall(line)
                if opened and count(opened)[stem(opened[-1])] > known.get(stem(opened[-1]), 0):
                    return "proof", opened[-1]
                last = line if "Proved goals" in line else last
            status = run.wait()
    return ("survived", "") if status == 0 and last else ("error", f"Frama-C answers {status}")


def read_table():
    table = {}
    if os.path.exists(TABLE):
        for line in open(TABLE):
            if not line.startswith("#"):
                row = line.rstrip("\n").split("\t")
                table[row[0]] = row
    return table


def write_table(table):
    with open(TABLE + ".new", "w") as out:
        out.write(f"# {COLUMNS}; made by proofs/mutants.py run --update\n")
        out.writelines("\t".join(table[name]) + "\n" for name in sorted(table))
    os.replace(TABLE + ".new", TABLE)


def summary(rows):
    results = ("proof", "generator", "survived", "error")
    print(f"{'file':26} {'mutants':>8}" + "".join(f"{r:>11}" for r in results))
    for file in [*sorted({row[1] for row in rows}), "all"]:
        of = [row[6] for row in rows if file in (row[1], "all")]
        print(f"{file:26} {len(of):8}" + "".join(f"{of.count(r):11}" for r in results))


def run(files, jobs, update):
    table, baseline, lock, worse, rows = read_table(), Baseline(), threading.Lock(), [], []
    os.makedirs(CACHE, exist_ok=True)
    prove.unpack()
    shutil.copytree(prove.CACHE, CACHE, dirs_exist_ok=True)

    def one(mutant):
        mark, before = baseline.mark(mutant.file)[:12], table.get(mutant.name)
        row = [mutant.name, mutant.file, str(mutant.line), " ".join(mutant.functions), mutant.kind, mutant.change]
        if update and before and before[:6] == row and before[8] == mark and before[6] != "error":
            rows.append(before)
            return
        result, goal = judge(mutant, baseline)
        row += [result, goal, mark]
        with lock:
            print(f"{mutant.name:34} {result:10} {goal or mutant.change}", flush=True)
            rows.append(row)
            if before and before[6] in ("proof", "generator") and result not in ("proof", "generator"):
                worse.append(mutant.name)
            if update:
                table[mutant.name] = row
                write_table(table)

    for source in files:
        found = list(mutants(source))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, found))
        if update:
            names = {mutant.name for mutant in found}
            table = {n: row for n, row in table.items() if row[1] != source or n in names}
            write_table(table)
    summary(rows)
    for name in worse:
        print(f"{name}: was killed, and is not any more")
    return 1 if not rows or worse and not update else 0


def main():
    arguments = sys.argv[1:]
    jobs = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else 2
    words = [a for i, a in enumerate(arguments) if not a.startswith("--") and arguments[i - 1] != "--jobs"]
    if not words or words[0] not in ("list", "run", "summary"):
        sys.exit(__doc__)
    files = [f for f in sources() if not words[1:] or f in words[1:]]
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    signal.signal(signal.SIGTERM, stop_all)
    signal.signal(signal.SIGINT, stop_all)
    if words[0] == "run":
        return run(files, jobs, "--update" in arguments)
    if words[0] == "summary":
        summary(list(read_table().values()))
        return 0
    total = 0
    for source in files:
        for mutant in mutants(source):
            total += 1
            print(f"{mutant.name}\t{mutant.file}:{mutant.line}\t{mutant.kind}\t{mutant.change}"
                  + ("\trefused" if mutant.refusal else ""))
    print(f"mutants: {total}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
