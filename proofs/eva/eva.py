#!/usr/bin/env python3
"""Runs Frama-C's Eva over the whole core, and demands that WP proves what it cannot show.

usage: eva.py [--update] [LAYOUT-CHECK]...

Each LAYOUT-CHECK is one build: a layout of port/stm32/layouts and a boot check (ab-seal if none is named). It starts
at sfu_main, with the port and BearSSL of this folder in place of the real ones. The core's contracts are left out: what
Eva says owes nothing to them.

Fails if there is an alarm that alarms.txt does not name, or if it names one that no build has any more; and if
proofs/goals.tsv does not have the goal of WP as proved that is the same obligation. --update writes the table anew; a
reason that was given is kept. The log of a run is build/eva/BUILD.log.
"""
import csv
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, "proofs")
import prove  # noqa: E402

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
         "remains": 60, "sfu_check_oem": 60, "sfu_check_read": 200, "sfu_store_read": 200, "recover": 100, "look": 100, "sfu_boot": 600,
         "sfu_boot_prepare": 200, "open_keys": 100,
         "copy_cell": 600, "read_cell": 60, "finish": 60, "find_keys": 60,
         "sfu_slot_confirmed": 300, "sfu_personalize_permit": 200,
         "classify": 100, "judge_trial": 50, "sfu_boot_check": 50, "sfu_boot_examine": 50}
# Where values that stand in a relation are followed one by one, or states come together before they multiply:
# {file: [(function, the line, what is put before it)]}. It changes how Eva goes about it, not what the code means.
APIECE = {
    "fsm/boot_prepare.c": [("look", "s->install[c->slot] = c->install;", "slevel merge;")],
    "fsm/slot.c": [("sfu_slot_confirmed", "if (sfu_port_flash_read(mailbox + i *", "slevel merge;")],
    "gen/link.c": [("sfu_link_send", "for (i = 0; i < 1 + size + 4u; i++)", "dynamic_split out.fill;"),
                   ("sfu_link_send", "for (i = 0; i < 1 + size + 4u; i++)", "loop unroll 1;")],
}
# Bytes that the port counted were written by it. WP knows of no others that may be read there: the caller gives their
# number as the size, and each access has to lie below that. So of these the goal is the access, not the initialization.
COUNTED = ("sfu_link_receive", "sfu_link_classify", "sfu_link_collect")
# of whose answers only SFU_OK and the rest are kept apart
# (their codes are more than the 8 values that Eva keeps one by one by itself: hence -eva-ilevel)
OK = 0x3C3C3C3C
STATUS = """sfu_boot_check sfu_boot_examine sfu_boot_prepare open_keys recover sfu_journal_load sfu_journal_append sfu_journal_format
    sfu_check_slot sfu_check_oem sfu_check_read sfu_check_pass sfu_manifest_authentic sfu_manifest_meant
    sfu_manifest_fits sfu_personalize_permit sfu_personal_receipt open_master""".split()
OPTIONS = ["-c11", "-machdep", "gcc_x86_32", "-main", "sfu_main", "-warn-unsigned-overflow",
           "-warn-unsigned-downcast", "-warn-signed-downcast", "-eva", "-eva-slevel", "20", "-eva-slevel-function",
           ",".join([f"{f}:0" for f in JOINED] + [f"{f}:{n}" for f, n in APART.items()]),
           "-eva-auto-loop-unroll", "300", "-eva-split-return", "full",
           "-eva-split-return-function", ",".join(f"{f}:{OK}" for f in STATUS),
           "-eva-domains", "symbolic-locations,equality,octagon", "-eva-print-callstacks",
           "-eva-ilevel", "64", "-eva-msg-key=-final-states"]


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


