#!/usr/bin/env python3
"""Proves the core with Frama-C's WP, file by file, and compares with the committed table.

usage: prove.py [--cold | --replay | --changed] [--update] [--jobs N] [FUNCTION | FILE]...

proofs/goals.tsv says for each file how many goals there are, which are open, and of which text: a SHA-256 of
the file with all it includes, as the preprocessor leaves it, and of the prover's options. A run fails if
Frama-C fails or leaves something out, if there are fewer goals than the table says, or if a goal is open
that the table does not name.

  (nothing)  every goal, by the cache where it has it (build/proofs; at first proofs/cache.tsv)
  --cold     every goal, without the cache
  --replay   of the files in the table: by the cache alone, no prover runs; cold where the text is not the table's.
             Of a file that is not in the table nothing is claimed
  --update   writes the table anew, and proofs/cache.tsv with what the provers said
"""
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys

TABLE = "proofs/goals.tsv"
CACHE = "build/proofs"
PACKED = "proofs/cache.tsv"
OPTIONS = ["-c11", "-machdep", "gcc_x86_32", "-wp", "-wp-rte", "-warn-unsigned-overflow",
           "-warn-unsigned-downcast", "-warn-signed-downcast", "-wp-prover", "z3,cvc4",
           "-wp-steps", "4000000", "-wp-timeout", "20", "-wp-par", "1", "-wp-cache-env"]
# one goal for each way through branches that join again; elsewhere that only makes more of them
SPLIT = ("fsm/journal_append.c", "fsm/keys.c", "fsm/session_poll.c", "fsm/session_reply.c", "fsm/sfu.c")
# what Frama-C says when it goes on although a part was not looked at
LEFT_OUT = ("Non natural loop", "annot-error", "missing-spec", "Missing assigns", "No code nor")
PROVED = re.compile(r"Proved goals:\s+(\d+) / (\d+)")
OPEN = re.compile(r"\[(?:Failed|Timeout|Unknown|Stepout)\] Goal typed_(\w+)")


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
    return OPTIONS + ["-wp-split"] * (path in SPLIT)


def fingerprint(path):
    # -dD: the contracts use macros, which -E leaves alone in comments
    command = ["gcc", "-E", "-P", "-CC", "-dD", "-m32", "-D__FRAMAC__", "-D__FC_MACHDEP_X86_32",
               *includes(path).split(), path]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    return hashlib.sha256(text + " ".join(options(path)).encode()).hexdigest()


def frama_c(path, names, mode):
    command = ["frama-c", *options(path), f"-cpp-extra-args={includes(path)}", path, "-wp-fct", ",".join(names)]
    environment = dict(os.environ, FRAMAC_WP_CACHEDIR=os.path.abspath(CACHE),
                       FRAMAC_WP_CACHE={"cold": "none", "replay": "offline"}.get(mode, "update"))
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    return run.returncode, run.stdout + run.stderr


def prove(path, only, mode, table=None):
    names = [n for n in functions(path) if not only or n in only or path in only]
    if not names:
        return path, None
    mark = fingerprint(path)
    if mode == "replay" and path not in table:
        return path, {"unclaimed": True}
    if mode == "replay" and table[path][1] != mark:
        mode = "cold"
    status, text = frama_c(path, names, mode)
    proved = PROVED.search(text)
    if status != 0 or not proved or any(sign in text for sign in LEFT_OUT):
        return path, {"error": text}
    opened = sorted(set(OPEN.findall(text)))
    return path, {"goals": int(proved.group(2)), "proved": int(proved.group(1)), "open": opened, "mark": mark}


def read_table():
    table = {}
    if os.path.exists(TABLE):
        for line in open(TABLE):
            if not line.startswith("#"):
                path, goals, mark, opened = line.rstrip("\n").split("\t")
                table[path] = (int(goals), mark, opened.split())
    return table


def unpack():
    """What the provers said, as Frama-C wants it: a file for each goal, by the goal's hash."""
    os.makedirs(CACHE, exist_ok=True)
    if os.path.exists(PACKED):
        for line in open(PACKED):
            name, said = line.rstrip("\n").split("\t")
            if not os.path.exists(os.path.join(CACHE, f"{name}.json")):
                with open(os.path.join(CACHE, f"{name}.json"), "w") as out:
                    out.write(said)


def pack():
    names = sorted(name for name in os.listdir(CACHE) if name.endswith(".json"))
    with open(PACKED, "w") as out:
        for name in names:
            said = " ".join(open(os.path.join(CACHE, name)).read().split())
            out.write(f"{name[:-5]}\t{said}\n")


def write_table(table):
    with open(TABLE, "w") as out:
        out.write("# file, goals, SHA-256 of the text, open goals; made by proofs/prove.py --update\n")
        out.writelines(f"{p}\t{g}\t{m}\t{' '.join(o)}\n" for p, (g, m, o) in sorted(table.items()))


def judge(path, result, table, whole):
    if "error" in result:
        lines = result["error"].splitlines()
        signs = [line for line in lines if any(sign in line for sign in LEFT_OUT)]
        return "\n".join([f"{path}: Frama-C failed or left something out", *signs, *lines[-8:]])
    goals, _, known = table.get(path, (0, "", []))
    fresh = [g for g in result["open"] if g not in known]
    if fresh:
        return f"{path}: open: {' '.join(fresh)}"
    if result["goals"] - result["proved"] > len(result["open"]):
        return f"{path}: {result['goals'] - result['proved']} goals open, {len(result['open'])} named"
    if whole and result["goals"] < goals:
        return f"{path}: {result['goals']} goals, where {goals} were"
    return None


def say(path, result):
    note = f"{len(result['open'])} open" if result["open"] else ""
    print(f"{path:26} {result['proved']:4} / {result['goals']:4}  {note}".rstrip(), flush=True)


def main():
    arguments = sys.argv[1:]
    mode = next((m for m in ("cold", "replay") if f"--{m}" in arguments), "update")
    update = "--update" in arguments
    jobs = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else 2
    only = [a for i, a in enumerate(arguments) if not a.startswith("--") and arguments[i - 1] != "--jobs"]
    table, failures, total, proved, found, judged = read_table(), [], 0, 0, 0, 0
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    unpack()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        work = [pool.submit(prove, path, only, mode, table) for path in sources()]
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
                if update and (not only or path in only):
                    table[path] = (result["goals"], result["mark"], result["open"])
                    write_table(table)
                    wrong = None
            judged += 1
            if wrong:
                failures.append(wrong)
                print(wrong, flush=True)
    if not update and not only:
        gone = [path for path in table if path not in sources()]
        failures += gone
        for path in gone:
            print(f"{path}: in the table, but not a source")
    if update:
        pack()
    print(f"proofs: {proved} of {total} goals; of the files:")
    print(f"{judged - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not found else 0


if __name__ == "__main__":
    sys.exit(main())
