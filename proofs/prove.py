#!/usr/bin/env python3
"""Proves the core with Frama-C's WP, file by file, and compares with the committed table.

usage: prove.py [--cold | --replay | --smoke] [--update] [--jobs N] [FUNCTION | FILE]...

proofs/goals.tsv says of each file of which text: a SHA-256 of the file with all it includes, as the preprocessor
leaves it, and of the prover's options; and of each function in it how many goals there are, and which are open. A
run fails if Frama-C fails or leaves something out, if a function has fewer goals than the table says or is gone, or
if a goal is open that the table does not name.

  (nothing)  every goal, by the cache where it has it (build/proofs; at first proofs/cache.tsv)
  --cold     every goal, without the cache
  --replay   of the files in the table: by the cache alone, no prover runs; cold where the text is not the table's.
             Of a file that is not in the table nothing is claimed
  --smoke    no goals, but WP's smoke tests: it tries to prove that a contract, a loop or a statement cannot be
             reached. Fails unless what it finds is what proofs/smoke.tsv lists, with a reason
  --update   writes the table anew, proofs/provers.tsv with who proved it and in what time, and proofs/cache.tsv with
             what the provers said (of the whole core: nothing that it no longer asks); with --smoke, proofs/smoked.tsv with how many smoke tests there were
"""
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

TABLE = "proofs/goals.tsv"
PROVERS = "proofs/provers.tsv"
CACHE = "build/proofs"
PACKED = "proofs/cache.tsv"
SMOKE = "proofs/smoke.tsv"
SMOKED = "proofs/smoked.tsv"
SMOKE_CACHE = "build/smoke"
OPTIONS = ["-c11", "-machdep", "gcc_x86_32", "-wp", "-wp-rte", "-warn-unsigned-overflow",
           "-warn-unsigned-downcast", "-warn-signed-downcast", "-wp-prover", "cvc4,z3",
           "-wp-steps", "4000000", "-wp-timeout", "20", "-wp-cache-env"]
# without simplifications that take a third of the time; where a goal needs them, with them
FAST = ["-wp-no-ground", "-wp-no-simpl"]
SIMPLIFIED = ("fsm/authority.c", "fsm/boot_prepare.c", "fsm/check.c", "fsm/journal_cell.c", "fsm/personalize_events.c",
              "fsm/personalize_keys.c", "fsm/upgrade_flash.c")
# one goal for each way through branches that join again; elsewhere that only makes more of them
SPLIT = ("fsm/boot_run.c", "fsm/journal_append.c", "fsm/keys.c", "fsm/session_poll.c", "fsm/session_reply.c", "fsm/sfu.c",
         "fsm/upgrade_events.c", "fsm/upgrade_flash.c")
# what Frama-C says when it goes on although a part was not looked at
LEFT_OUT = ("Non natural loop", "annot-error", "missing-spec", "Missing assigns", "No code nor")
PROVED = re.compile(r"Proved goals:\s+(\d+) / (\d+)")
OPEN = re.compile(r"\[(?:Failed|Timeout|Unknown|Stepout)\] Goal typed_(\w+)")
ANSWER = re.compile(r"^\[wp\] \[(\S+)[^\]]*\] Goal typed_(\w+)(.*)", re.M)
TIME = re.compile(r" \((?:(\d+)')?([\d.]+)(m?s)\)")
# Goals are left out, but for those of the assigns, of which every function has some: WP looks at no other function.
SMOKE_OPTIONS = ["-wp-smoke-tests", "-wp-smoke-timeout", "4",
                 "-wp-prop=-@requires,-@ensures,-@assert,-@invariant,-@variant"]
SMOKE_TEST = re.compile(r"^\[wp\] \[Passed\] Smoke-test typed_(\w+)", re.M)
SMOKE_FAILED = re.compile(r"\[Failed\] Smoke-test typed_(\w+)")
SMOKE_DEAD = re.compile(r"^\[wp\] \[Failed\] Smoke-test typed_(\w+)\n(?:(?!\[wp\]).*\n)*\[wp\] (\S+?):(\d+):", re.M)

# of a file: the mark of its text, and of each function its row; goals that are open by name
Row = collections.namedtuple("Row", "goals open")
Proof = collections.namedtuple("Proof", "mark functions")


def proved_file(source):
    """The C that a source comes to: a machine is proved as ragel writes it."""
    return f"gen/{os.path.basename(source)[:-3]}.c" if source.endswith(".rl") else source


def sources():
    files = [proved_file(m) for m in sorted(os.listdir("fsm")) if m.endswith(".rl")]
    files += [f"fsm/{f}" for f in sorted(os.listdir("fsm")) if f.endswith(".c")]
    return files + ["crypto/crypto.c"]


