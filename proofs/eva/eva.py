#!/usr/bin/env python3
"""Runs Frama-C's Eva over the whole core, and compares its alarms with proofs/eva/alarms.txt.

usage: eva.py [--update] [LAYOUT-CHECK]...

Each LAYOUT-CHECK is one build: a layout of port/stm32/layouts and a boot check (ab-seal if none is named). It starts
at sfu_main, with the port and the cryptography of this folder in place of the real ones. The core's contracts are
left out: what Eva says owes nothing to them.

Fails if there is an alarm that alarms.txt does not name, or if it names one that no build has any more. --update
writes the table anew; a reason that was given is kept. The log of a run is build/eva/BUILD.log.
"""
import csv
import os
import re
import subprocess
import sys
import time

TABLE = "proofs/eva/alarms.txt"
WORK = "build/eva"
MODELS = ("proofs/eva/port.c", "proofs/eva/bearssl.c")
BUILDS = ("ab-seal",)
INCLUDES = ["-Ifsm", "-Igen", "-Iport", "-Icrypto", "-Ispec", "-Iport/stm32", "-Ibuild/deps/bearssl/inc", "-nostdinc"]
# What decides on more than its own memory: states that come together there are joined, or they multiply.
JOINED = """serve sfu_session_poll poll_ymodem poll_frame take_block assembled step settle sfu_session_step
    sfu_session_offer sfu_session_record sfu_session_finish sfu_session_quit sfu_upgrade_offer sfu_upgrade_record
    sfu_upgrade_finish sfu_upgrade_leave sfu_upgrade_step sfu_upgrade_begin sfu_upgrade_resume sfu_upgrade_store
    cross start append_progress forget_checkpoints sfu_boot_failure sfu_journal_append
    close_page program sfu_store_begin sfu_store_commit sfu_store_secure sfu_store_retire sfu_journal_format
    sfu_boot_step set_slot revert""".split()
# and where they are kept apart for longer than elsewhere
APART = {"put": 8, "move": 8, "conclude": 10, "generation_of": 200, "sfu_keys_load": 60, "find_cell": 60,
         "remains": 60, "sfu_check_oem": 60, "sfu_store_read": 200, "recover": 100, "look": 100, "sfu_boot": 600,
         "sfu_boot_prepare": 200, "open_keys": 100,
         "copy_cell": 600, "read_cell": 60, "finish": 60, "find_keys": 60,
         "classify": 100, "judge_trial": 50, "examine": 50}
# Where values that stand in a relation are followed one by one: {file: [(function, the line, what is put before it)]}.
# It changes how Eva goes about it, not what the code means.
APIECE = {
    "gen/link.c": [("sfu_link_send", "for (i = 0; i < 1 + size + 4u; i++)", "dynamic_split out.fill;"),
                   ("sfu_link_send", "for (i = 0; i < 1 + size + 4u; i++)", "loop unroll 1;")],
    "fsm/boot_run.c": [("sfu_boot", "for (i = 0; i < 10u; i++) {", "dynamic_split d->boot.state;"),
                       ("sfu_boot", "for (i = 0; i < 10u; i++) {", "dynamic_split d->boot.good;"),
                       ("sfu_boot", "for (i = 0; i < 10u; i++) {", "dynamic_split d->boot.candidate;")],
}
# of whose answers only SFU_OK and the rest are kept apart
OK = 0x3C3C3C3C
STATUS = """examine sfu_boot_prepare open_keys recover sfu_journal_load sfu_journal_append sfu_journal_format
    sfu_check_slot sfu_check_oem sfu_check_read sfu_manifest_authentic sfu_manifest_meant sfu_check_pass""".split()
OPTIONS = ["-c11", "-machdep", "gcc_x86_32", "-main", "sfu_main", "-warn-unsigned-overflow",
           "-warn-unsigned-downcast", "-warn-signed-downcast", "-eva", "-eva-slevel", "20", "-eva-slevel-function",
           ",".join([f"{f}:0" for f in JOINED] + [f"{f}:{n}" for f, n in APART.items()]),
           "-eva-auto-loop-unroll", "300", "-eva-split-return", "full",
           "-eva-split-return-function", ",".join(f"{f}:{OK}" for f in STATUS),
           "-eva-domains", "symbolic-locations,equality,octagon", "-eva-print-callstacks",
           "-eva-msg-key=-final-states"]


def share():
    run = subprocess.run(["frama-c", "-print-share-path"], capture_output=True, text=True, check=True)
    return run.stdout.strip() + "/libc"


