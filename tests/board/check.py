#!/usr/bin/env python3
"""Checks of the emulated board. usage: check.py BOARD BLINKY_ELF"""
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import tty

BOARD, ELF = (os.path.abspath(p) for p in sys.argv[1:3])
NAMES = ("counts clock flash ram_erase double wrong_key busy psize locked_cr no_pg row protected clock_off work "
         "look iwdg soft_reset power exceptions psp fp lockup asleep echo dma rng button inject speed options storm code wfe ecc").split()
S2, S5 = 0x08008000, 0x08020000
passed, failed = 0, 0


def check(what, holds, more=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print("FAILED: %s %s" % (what, more))


def board(*args, **kw):
    return subprocess.run([BOARD, *args], capture_output=True, text=True, timeout=60, **kw)


def program(name, *options):
    with open("case.bin", "wb") as f:
        f.write(NAMES.index(name).to_bytes(4, "little"))
    r = board("program", "--flash", "chip", *options, ELF, "case.bin@0x08003FFC")
    check("program " + name, r.returncode == 0, r.stderr)


def run(*options):
    r = board("run", "--flash", "chip", "--elf", ELF, "--stop-pc", "pass", "fail", "--mark", "pass", "fail",
              "--json", "out.json", "--trace", "trace", *options)
    r.passed = r.returncode == 0 and "mark pass" in r.stdout
    r.all = r.stdout + r.stderr
    r.json = json.load(open("out.json")) if r.returncode < 64 else None
    r.trace = open("trace").read().splitlines() if r.returncode < 64 else None
    return r


def fresh(name, *options):
    if os.path.exists("chip"):
        os.unlink("chip")
    program(name, *options)


def word(address):
    r = subprocess.run([BOARD, "read", "--flash", "chip", "--from", hex(address), "--size", "4"], capture_output=True)
    return int.from_bytes(r.stdout, "little")


def expect_pass(name, *options):
    fresh(name)
    r = run("--time-max", "5000", *options)
    check(name, r.passed, r.all)
    return r


def marks(r):
    return {line.split()[1]: int(line.split()[4]) for line in r.stdout.splitlines() if line.startswith("mark ")}


def test_counts():
    fresh("counts")
    r = run("--mark", *("count_%s%s" % (n, e) for n in ("loop", "it", "straight") for e in ("", "_end")))
    m = marks(r)
    check("1000 loops are 3001 instructions", m["count_loop_end"] - m["count_loop"] == 3001, str(m))
    check("IT blocks: 1802 instructions", m["count_it_end"] - m["count_it"] == 1802, str(m))
    check("straight code: 3000 instructions", m["count_straight_end"] - m["count_straight"] == 3000, str(m))
    run("--profile", "profile")
    lines = [line.split() for line in open("profile").read().splitlines()[1:]]
    counts = {line[2]: int(line[0]) for line in lines}
    check("profile of count_straight", counts.get("count_straight") == 3000, str(counts))
    n = m["count_loop"]
    check("--cycles-max", run("--cycles-max", str(n)).json["instructions"] == n)
    again = run("--cut-instruction", str(n + 1))
    check("--cut-instruction", again.returncode == 3 and again.json["instructions"] == n, again.all)


def test_firmware():
    r = expect_pass("clock")
    check("20 SysTicks of 1 ms", 20 <= r.json["time_ms"] < 20.2, str(r.json))
    check("the GPIO toggled", r.json["gpio_changes"] == 20, str(r.json))
    r = expect_pass("flash")
    check("erase 1 s and 3 programs of 16 us", 1000.1 < r.json["time_ms"] < 1000.3, str(r.json))
    check("one erase of sector 5", r.json["erases"] == [0] * 5 + [1] + [0] * 6 and r.json["bytes_programmed"] == 12)
    check("code in flash stalls", r.json["instructions_flash_busy"] == 0)
    check("trace", len(r.trace) == 4 and " erase 0x08020000 " in r.trace[0]
          and r.trace[1].endswith("program 0x08020000 0xffffffff 0x12345678"), str(r.trace))
    check("flash is kept", word(S5) == 0x12345678 and word(S5 + 4) == 0x9ABCDEF0)
    check("info counts the erase", "sector  5 0x08020000 128 KiB  erases 1 " in board("info", "--flash", "chip").stdout)
    r = expect_pass("ram_erase")
    check("code in RAM polls BSY", r.json["instructions_flash_busy"] > 3900000, str(r.json))
    for name in ("exceptions", "psp", "fp", "rng", "storm", "code", "wfe"):
        expect_pass(name, "--seed", "5")
    expect_pass("button", "--button")
    expect_pass("ecc", "--ecc", hex(S5), "--ecc", hex(S5 + 4) + ":nmi")
    fresh("rng")
    check("--rng-fail", not run("--rng-fail").passed)


def test_diagnoses():
    for name, text in (("double", "second program of 0x08020000"), ("wrong_key", "wrong key 0x45670123"),
                       ("busy", "store to 0x08020004 while BSY"), ("psize", "PGPERR"), ("no_pg", "PGSERR"),
                       ("locked_cr", "FLASH_CR while it is locked"), ("row", "PGAERR"),
                       ("clock_off", "USART2+0x00c while its clock is off")):
        fresh(name)
        r = run()
        check(name + " is diagnosed", r.returncode == 10 and text in r.stderr, r.all)
    fresh("double")
    check("double program, lenient", run("--lenient").passed)
    fresh("protected", "-ob", "nWRP2=0")
    r = run()
    check("write protection is diagnosed", r.returncode == 10 and "WRPERR" in r.stderr, r.all)
    fresh("lockup")
    check("lockup", run().returncode == 11)
    fresh("asleep")
    check("asleep", run().returncode == 5)
    check("time-max wakes nobody but ends it", run("--time-max", "100").returncode == 4)


def test_resets():
    r = expect_pass("iwdg")
    check("IWDG after 101 * 8 / 32 kHz", 25.2 < r.json["time_ms"] < 26 and r.json["resets"]["iwdg"] == 1, str(r.json))
    r = expect_pass("soft_reset")
    check("a software reset", r.json["resets"]["software"] == 1)
    expect_pass("power")
    check("RAM is lost without power", run().passed)
    r = expect_pass("options")
    check("option bytes are kept", "nWRP=0xFF7" in board("info", "--flash", "chip").stdout)
    fresh("work")
    r = run("--cut", "3:after", "--power-cycle", "--time-max", "600")
    check("--power-cycle starts again", r.returncode == 4 and r.json["resets"]["power"] == 2, r.all)


def test_cuts():
    for when in ("before", "inside", "after"):
        fresh("work")
        r = run("--cut", "3:" + when)
        check("cut %s a program" % when, r.returncode == 3, r.all)
        value = word(S2 + 4)
        if when == "inside":
            check("the torn word is between", value & 0x0F0F0F01 == 0x0F0F0F01 and value != 0x0F0F0F01, hex(value))
            check("info shows it", "torn 1" in board("info", "--flash", "chip").stdout)
        else:
            check("whole", value == (0xFFFFFFFF if when == "before" else 0x0F0F0F01), hex(value))
        check("the word before is whole", word(S2) == 0x0F0F0F00)
    values = set()
    fresh("work")
    run("--cut", "3:inside", "--seed", "2")
    program("look")
    for _ in range(12):
        check("a marginal word is steady between resets", run("--seed", "2").passed)
        values.add(word(S2 + 4))
    check("and differs from reset to reset", len(values) > 1, str(values))
    for when in ("before", "inside", "after"):
        fresh("work")
        run("--cut", "17:after")
        r = run("--cut", "1:" + when)
        left = [word(S2 + 4 * i) for i in range(16)]
        whole = left == [0x0F0F0F00 + i for i in range(16)]
        blank = left == [0xFFFFFFFF] * 16
        check("cut %s an erase" % when, (whole, blank) == {"before": (True, False), "inside": (False, False),
                                                            "after": (False, True)}[when], str(left))
    fresh("work")
    run("--cut", "1:inside")
    check("after a torn erase, erasing again is enough", run("--time-max", "1000").returncode == 4)
    fresh("work")
    first = run("--cut", "1:inside", "--seed", "4").returncode, open("chip", "rb").read()
    fresh("work")
    check("a seed repeats", first == (run("--cut", "1:inside", "--seed", "4").returncode, open("chip", "rb").read()))


def test_injection():
    fresh("inject")
    r = run("--mark", "inject_here")
    n = marks(r)["inject_here"]
    check("undisturbed it fails", "mark fail" in r.stdout, r.all)
    check("--skip-instruction", run("--skip-instruction", str(n + 1)).passed)
    r = run("--flip", "0x2001F00C:1@%d" % (n + 2))
    check("--flip", r.passed, r.all)
    words = run("--path", "%d-%d" % (n - 1, n + 1)).stdout.splitlines()
    check("--path", [w.split()[1] for w in words[:3]] == [str(n - 1), str(n), str(n + 1)]
          and words[2].split()[3:8] == ["inject_here", "writes", "0x0000", "turns", "0"], str(words))
    written = int(words[1].split()[5], 16)  # by what loads the value that is to be stored
    r = run("--result", "%d:%d:0" % (n, written.bit_length() - 1))
    check("--result", written and r.passed, r.all)
    check("--turn where there is no condition", run("--turn", str(n + 1)).returncode == 64)
    test_tries(n, written.bit_length() - 1)
    fresh("counts")
    m = marks(run("--mark", "count_it", "count_it_end"))
    for skip in (*range(2, 16), 17, 18):  # every place of an iteration but the IT before a branch
        r = run("--skip-instruction", str(m["count_it"] + skip), "--mark", "count_it", "count_it_end")
        n = marks(r)
        check("a skip %d into code of IT blocks counts the same" % skip,
              n.get("count_it_end", 0) - n["count_it"] == 1802, r.all)
    path = run("--path", "1-%d" % m["count_it_end"]).stdout
    check("--path knows what instructions write", path.count("path ") > m["count_it_end"] - 700, path[-300:])
    turned = {17: 1802, 18: 18, 16: 18, 20: 20, **{k: 1802 for k in (*range(4, 7), *range(8, 15))}}
    for turn, count in turned.items():  # 16 is the IT before a branch, 18 the branch, 20 the loop's
        n = marks(run("--turn", str(m["count_it"] + turn), "--mark", "count_it", "count_it_end"))
        check("a condition turned round, %d into code of IT blocks" % turn,
              n.get("count_it_end", 0) - n["count_it"] == count, str(n))
    straight = run("--mark", "count_loop", "count_loop_end")
    n = marks(straight)
    begin, last = n["count_loop"] + 2, n["count_loop_end"]  # the loop's first instruction, and its last branch, not taken
    pcs = [run("--turn", str(last), "--path", "%d-%d" % (at, at), "--cycles-max", str(last + 1)).stdout.split()[2:3]
           for at in (begin, last + 1)]
    check("--turn takes a branch that would not be taken", pcs[0] == pcs[1] != [], str(pcs))
    once = marks(run("--result", "%d:0:1" % (n["count_loop"] + 1), "--mark", "count_loop", "count_loop_end"))
    check("--result ends a loop", once["count_loop_end"] - once["count_loop"] == 4, str(once))


def test_tries(n, register):
    """Each ends as a run of its own does, and leaves no trace."""
    lines = ["skip %d" % (n + 1), "skip %d" % (n - 1), "result %d:%d:0" % (n, register), "result %d:%d:1" % (n, register),
             "result %d:13:0" % (n - 1), "skip %d" % (n - 200)]
    ends = ["run", "--flash", "chip", "--elf", ELF, "--stop-pc", "pass", "--time-max", "100"]
    alone = [board(*ends, "--" + line.split()[0].replace("skip", "skip-instruction"), line.split()[1]).returncode for line in lines]
    check("tries that differ", len(set(alone)) > 2, str(alone))
    open("tries", "w").write("".join(line + "\n" for line in lines))
    r = board(*ends, "--tries", "tries")
    told = ["try %s exit %d" % both for both in zip(lines, alone)]
    check("--tries", r.returncode == 4 and r.stdout.splitlines() == told, "%s %s" % (r.stdout + r.stderr, alone))
    after = []
    open("tries", "w").write("skip 2\nskip 3\n")
    for more in ((), ("--tries", "tries")):
        fresh("work")
        r = board("run", "--flash", "chip", "--elf", ELF, "--cycles-max", "5000", *more)
        after.append(open("chip", "rb").read())
    check("tries write to a flash of their own", after[0] == after[1] and b"\x01\x0f\x0f\x0f" in after[0], r.stdout + r.stderr)


def talk(name, *options):
    fresh(name)
    if os.path.lexists("line"):
        os.unlink("line")
    p = subprocess.Popen([BOARD, "run", "--flash", "chip", "--elf", ELF, "--stop-pc", "pass", "fail", "--serial",
                          "line", "--mark", "pass", "--json", "out.json", *options], stdout=subprocess.PIPE, text=True)
    end = time.time() + 10
    while not os.path.islink("line") and time.time() < end:
        time.sleep(0.01)
    fd = os.open("line", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd, termios.TCSANOW)
    data, got, sent = bytes(i * 7 & 0xFF for i in range(1000)), b"", False
    while len(got) < 1007 and select.select([fd], [], [], 5)[0]:
        try:
            more = os.read(fd, 4096)
        except OSError:
            break
        if not more:
            break
        got += more
        if not sent and b"ready\r\n" in got:
            os.write(fd, data)
            sent = True
    os.close(fd)
    out = p.communicate(timeout=20)[0]
    check("%s %s: 1000 bytes come back" % (name, options), got == b"ready\r\n" + data, "%d bytes" % len(got))
    check("%s %s: passes, link removed" % (name, options), "mark pass" in out and not os.path.lexists("line"), out)
    j = json.load(open("out.json"))
    check("at 115200 baud", 87 <= j["time_ms"] < 2000 and j["uart_bytes_in"] == 1000, str(j))


def test_serial():
    talk("echo")
    talk("echo", "--warp")
    talk("dma")
    fresh("echo")
    p = subprocess.Popen([BOARD, "run", "--flash", "chip", "--serial", "line"])
    time.sleep(0.5)
    p.send_signal(signal.SIGTERM)
    check("SIGTERM ends a run", p.wait(10) == 0 and not os.path.lexists("line"))


def test_bad_input():
    fresh("counts")
    before = open("chip", "rb").read()
    open("bad.hex", "w").write(":0400000001020304F3\n:00000001FF\n")
    open("short.hex", "w").write(":0400000001020304F2\n")
    open("text.elf", "w").write("no")
    open("plain", "w").write("x")
    for code, args in ((64, ["program", "--flash", "chip", "plain"]), (65, ["program", "--flash", "chip", "bad.hex"]),
                       (65, ["program", "--flash", "chip", "short.hex"]), (65, ["program", "--flash", "chip", "text.elf"]),
                       (65, ["program", "--flash", "chip", "plain@0x20000000"]),
                       (66, ["program", "--flash", "chip", "none.hex"]), (64, ["program", "--flash", "chip", "-ob", "X=1"]),
                       (64, ["run"]), (64, ["run", "--flash", "chip", "--cut", "0:inside"]),
                       (64, ["run", "--flash", "chip", "--result", "1:15:0"]), (64, ["run", "--flash", "chip", "--result", "1:0"]),
                       (65, ["run", "--flash", "chip", "--tries", "plain"]), (66, ["run", "--flash", "chip", "--tries", "none"]),
                       (64, ["run", "--flash", "chip", "--turn", "0"]), (64, ["run", "--flash", "chip", "--path", "2-1"]),
                       (64, ["run", "--flash", "chip", "--uart", "4"]), (64, ["run", "--flash", "chip", "--cell", "0x08000000:32:1"]),
                       (64, ["run", "--flash", "chip", "--cell", "0x20000000:0:1"]), (64, ["run", "--flash", "chip", "--hang", "0"]),
                       (64, ["run", "--flash", "chip", "--rng", "tired"]), (64, ["run", "--flash", "chip", "--dead", "lsi"]),
                       (64, ["run", "--flash", "chip", "--fence", "0x08000000@pass"]), (66, ["run", "--flash", "chip", "--ram", "none"]),
                       (65, ["run", "--flash", "chip", "--ram", "plain"]), (64, ["run", "--flash", "chip", "--stop-pc", "nope"]),
                       (65, ["run", "--flash", "plain"]), (66, ["run", "--flash", "none"]), (64, ["fly"]), (64, []),
                       (73, ["run", "--flash", "chip", "--serial", "plain"]),
                       (73, ["run", "--flash", "chip", "--cycles-max", "1", "--json", "no/such/dir"]),
                       (64, ["read", "--flash", "chip", "--from", "0"]), (64, ["diff", "chip"])):
        r = board(*args)
        check("%s: exit %d and a sentence" % (args, code), r.returncode == code and "board: " in r.stderr,
              "%d %s" % (r.returncode, r.stderr))
    after = open("chip", "rb").read()
    check("and nothing changed", before[4096:] == after[4096:])
    for sub in ([], ["program"], ["run"], ["read"], ["diff"], ["info"]):
        check("help", board(*sub, "--help").returncode == 0)
    fresh("counts", "-ob", "RDP=0xBB")
    check("level 1 refuses a programmer", board("program", "--flash", "chip", ELF).returncode == 65)
    board("program", "--flash", "chip", "-ob", "RDP=0xAA")
    check("back to level 0 erases", word(0x08000000) == 0xFFFFFFFF)
    check("an empty chip locks up", run().returncode == 11)
    open("other", "wb").write(open("chip", "rb").read())
    check("diff of equals", board("diff", "chip", "other").returncode == 0)
    program("counts")
    check("diff", board("diff", "chip", "other").stdout.startswith("0x08000000-"))


with tempfile.TemporaryDirectory() as directory:
    os.chdir(directory)
    for test in (test_counts, test_firmware, test_diagnoses, test_resets, test_cuts, test_injection, test_serial,
                 test_bad_input):
        try:
            test()
        except Exception as error:  # a check that cannot even run has failed
            check(test.__name__, False, repr(error))
    os.chdir("/")
print("board: %d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