def functions(path):
    """Names of the functions a file defines: those whose body begins in column 0."""
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    return re.findall(r"^(?:static )?(?:const )?\w[\w *]*?\b(\w+)\([^;{]*?\)\n\{", text, re.M)


def includes(path):
    share = subprocess.run(["frama-c", "-print-share-path"], capture_output=True, text=True, check=True)
    flags = f"-Ifsm -Igen -Iport -Icrypto -Ispec -Ibuild/deps/bearssl/inc -nostdinc -I{share.stdout.strip()}/libc"
    # BearSSL's own headers have no contracts
    return flags + (" -include proofs/bearssl.h" if path == "crypto/crypto.c" else "")


def options(path):
    return OPTIONS + FAST * (path not in SIMPLIFIED) + ["-wp-split"] * (path in SPLIT)


def fingerprint(path):
    # -dD: the contracts use macros, which -E leaves alone in comments
    command = ["gcc", "-E", "-P", "-CC", "-dD", "-m32", "-D__FRAMAC__", "-D__FC_MACHDEP_X86_32",
               *includes(path).split(), path]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    return hashlib.sha256(text + " ".join(options(path)).encode()).hexdigest()


def frama_c(path, names, mode):
    """Exit status, what Frama-C said, and its count of goals by function and prover."""
    command = ["frama-c", *options(path), f"-cpp-extra-args={includes(path)}", path, "-wp-fct", ",".join(names)]
    # Frama-C waits a while for each batch of goals, also where the cache answers
    command += ["-wp-par", "200" if mode == "replay" else "2"]
    environment = dict(os.environ, FRAMAC_WP_CACHEDIR=os.path.abspath(SMOKE_CACHE if mode == "smoke" else CACHE),
                       FRAMAC_WP_CACHE={"cold": "none", "replay": "offline", "changed": "replay"}.get(mode, "update"))
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        command += SMOKE_OPTIONS if mode == "smoke" else ["-wp-report-json", report]
        run = subprocess.run(command, capture_output=True, text=True, env=environment)
        counts = json.load(open(report)) if os.path.exists(report) else {}
    return run.returncode, run.stdout + run.stderr, counts.get("wp:functions", {})


def owner(goal, names):
    """The function that a goal is of: it begins with its name, and of two that fit, with the longer."""
    return max((n for n in names if goal.startswith(n + "_")), key=len, default="")


def seconds(said):
    """The prover's time in a line such as `: Valid (Qed:7ms) (20ms) (95907) (cached)`."""
    found = TIME.search(said.replace("(Qed:", "(Qed "))
    if not found:
        return 0.0
    return 60 * int(found[1] or 0) + float(found[2]) / (1000 if found[3] == "ms" else 1)


def attribute(names, text, counts):
    """{function: (Row, {prover: goals}, seconds)} of the goals' names; or in what Frama-C's own counts differ."""
    rows = {name: [0, set(), collections.Counter(), 0.0] for name in names}
    for prover, goal, said in ANSWER.findall(text):
        row = rows.get(owner(goal, names))
        if row is None:
            return None, f"{goal}: of no function"
        row[0] += 1
        if said.startswith(" : Valid"):
            row[2][prover.lower()] += 1
            row[3] += 0 if prover == "Qed" else seconds(said)
        else:
            row[1].add(goal)
    for name, (goals, opened, _, _) in rows.items():
        total = counts.get(name, {}).get("wp:section", {}).get("wp:main", {})
        if (goals, len(opened)) != (total.get("total", 0), total.get("total", 0) - total.get("valid", 0)):
            return None, f"{name}: {goals} goals and {len(opened)} open by name, Frama-C counts {total}"
    return {n: (Row(g, sorted(o)), dict(p), s) for n, (g, o, p, s) in rows.items()}, ""


def prove(path, only, mode, table=None):
    names = [n for n in functions(path) if not only or n in only or path in only]
    if not names:
        return path, None
    mark = fingerprint(path)
    if mode == "replay" and path not in table:
        return path, {"unclaimed": True}
    if mode == "replay" and table[path].mark != mark:
        mode = "cold"
    status, text, counts = frama_c(path, names, "replay" if mode == "update" else mode)
    proved = PROVED.search(text)
    if mode == "update" and (not proved or proved.group(1) != proved.group(2)):
        status, text, counts = frama_c(path, names, mode)
        proved = PROVED.search(text)
    if status != 0 or not proved or any(sign in text for sign in LEFT_OUT):
        return path, {"error": text}
    if mode == "smoke":
        return path, smoked(path, names, text, mark)
    rows, wrong = attribute(names, text, counts)
    if wrong:
        return path, {"error": f"{text}\n{wrong}"}
    opened = sorted(goal for row, _, _ in rows.values() for goal in row.open)
    return path, {"goals": int(proved.group(2)), "proved": int(proved.group(1)), "open": opened, "mark": mark,
                  "rows": rows}


