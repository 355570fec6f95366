#!/usr/bin/env python3
"""Runs test programs, as many at once as there are processors, and adds up what they say.

    run.py PROGRAM...          cmocka programs: one line each, and all they said if one fails
    run.py --cuts check|full FLASHES SIGNATURE SANITIZED
                               power cuts and failures; each argument lists flashes (U-E-S) in one word

The numbers behind --stride and so on say at which operations the power is cut: 1 is every one.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import time

CUTS = "build/{}/e2e/{}/{}-{}"


def run(command):
    began = time.time()
    environment = dict(os.environ)
    if "/host-asan/" in command[0]:
        # second cuts of the units' tests: with the sanitizers only some
        environment.setdefault("SFU_CUT_STRIDE", "997")
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return command, done.returncode, done.stdout, time.time() - began


def all_of(commands, tell):
    """Runs them; answers how many failed."""
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for job in concurrent.futures.as_completed([pool.submit(run, command) for command in commands]):
            command, status, said, seconds = job.result()
            if status != 0:
                failed += 1
                print(said, end="")
                print(f"FAILED {' '.join(command)} (exit {status})", flush=True)
            else:
                tell(command, said, seconds)
    return failed


def talks(programs):
    passed = 0

    def tell(command, said, seconds):
        nonlocal passed
        names = re.findall(r"^\[       OK \] (\w+)", said, re.M)
        if not names:
            raise SystemExit(f"{command[0]} ran no test")
        passed += len(names)
        print(f"{command[0].removeprefix('build/')}: {len(names)} passed, {seconds:.1f} s", flush=True)

    failed = all_of([[program] for program in programs], tell)
    print(f"{passed} passed, {failed} programs failed")
    return failed


def by_unit(flash, strides):
    return str(strides[int(flash.split("-")[0])])


def cut_commands(full, flashes, signature, sanitized):
    """Small units need many more operations for the same bytes, hence the strides; that of the F407 is met everywhere."""
    single = {2: 11, 4: 5, 8: 3, 16: 1, 32: 1}
    large = {2: 1009, 4: 499, 8: 251, 16: 61, 32: 5}
    tears = {2: 16, 4: 8, 8: 4, 16: 2, 32: 1}
    for variant, check, names in (("host-asan", "seal", sanitized), ("host", "signature", signature),
                                  ("host", "seal", flashes)):
        slow = 7 if variant == "host-asan" else 3 if check == "signature" else 1
        for flash in names:
            program = CUTS.format(variant, check, "test_cuts", flash)
            unit = int(flash.split("-")[0])
            if full:
                strides = ["--stride", "1", "--large", "1" if unit == 32 else "7", "--double", "1" if unit == 32 else "101", "--seeds", "5"]
                yield [program, *strides]
                yield [CUTS.format(variant, check, "test_faults", flash), "--stride", "1"]
                continue
            f407 = flash.startswith("4-ff") and slow == 1
            command = [program, "--stride", str(1 if f407 else single[unit] * slow), "--large", str(large[unit] * slow)]
            if f407 or (unit == 32 and flash.split("-")[1] == "ff"):
                command += ["--double", str(61 if f407 else 5 * slow)]
            yield command
            yield [CUTS.format(variant, check, "test_faults", flash), "--stride", str(tears[unit] * slow)]


def cuts(full, flashes, signature, sanitized):
    counts = {"lives": 0, "cuts": 0, "failing calls": 0, "torn units": 0}

    def tell(command, said, seconds):
        last = said.strip().splitlines()[-1]
        for what in counts:
            counts[what] += sum(int(n) for n in re.findall(rf"(\d+) {what}", last))
        strides = " ".join(f"{name[2:]} {value}" for name, value in zip(command[1::2], command[2::2]))
        variant, _, check = command[0].split("/")[1:4]
        print(f"{last} [{variant} {check}; every: {strides}; {seconds:.1f} s]", flush=True)

    failed = all_of(list(cut_commands(full, flashes, signature, sanitized)), tell)
    print(", ".join(f"{n} {what}" for what, n in counts.items()) + f"; {failed} programs failed")
    if not all(counts.values()):
        raise SystemExit("something was not tried at all")
    return failed


def main(arguments):
    if len(arguments) == 5 and arguments[0] == "--cuts" and arguments[1] in ("check", "full"):
        return cuts(arguments[1] == "full", *[word.split() for word in arguments[2:]])
    if arguments and not arguments[0].startswith("-"):
        return talks(arguments)
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
