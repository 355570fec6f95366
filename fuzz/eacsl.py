#!/usr/bin/env python3
"""The contracts as an oracle: eacsl.py translate TARGET OUT.c | check BUILD TARGET... | update BUILD TARGET...

Frama-C's E-ACSL writes a target's core with its contracts as checks that run: before and after each call, in each turn of a
loop, at each assertion. What it cannot translate it says; fuzz/contracts.tsv counts it for each target, and `check`, which
runs the corpora, fails where that is not what it said. `update` writes the table anew.

Debian's Frama-C has the plug-in and its library, and not the script that puts them together.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, "proofs")
import prove

TABLE = pathlib.Path("fuzz/contracts.tsv")
# of each target what is translated: files of the core, and of the target what hands its memory to them
BYTES = ["fsm/bytes.c", "fsm/crc.c"]
CORE = {
    "link": ["gen/link.c", *BYTES],
    "ymodem": ["gen/ymodem.c", *BYTES],
    "manifest": ["fsm/manifest.c", "fsm/authority.c", "fsm/config.c", "fsm/digest.c", *BYTES],
    "journal": ["gen/journal.c", "fsm/journal_append.c", "fsm/journal_cell.c", "fsm/store.c", "fsm/layout.c", *BYTES],
    "records": [f"fsm/{name}.c" for name in "layout slot manifest authority config digest".split()] + BYTES,
}
# files of the core whose contracts are not checked here, and which hand their memory to those above
CALLERS = {
    "records": [f"fsm/{name}.c" for name in "boot_prepare boot_run check check_seal journal_append journal_cell keys session_poll "
                "session_reply store sfu upgrade_events upgrade_flash personalize_events personalize_keys".split()]
               + [f"gen/{name}.c" for name in "boot journal link personalize session upgrade ymodem".split()],
}
HARNESS = {"link": ["fuzz/grammar.c"], "ymodem": ["fuzz/grammar.c"]}
# functions whose contracts are not checked, and why
LEFT_OUT = {
    "sfu_link_quiet": "a predicate of the same name: E-ACSL gives both the same name in C",
    "generation_of": "E-ACSL frees what it has not allocated, for what is old below a quantifier",
    "sfu_pass_image": "E-ACSL itself fails on flash as the proofs know it, below a quantifier or in a predicate",
    "sfu_slot_vector": "the same",
    "sfu_slot_confirmed": "the same",
    "sfu_journal_append": "E-ACSL copies an array by an assignment, which is no C",
    "sfu_journal_format": "E-ACSL copies an array by an assignment, which is no C",
}
INCLUDES = "-Ifsm -Igen -Iport -Icrypto -Ispec -Ifuzz -Iport/host -Itests/e2e -Ibuild/deps/bearssl/inc -D_DEFAULT_SOURCE " \
    "-idirafter /usr/include"
# ghost arguments, and calls of ghost functions, which have no body: E-ACSL makes C of them that does not compile
GHOST_ARGUMENT = re.compile(r"/\*@ ghost \([^)]*\) \*/")
GHOST_CALL = r"/\*@ ghost (?:if \([^;]*\) )?(?:%(n)s)\([^;]*\);\s*\*/|//@ ghost (?:if \([^;]*\) )?(?:%(n)s)\([^;\n]*\);"
# a check, with the text of its clause; those of the world as a ghost, whose value nothing keeps up to date
CHECK = re.compile(r'\.blocking = 1;(\s*\S+\.kind = "(\w+)";\s*\S+\.pred_txt = ("[^;]*(?:;[^;=]*)*?");\n)')
WORLD = re.compile(r"\bsfu_(?:flash|chip|line)\b")
IGNORED = re.compile(r"^\[e-acsl\] \S+ Warning: *\n((?:  .*\n)*?)  Ignoring annotation\.", re.M)


def ghosts():
    text = "".join(path.read_text() for folder in ("fsm", "crypto") for path in sorted(pathlib.Path(folder).glob("*.[ch]")))
    return sorted(set(re.findall(r"@/\s+void (sfu_\w+)\(", text)))


def preprocess(name, out, *arguments):
    """What Frama-C reads in place of a source: gcc's -E, without those ghosts."""
    text = subprocess.run(["gcc", "-E", "-C", *arguments, name], capture_output=True, text=True, check=True).stdout
    text = re.sub(GHOST_CALL % {"n": "|".join(ghosts())}, "", GHOST_ARGUMENT.sub("", text))
    pathlib.Path(out).write_text(text)