def read_rows(path):
    """{file: (mark, [the columns of each of its functions])}: a function's line begins with a tab."""
    table = {}
    for line in open(path) if os.path.exists(path) else ():
        columns = line.rstrip("\n").split("\t")
        if not line.startswith(("#", "\t")):
            rows = table[columns[0]] = (columns[1], [])
            rows = rows[1]
        elif not line.startswith("#"):
            rows.append(columns[1:])
    return table


def write_rows(path, head, table):
    with open(path, "w") as out:
        out.write(f"# {head}\n")
        for name, (mark, rows) in sorted(table.items()):
            out.write(f"{name}\t{mark}\n")
            out.writelines("\t" + "\t".join(row) + "\n" for row in rows)


def read_table():
    return {path: Proof(mark, {name: Row(int(goals), opened.split()) for name, goals, opened in rows})
            for path, (mark, rows) in read_rows(TABLE).items()}


def write_table(table):
    write_rows(TABLE, "file, SHA-256 of its text; below it its functions: goals, open goals; made by prove.py --update",
               {path: (proof.mark, [[n, str(r.goals), " ".join(r.open)] for n, r in sorted(proof.functions.items())])
                for path, proof in table.items()})


def write_provers(path, result):
    """Who proved how many goals, and the seconds the provers took; Qed is WP's own simplifier."""
    table = read_rows(PROVERS)
    table[path] = (result["mark"], [[name, *(str(proved.get(p, 0)) for p in ("qed", "z3", "cvc4")), f"{time:.1f}"]
                                    for name, (_, proved, time) in sorted(result["rows"].items())])
    write_rows(PROVERS, "file, SHA-256 of its text; below it its functions: goals proved by Qed, z3, cvc4, "
               "seconds of the two; made by prove.py --update", table)


def goals(path, table):
    return sum(row.goals for row in table[path].functions.values()) if path in table else 0


def known_open(path, table, only=()):
    """The goals that the table has as open, of a file or of some of its functions."""
    rows = table[path].functions if path in table else {}
    return [goal for name, row in rows.items() if not only or name in only for goal in row.open]


def unpack():
    """What the provers said, as Frama-C wants it: a file for each goal, by the goal's hash."""
    os.makedirs(CACHE, exist_ok=True)
    if os.path.exists(PACKED):
        for line in open(PACKED):
            name, said = line.rstrip("\n").split("\t")
            if not os.path.exists(os.path.join(CACHE, f"{name}.json")):
                with open(os.path.join(CACHE, f"{name}.json"), "w") as out:
                    out.write(said)


def answers():
    return [os.path.join(CACHE, name) for name in sorted(os.listdir(CACHE)) if name.endswith(".json")]


def forget_reads():
    """Marks all answers as never read; those that a whole run does not read are of goals that are no more."""
    for path in answers():
        os.utime(path, ns=(0, os.stat(path).st_mtime_ns))


def pack(whole):
    """Proofs alone: that a prover had no answer does not help a replay, and takes a third of the room. Of a whole run only
    what it has read or written; where the file system does not note reads (mount's noatime), that is too few: --replay tells."""
    with open(PACKED, "w") as out:
        for path in answers():
            if whole and os.stat(path).st_atime_ns == 0:
                continue
            said = " ".join(open(path).read().split())
            if '"valid"' in said:
                out.write(f"{os.path.basename(path)[:-5]}\t{said}\n")


def read_smoke():
    """{(file, function, kind, text of the line): how many}, of the code that is known to be dead"""
    lines = [line.rstrip("\n").split("\t") for line in open(SMOKE) if not line.startswith("#")]
    for columns in lines:
        if len(columns) != 6 or not all(columns):
            sys.exit(f"{SMOKE}: file, function, kind, line, how many, reason: {columns}")
    return {tuple(columns[:4]): int(columns[4]) for columns in lines}


