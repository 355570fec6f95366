#!/usr/bin/env python3
"""Runs the programs under valgrind: run.py PROGRAM...

Each must be without an error, and must have one when it is told to leak. What secrets.supp excuses is counted, and an
excuse that is not needed is an error."""
import pathlib
import re
import subprocess
import sys

SUPPRESSIONS = pathlib.Path(__file__).with_name("secrets.supp")


def run(program, *arguments):
    command = ["valgrind", "-q", "-s", "--error-exitcode=99", f"--suppressions={SUPPRESSIONS}", "--read-var-info=no", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    used = dict(re.findall(r"used_suppression:\s+(\d+) (\S+)", done.stderr))
    return done.returncode, done.stdout, done.stderr, {name: int(count) for count, name in used.items()}


def main():
    names = set(re.findall(r"^\{\n\s*(\S+)", SUPPRESSIONS.read_text(), re.M))
    used, failed = set(), 0
    for program in sys.argv[1:]:
        status, said, errors, excused = run(program)
        used |= set(excused)
        leaks = run(program, "--leak")[0]
        good = status == 0 and leaks == 99
        failed += not good
        print(f"{'ok    ' if good else 'FAILED'} {program.removeprefix('build/')}: {said.strip()}"
              f"; excused: {', '.join(f'{name} {count}' for name, count in sorted(excused.items())) or 'nothing'}")
        if leaks != 99:
            print(f"    a branch on a key is not noticed (status {leaks})")
        if status != 0:
            print("\n".join(f"    {line}" for line in errors.splitlines()[:60]))
    for name in sorted(names - used):
        failed += 1
        print(f"FAILED secrets.supp: {name} is not needed")
    print(f"{max(0, len(sys.argv) - 1 - failed)} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
