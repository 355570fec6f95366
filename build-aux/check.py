#!/usr/bin/env python3
"""Runs the checks one after the other and counts.

usage: check.py TARGET...

A check that talks to a program over a pty in real time can miss a deadline on a busy machine: one that fails is
run a second time, and the line says so. What fails twice has failed.

Each target's output is in build/check/TARGET.log; of a failed one the end is shown. The last line is the sum of
what the checks counted themselves; a check that counts nothing counts as one.
"""
import os
import re
import subprocess
import sys
import time

REAL_TIME = {"tool-check", "hsm-check", "board-check", "board-e2e-check", "port-check", "silicon-check"}

COUNTED = re.compile(r"^(?:[\w-]+: )?(\d+) passed, (\d+) (?:programs )?failed", re.M)
CMOCKA_PASSED = re.compile(r"^\[  PASSED  \] (\d+) test", re.M)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] (\d+) test", re.M)


def count(text, status):
    passed = sum(int(n) for n in CMOCKA_PASSED.findall(text))
    failed = sum(int(n) for n in CMOCKA_FAILED.findall(text))
    for good, bad in COUNTED.findall(text):
        passed, failed = passed + int(good), failed + int(bad)
    if status != 0:
        return passed, max(failed, 1)
    return (passed or 1), failed


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:90] if lines else ""


def first_failure(text):
    return next((line for line in text.splitlines() if "FAILED" in line), last_line(text))[:150]


def run(target):
    log = f"build/check/{target}.log"
    with open(log, "w") as out:
        status = subprocess.run(["make", "-s", "-j2", target], stdout=out, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL).returncode
    text = open(log, errors="replace").read()
    return text, *count(text, status)


def main():
    os.makedirs("build/check", exist_ok=True)
    total_passed = total_failed = 0
    for target in sys.argv[1:]:
        began = time.monotonic()
        text, passed, failed = run(target)
        if failed and target in REAL_TIME:
            print(f"again  {target:18} {time.monotonic() - began:5.0f} s  {first_failure(text)}", flush=True)
            text, passed, failed = run(target)
        total_passed, total_failed = total_passed + passed, total_failed + failed
        mark = "ok    " if failed == 0 else "FAILED"
        print(f"{mark} {target:18} {time.monotonic() - began:5.0f} s  {last_line(text)}", flush=True)
        if failed:
            print("\n".join(f"    {line}" for line in text.splitlines()[-25:]), flush=True)
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


if __name__ == "__main__":
    sys.exit(main())