def count(text):
    """The text with the checks of the world switched off, and how many checks are left, and are not."""
    kinds = collections.Counter()

    def judge(found):
        off = WORLD.search(found[3]) is not None
        kinds[found[2] == "RTE", off] += 1
        return f".blocking = {int(not off)};{found[1]}"

    text, seen = CHECK.subn(judge, text)
    calls = len(re.findall(r"^\s+__e_acsl_assert\(", text, re.M))
    if seen != calls:
        sys.exit(f"eacsl.py: {seen} checks are understood of {calls}")
    return text, kinds[False, False], kinds[False, True]


def reason(said):
    said = " ".join(said.split())
    if "assigns" in said:
        return "assigns"
    if "quantification" in said or "guard" in said:
        return "quantification without a range that E-ACSL understands"
    found = re.search(r"construct `(.*?)' is not", said)
    return re.sub("^predicate with", "predicates with", found[1]) if found else said


def translate(target, out):
    core = CORE[target]
    names = [name for path in core for name in prove.functions(path) if name not in LEFT_OUT]
    command = ["frama-c", "-c11", "-machdep", "gcc_x86_64", "-variadic-no-translation", f"-cpp-extra-args={INCLUDES}",
               "-cpp-command", f"python3 {sys.argv[0]} preprocess %i %o %args", "-cpp-frama-c-compliant",
               "-kernel-warn-key", "annot-error=active",
               "fuzz/fuzz.c", "fuzz/contracts.c", f"fuzz/{target}.c", *HARNESS.get(target, []),
               *CALLERS.get(target, []), *core,
               "-e-acsl", "-e-acsl-functions", ",".join(names), "-then-last", "-print", "-ocode", out]
    # Frama-C takes relative paths from $PWD, which who changes the directory may not have changed
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PWD": os.getcwd()})
    said = done.stdout + done.stderr
    # the port's erase has a ghost argument
    known = said.count("Ignoring specification of function sfu_port_flash_erase\n")
    if done.returncode != 0 or "translation done" not in said or said.count("[kernel:annot-error]") != known:
        sys.exit(f"eacsl.py: {target}: Frama-C failed\n{said[-2000:]}")
    made = pathlib.Path(out)
    text, checked, off = count(made.read_text())
    made.write_text(text)
    left = collections.Counter(reason(text) for text in IGNORED.findall(said))
    left["functions left out"] = sum(name in LEFT_OUT for path in core for name in prove.functions(path))
    left["of flash, chip or line as one value of the proofs"] = off
    rows = [("checked", checked), *sorted(left.items())]
    made.with_suffix(".tsv").write_text("".join(f"{target}\t{what}\t{n}\n" for what, n in rows if n))


def run(build, target):
    cases = [str(path) for folder in ("fuzz/corpus", "fuzz/regressions")
             for path in sorted((pathlib.Path(folder) / target).glob("*"))]
    done = subprocess.run([f"{build}/{target}", *cases], capture_output=True, text=True)
    print(f"{target:10} {(done.stdout.strip() or done.stderr.strip())}", flush=True)
    return done.returncode == 0 and len(cases) > 0


def main():
    if sys.argv[1] in ("translate", "preprocess"):
        return {"translate": translate, "preprocess": preprocess}[sys.argv[1]](*sys.argv[2:])
    build, targets = sys.argv[2], sys.argv[3:]
    said = "".join((pathlib.Path(build) / f"{target}.tsv").read_text() for target in targets)
    if sys.argv[1] == "update":
        TABLE.write_text("# of each target: clauses that are checked, and why others are not; made by eacsl.py update\n" + said)
        return 0
    failed = [target for target in targets if not run(build, target)]
    if said != "".join(line for line in TABLE.read_text().splitlines(True) if not line.startswith("#")):
        failed.append(str(TABLE))
        print(f"{TABLE} is not what E-ACSL said: eacsl.py update")
    print(f"eacsl: {len(targets)} targets, {len(failed)} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