def smoked(path, names, text, mark):
    """What is dead, by the text of its line: WP's numbers of statements change with every header."""
    dead, doomed = collections.Counter(), {}
    for goal, file, line in SMOKE_DEAD.findall(text):
        doomed[goal] = (os.path.relpath(file), int(line))
    for goal, (file, line) in doomed.items():
        name = owner(goal, names)
        kind = re.sub(r"wp_smoke_|_s\d+$", "", goal[len(name) + 1:])
        dead[path, name, kind, " ".join(open(file).read().split("\n")[line - 1].split())] += 1
    if set(SMOKE_FAILED.findall(text)) != set(doomed):
        return {"error": f"{text}\n{path}: dead code without a place"}
    goals = set(SMOKE_TEST.findall(text)) | set(doomed)
    rows = [[name, str(sum(owner(g, names) == name for g in goals)), str(sum(owner(g, names) == name for g in doomed))]
            for name in sorted(names)]
    return {"goals": len(goals), "proved": len(goals) - len(doomed), "open": sorted(doomed), "mark": mark, "dead": dead,
            "smoke": rows}


def judge_smoke(path, result, known):
    names = [row[0] for row in result["smoke"]]
    known = {key: n for key, n in known.items() if key[0] == path and key[1] in names}
    wrong = [f"{' '.join(key)}: dead {n} times, listed {known.get(key, 0)} times"
             for key, n in sorted(result["dead"].items()) if n != known.get(key, 0)]
    wrong += [f"{' '.join(key)}: listed, but not found dead" for key in sorted(known) if key not in result["dead"]]
    wrong += [f"{name}: no smoke test" for name, tests, _ in result["smoke"] if tests == "0"]
    return "\n".join(wrong) or None


def judge(path, result, table, whole):
    if "error" in result:
        lines = result["error"].splitlines()
        signs = [line for line in lines if any(sign in line for sign in LEFT_OUT)]
        return "\n".join([f"{path}: Frama-C failed or left something out", *signs, *lines[-8:]])
    if "smoke" in result:
        return judge_smoke(path, result, read_smoke())
    known = table[path].functions if path in table else {}
    fresh = [goal for goal in result["open"] if goal not in known_open(path, table)]
    wrong = [f"{path}: open: {' '.join(fresh)}"] * bool(fresh)
    wrong += [f"{path}: {name}: {row.goals} goals, where {known[name].goals} were"
              for name, (row, _, _) in result["rows"].items() if name in known and row.goals < known[name].goals]
    wrong += [f"{path}: {name} is in the table, but not in the file" for name in known
              if whole and name not in result["rows"]]
    return "\n".join(wrong) or None


def say(path, result):
    note = f"{len(result['open'])} open" if result["open"] else ""
    print(f"{path:26} {result['proved']:4} / {result['goals']:4}  {note}".rstrip(), flush=True)


def main():
    arguments = sys.argv[1:]
    mode = next((m for m in ("cold", "replay", "smoke") if f"--{m}" in arguments), "update")
    update = "--update" in arguments
    jobs = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else 2
    only = [a for i, a in enumerate(arguments) if not a.startswith("--") and arguments[i - 1] != "--jobs"]
    table, failures, total, proved, found, judged = read_table(), [], 0, 0, 0, 0
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    unpack()
    if update and not only and mode != "smoke":
        forget_reads()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # the longest first, so that no processor is left idle at the end
        work = [pool.submit(prove, path, only, mode, table) for path in sorted(sources(), key=lambda p: -goals(p, table))]
        for done in concurrent.futures.as_completed(work):
            path, result = done.result()
            if result is None:
                continue
            found += 1
            if "unclaimed" in result:
                print(f"{path:26} not in the table", flush=True)
                continue
            wrong = judge(path, result, table, not only or path in only)
            if "error" not in result:
                total += result["goals"]
                proved += result["proved"]
                say(path, result)
                if update and mode == "smoke" and not wrong and (not only or path in only):
                    write_rows(SMOKED, "file, SHA-256 of its text; below it its functions: smoke tests, of these dead; "
                               "made by prove.py --smoke --update",
                               {**read_rows(SMOKED), path: (result["mark"], result["smoke"])})
                elif update and mode != "smoke" and (not only or path in only):
                    table[path] = Proof(result["mark"], {name: row for name, (row, _, _) in result["rows"].items()})
                    write_table({**read_table(), path: table[path]})
                    write_provers(path, result)
                    wrong = None
            judged += 1
            if wrong:
                failures.append(wrong)
                print(wrong, flush=True)
    if not update and not only and mode != "smoke":
        gone = [path for path in table if path not in sources()]
        failures += gone
        for path in gone:
            print(f"{path}: in the table, but not a source")
    if update and mode != "smoke":
        pack(not only)
    print(f"proofs: {proved} of {total} {'smoke tests find no dead code' if mode == 'smoke' else 'goals'}; of the files:")
    print(f"{judged - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not found else 0


if __name__ == "__main__":
    sys.exit(main())
