#!/usr/bin/env python3
"""The checks on the proofs refuse what they must: each case spoils a copy of the tree in one place, and names what the
check has to say. From the root of the tree."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path[:0] = ["proofs", "proofs/eva"]
import eva  # noqa: E402
import prove  # noqa: E402

PARTS = ("spec", "fsm", "gen", "crypto", "port", "proofs", "tests", "tools", "build-aux", "README.md")

# file, what is there, what comes in its place, what the check must say
PAPER = [
    ("fsm/crc.h", "axiomatic Crc {", "axiomatic Crd {", "does not name Crd, fsm/crc.h (axiomatic)"),
    ("fsm/crc.h", "axiomatic Crc {", "axiomatic Crd {", "Crc is not trusted, or not there"),
    ("fsm/crc.h", "      logic integer sfu_crc32_of", "      axiom zero: 0 == 1;\n      logic integer sfu_crc32_of",
     "does not name zero, fsm/crc.h (axiom)"),
    ("fsm/store.h", "void sfu_units_met(", "void sfu_units_seen(", "does not name sfu_units_seen, fsm/store.h (ghost function)"),
    ("port/port.h", "void sfu_port_kick(void);", "void sfu_port_kick(void);\nvoid sfu_port_shout(void);",
     "does not name sfu_port_shout"),
    ("proofs/bearssl.h", "void br_sha256_out(", "void br_sha256_give(", "does not name br_sha256_give"),
    ("fsm/bytes.h", "/*@ requires ", "/*@ admit requires ", "fsm/bytes.h: `admit`"),
    ("proofs/ledger.md", "t24_the_clock_wraps", "t24_the_clock_stops", "has no test t24_the_clock_stops"),
    ("proofs/ledger.md", "tests/board_e2e/lives.py:life", "tests/board_e2e/none.py:life", "there is no test"),
    ("spec/requirements.md", "| C6, T02 |", "| T02 |", "C6: no requirement names it"),
    ("spec/requirements.md", "`fsm/sfu.c:sfu_main`", "`spec/formats.md`", "fsm/sfu.c: sfu_main serves no requirement"),
    ("proofs/attacks.txt", " | C3 | ", " | C4 | ", "C3: no attack on it"),
    ("proofs/attacks.txt", " | C3 | ", " | C30 | ", "C30 is no claim"),
    ("fsm/bytes.c", "i < size", "size > i", "attack copy-one-too-many: changes nothing in fsm/bytes.c"),
    ("spec/threats.md", "no claim: counting devices", "counting devices", "M, counting devices: neither a claim"),
    ("proofs/goals.tsv", "\tsfu_copy\t", "\tsfu_copy\t1", "proofs/PROOFS.md is not what its sources make"),
    ("proofs/goals.tsv", "\tsfu_manifest_fits\t", "\tsfu_manifest_fits\t1", "proofs/TRACE.md is not what its sources make"),
]

ROW = prove.Row
TABLE = {"a.c": prove.Proof("mark", {"one": ROW(3, []), "two": ROW(2, ["two_ensures_x"])})}


def result(**rows):
    rows = {name: (ROW(*row), {}, 0.0) for name, row in rows.items()}
    return {"rows": rows, "open": [goal for row, _, _ in rows.values() for goal in row.open]}


# what was proved, of the whole file or not, and what must be said; None: nothing
FLOORS = [
    (result(one=(3, []), two=(2, ["two_ensures_x"])), True, None),
    (result(one=(4, []), two=(2, [])), True, None),
    (result(one=(2, []), two=(3, [])), True, "one: 2 goals, where 3 were"),
    (result(one=(3, []), two=(0, [])), True, "two: 0 goals, where 2 were"),
    (result(one=(3, [])), True, "two is in the table, but not in the file"),
    (result(one=(3, [])), False, None),
    (result(one=(2, [])), False, "one: 2 goals, where 3 were"),
    (result(one=(3, ["one_assigns"]), two=(2, [])), True, "open: one_assigns"),
]

# contracts and code that nothing can reach
SMOKE = [
    ("fsm/bytes.h", "/*@ requires write: \\valid(to + (0 .. size - 1)) && \\valid_read",
     "/*@ requires not: size > 5 && size < 3;\n    requires write: \\valid(to + (0 .. size - 1)) && \\valid_read",
     "fsm/bytes.c sfu_copy default_requires"),
    ("fsm/bytes.c", "loop invariant filled:", "loop invariant not: i > size;\n\t    loop invariant filled:",
     "fsm/bytes.c sfu_fill dead_loop"),
    ("fsm/bytes.c", "{\n\treturn p[0] + 256u * p[1];", "{\n\tif (p[0] > 255)\n\t\treturn 0;\n\treturn p[0] + 256u * p[1];",
     "fsm/bytes.c sfu_get16 dead_code return 0;"),
    ("proofs/smoke.tsv", "#", "fsm/bytes.c\tsfu_fill\tdead_code\tto[i] = value;\t1\tno reason\n#", "listed, but not found dead"),
]


# events that come of functions that the order's proof does not look at
ORDER = [
    ("proofs/c5/session_order.c", "/* beyond sfu_session_quit: sfu_upgrade_leave; */", "", "session_order",
     "sfu_session_quit is not looked at, and calls sfu_upgrade_leave"),
    ("proofs/c5/session_order.c", "/* beyond sfu_session_quit: sfu_upgrade_leave; */",
     "/* beyond sfu_session_quit: sfu_upgrade_leave sfu_port_reset; */", "session_order",
     "sfu_session_quit is listed as calling sfu_port_reset"),
    ("fsm/boot_prepare.c", "uint32_t sfu_boot_locked(void)\n{", "uint32_t sfu_boot_locked(void)\n{\n\t(void)sfu_keys_replace(0, 0);",
     "personal_order", "sfu_boot_locked is not looked at, and calls sfu_keys_replace"),
]

# alarms of Eva, what is open of WP's goals, and whether the alarm is answered
ALARMS = [
    ("a.c one unsigned_overflow: i + 1 \u2264 4294967295", [], True),
    ("a.c one unsigned_overflow: i + 1 \u2264 4294967295", ["one_assert_rte_unsigned_overflow_2"], False),
    ("a.c one unsigned_overflow: i + 1 \u2264 4294967295", ["one_assert_rte_mem_access"], True),
    ("a.c one initialization: \\initialized(p + 0)", [], False),
    ("a.c one call: sfu_port_tx", [], True),
    ("a.c one call: sfu_port_tx", ["one_call_sfu_port_tx_requires_read"], False),
    ("a.c two unsigned_overflow: i + 1 \u2264 4294967295", [], False),
    ("b.c one unsigned_overflow: i + 1 \u2264 4294967295", [], False),
]


@contextlib.contextmanager
def spoilt(file, old, new):
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            (shutil.copytree if os.path.isdir(part) else shutil.copy)(part, os.path.join(folder, part))
        os.makedirs(os.path.join(folder, "build"))
        os.symlink(os.path.abspath("build/deps"), os.path.join(folder, "build/deps"))
        path = pathlib.Path(folder, file)
        text = path.read_text()
        assert old in text, f"{file} has no `{old}`"
        path.write_text(text.replace(old, new))
        yield folder


def said(folder, *command):
    run = subprocess.run([sys.executable, *command], cwd=folder, env=dict(os.environ, PWD=folder), capture_output=True,
                         text=True)
    return run.returncode, run.stdout + run.stderr


def main():
    failed = []

    def expect(what, holds, more):
        if not holds:
            failed.append(what)
            print(f"FAILED {what}: {more}")

    for file, old, new, words in PAPER:
        with spoilt(file, old, new) as folder:
            status, text = said(folder, "proofs/paper.py", "--check")
        expect(f"paper, {file}: {words}", status == 1 and words in text, text)
    for number, (proved, whole, words) in enumerate(FLOORS):
        answer = prove.judge("a.c", proved, TABLE, whole)
        expect(f"floor {number}", answer is None if words is None else words in (answer or ""), answer)
    for file, old, new, words in SMOKE:
        with spoilt(file, old, new) as folder:
            status, text = said(folder, "proofs/prove.py", "--smoke", "--jobs", "1", "fsm/bytes.c")
        expect(f"smoke, {file}: {words}", status == 1 and words in text, text)
    for file, old, new, name, words in ORDER:
        with spoilt(file, old, new) as folder:
            status, text = said(folder, "proofs/c5/prove.py", "--changed", name)
        expect(f"order, {file}: {words}", status == 1 and words in text, text)
    for alarm, opened, answered in ALARMS:
        why = eva.unproved(alarm, {"a.c": prove.Proof("mark", {"one": ROW(3, opened)})})
        expect(f"alarm, {alarm}, open {opened}", answered == (not why), why)
    count = len(PAPER) + len(FLOORS) + len(SMOKE) + len(ORDER) + len(ALARMS)
    print(f"proofs-lint: {count - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