def core_caller(stack):
    """Of the frames of a callstack, inside out: the first function of the core, its file, and what it calls there."""
    frames = re.findall(r"(\w+) :: (\S+):\d+ <-\s+(\w+)", re.sub(r"(?<=<-)(\s+\w+)(?= ::)", r"\1\n\1", stack))
    for callee, file, caller in frames:
        if not file.startswith("proofs/eva/"):
            return file, re.sub(r"_\d+$", "", caller), callee.replace("br_sha224", "br_sha256")
    sys.exit(f"no function of the core in this callstack:\n{stack}")


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
    alarms, models = set(), 0
    with open(table) as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            if row["status"] == "Valid" or row["directory"].startswith("FRAMAC_SHARE"):
                continue
            if row["directory"] == "proofs/eva":
                models += 1  # what the core gives to a model: by the callstacks, below
            else:
                text = " ".join(row["property"].split())
                alarms.add(f"{row['directory']}/{row['file']} {row['function']} {row['property kind']}: {text}")
    stacks = re.findall(r"^\[eva:alarm\] proofs/eva/.*\n(?:.*\n)*?  stack: ((?:.*<-.*\n)+)", said, re.M)
    if models and not stacks:
        sys.exit(f"{build}: alarms in the models, but no callstacks")
    alarms |= {"{} {} call: {}".format(*core_caller(stack)) for stack in stacks}
    return alarms, re.findall(r".*(?:functions analyzed|statements reached).*", said)


def goal(alarm):
    """The file, and what WP's goals for the same obligation begin with."""
    where, _, text = alarm.partition(": ")
    path, function, kind = where.split(" ", 2)
    if kind == "call":
        return path, f"{function}_call_{text}_"
    if kind == "initialization" and function in COUNTED:
        kind = "mem_access"
    return path, f"{function}_assert_rte_{kind}"


def unproved(alarm, proofs):
    """Why an alarm is not answered by a proof, or nothing."""
    path, goals = goal(alarm)
    function = alarm.split()[1]
    if goals.endswith("initialization"):
        return "WP says nothing of initialization"
    if path not in proofs or function not in proofs[path].functions:
        return f"{prove.TABLE} has no {function} of {path}"
    opened = [g for g in proofs[path].functions[function].open if g.startswith(goals)]
    return f"open: {' '.join(opened)}" if opened else ""


def read_table():
    """{alarm: reason}"""
    table = {}
    if os.path.exists(TABLE):
        for line in open(TABLE):
            if line.strip() and not line.startswith("#"):
                alarm, *_, reason = [part.strip() for part in line.split(" | ")]
                table[alarm] = reason
    return table


def write_table(alarms, table):
    with open(TABLE, "w") as out:
        out.write("# Alarms of Eva; the goals of WP that prove the same; and what Eva does not relate (README.md); made by\n"
                  "# proofs/eva/eva.py --update, but for the last\n")
        out.writelines(f"{alarm} | {goal(alarm)[1]} | {table.get(alarm, 'NOT YET LOOKED AT')}\n" for alarm in sorted(alarms))


def main():
    builds = [a for a in sys.argv[1:] if not a.startswith("--")] or list(BUILDS)
    table, found, wrong = read_table(), set(), []
    for build in builds:
        began = time.time()
        alarms, coverage = analyse(build)
        found |= alarms
        print(f"{build}: {len(alarms)} alarms, {time.time() - began:.0f} s")
        print("\n".join("  " + " ".join(line.split()) for line in coverage), flush=True)
    if "--update" in sys.argv:
        write_table(found if set(builds) == set(BUILDS) else found | set(table), table)
        table = read_table()
    proofs = prove.read_table()
    wrong += [f"not in {TABLE}: {alarm}" for alarm in sorted(found - set(table))]
    if set(builds) == set(BUILDS):
        wrong += [f"no alarm any more: {alarm}" for alarm in sorted(set(table) - found)]
    left = {alarm: unproved(alarm, proofs) for alarm in sorted(found) if unproved(alarm, proofs)}
    wrong += [f"alarm: {alarm}: {why}" for alarm, why in left.items()]
    wrong += [f"{TABLE}: no reason is given: {alarm}" for alarm, reason in table.items() if reason == "NOT YET LOOKED AT"]
    print("\n".join(wrong) if wrong else "", end="\n" * bool(wrong))
    stale = sorted({goal(alarm)[0] for alarm in found if goal(alarm)[0] in proofs
                    and proofs[goal(alarm)[0]].mark != prove.fingerprint(goal(alarm)[0])})
    if stale:
        print(f"of another text than {prove.TABLE}, so `make prove-replay` has to prove them anew: {' '.join(stale)}")
    print(f"eva: {len(found)} alarms, {len(found) - len(left)} of them proved by WP, {len(left)} left")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