def sources(layout, check):
    """Of one build: the machines' C and the core's, one boot check, the layout; then the models."""
    made = f"{WORK}/{layout}.c"
    subprocess.run([sys.executable, "build-aux/layout.py", f"port/stm32/layouts/f407-{layout}.layout", "--c", made],
                   check=True)
    files = [f"gen/{f}" for f in sorted(os.listdir("gen")) if f.endswith(".c")]
    files.append("crypto/crypto.c")
    files += [f"fsm/{f}" for f in sorted(os.listdir("fsm")) if f.endswith(".c") and not f.startswith("check_")]
    return [*files, f"fsm/check_{check}.c", made, *MODELS]


def preprocessed(build, files):
    """The same text without comments, and so without contracts; the model's own one comes from Frama-C."""
    folder = f"{WORK}/{build}"
    os.makedirs(folder, exist_ok=True)
    made = [f"{folder}/builtin.c"]
    with open(made[0], "w") as out:
        out.write('#include "__fc_builtin.h"\n')
    for file in files:
        made.append(f"{folder}/{file.replace('/', '_')[:-2]}.i")
        subprocess.run(["gcc", "-E", "-m32", "-D__FRAMAC__", "-D__FC_MACHDEP_X86_32", *INCLUDES, f"-I{share()}", file,
                        "-o", made[-1]], check=True)
        for function, line, clause in APIECE.get(file, []):
            annotate(made[-1], function, line, clause)
    return made


def annotate(path, function, line, clause):
    """Puts an annotation before a line of a function, of which there must be one."""
    text = open(path).read()
    begin = re.search(rf"^[\w *]*\b{function}\([^;{{]*\)\n(?:# .*\n)*\{{", text, re.M)
    if not begin:
        sys.exit(f"{path}: no function {function}")
    end = text.index("\n}", begin.end())
    body, found = re.subn(rf"^(\s*(?:/\*@.*?\*/\s*)*)({re.escape(line)})", lambda m: f"{m[1]}/*@ {clause} */ {m[2]}",
                          text[begin.end():end], flags=re.M)
    if found != 1:
        sys.exit(f"{path}: {function}: {found} times in place of once: {line}")
    with open(path, "w") as out:
        out.write(text[:begin.end()] + body + text[end:])


def analyse(build):
    """(alarms as "file function kind: property", what Eva says of coverage) of a build."""
    layout, check = build.split("-")
    os.makedirs(WORK, exist_ok=True)
    files = preprocessed(build, sources(layout, check))
    table, log = f"{WORK}/{build}.csv", f"{WORK}/{build}.log"
    with open(log, "w") as out:
        run = subprocess.run(["frama-c", *OPTIONS, f"-cpp-extra-args=-nostdinc -I{share()}", *files, "-metrics",
                              "-metrics-eva-cover", "-then", "-report-csv", table], stdout=out,
                             stderr=subprocess.STDOUT)
    said = open(log).read()
    summary = re.search(r"statements reached \(out of.*", said)
    if run.returncode != 0 or not summary:
        sys.exit(f"{build}: Frama-C failed, see {log}\n" + said[-600:])
    alarms = set()
    with open(table) as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            if row["status"] != "Valid" and not row["directory"].startswith("FRAMAC_SHARE"):
                text = " ".join(row["property"].split())
                alarms.add(f"{row['directory']}/{row['file']} {row['function']} {row['property kind']}: {text}")
    return alarms, re.findall(r".*(?:functions analyzed|statements reached).*", said)


def read_table():
    """{alarm: reason}"""
    table = {}
    if os.path.exists(TABLE):
        for line in open(TABLE):
            if line.strip() and not line.startswith("#"):
                alarm, _, reason = line.rstrip("\n").partition(" | ")
                table[alarm] = reason
    return table


def write_table(alarms, table):
    with open(TABLE, "w") as out:
        out.write("# Alarms of Eva, and why each is false (README.md); made by proofs/eva/eva.py --update\n")
        out.writelines(f"{alarm} | {table.get(alarm, 'NOT YET LOOKED AT')}\n" for alarm in sorted(alarms))


def main():
    builds = [a for a in sys.argv[1:] if not a.startswith("--")] or list(BUILDS)
    table, found, failed = read_table(), set(), 0
    for build in builds:
        began = time.time()
        alarms, coverage = analyse(build)
        found |= alarms
        print(f"{build}: {len(alarms)} alarms, {time.time() - began:.0f} s")
        print("\n".join("  " + " ".join(line.split()) for line in coverage), flush=True)
    if "--update" in sys.argv:
        write_table(found if set(builds) == set(BUILDS) else found | set(table), table)
        return 0
    for alarm in sorted(found - set(table)):
        failed += 1
        print(f"not in {TABLE}: {alarm}")
    for alarm in sorted(set(table) - found) if set(builds) == set(BUILDS) else []:
        failed += 1
        print(f"no alarm any more: {alarm}")
    print(f"eva: {len(found)} alarms, {len(set(table) & found)} of them known")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
