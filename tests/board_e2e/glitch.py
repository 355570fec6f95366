"""One fault in the boot decision: does a chip boot what it must not (T70)?

Faults are put at instructions, counted from power-on: one is skipped, one of the registers that it writes holds zeros or ones
afterwards, a condition is turned round. They are put at each instruction from a comparison that decides until the image is
given up; with the word "every", at the first and the last time that each instruction of the whole boot is executed, where a
signature is checked that of its check but for the curve's arithmetic."""
import collections
import re
import shutil
import subprocess
import sys

from device import BOARD, IMAGE, ROOT, call, must
from kit import CODES, expect_words, install

DECIDED = {"seal": 8, "signature": 80}  # virtual milliseconds in which an image is booted or given up
OLD, HANGS = "1.0.0-small", "1.2.0-hang-small"
GIVEN_UP = ("set_slot", "sfu_boot_failure", "sfu_port_open")  # what is called when it has been decided
ENDS = (0, 4, 5, 10, 11)  # exit codes of a run: booted, out of time, asleep, diagnosis, lockup
EVERY = "every" in sys.argv
SALT, SIGNATURE = 80, 192  # offsets in the manifest
LONG, INSIDE, BEHIND = 5000, 260, 20  # instructions of a window at most, before the last call returned, and behind it
BATCH = 2000  # faults of one run of the board
FINAL = int(re.search(r"LOCK_FINAL \| (0x[0-9A-F]{8})", (ROOT / "spec/formats.md").read_text())[1], 16)
ARITHMETIC = re.compile(r"br_|(add|sub|mul|square|reduce_final)_f256|p256_|muladd|divrem16|be8_|le30_|GT|infinite|sha2|K$")
Step = collections.namedtuple("Step", "number name registers turns lr")

# In the present loader one fault is enough here, in these functions at most so many (spec/attacks.md, T70): a signature is
# asked for once.
KNOWN = {("signature", "signature"): (39, {"sfu_verify", "sfu_check_oem", "br_i15_iszero"})}
# and in the whole boot where the counter's floor is read
JOURNAL = {"look"}


def faults(steps):
    """All single faults, as lines for the board, and where they are."""
    for s in steps:
        yield f"skip {s.number}", s.name
        for register in s.registers:
            for value in ("0", "0xffffffff"):
                yield f"result {s.number}:{register}:{value}", s.name
        for i in range(s.turns):
            yield f"turn {s.number + i}", s.name


def judge(name, check, found):
    most, functions = KNOWN.get((name, check), (0, set()))
    where = {re.split(r"[+. ]", text)[0] for text in found}
    if EVERY and name == "counter":
        functions = functions | JOURNAL
    must(where <= functions and (EVERY or len(found) <= most),
         f"a chip boots with a wrong {name}, after one fault of {len(found)}: {', '.join(found)}")


class Chip:
    """A flash file that is run again and again from the same state, which a life led to: images that were installed, each
    in the other slot; one that hangs is on trial, the others are confirmed."""

    def __init__(self, kit, folder, check, *life):
        self.kit, self.folder, self.check = kit, folder, check
        self.images = [(version, "AB"[i % 2]) for i, version in enumerate(life)]
        device = kit.device(folder, "ab", check)
        try:
            for version, slot in self.images:
                device.start("--warp")
                if version == HANGS:
                    device.sfu("download", *kit.packages("ab", version))
                    device.words()
                else:
                    install(kit, device, version, slot)
                    device.stop()
                    device.start("--warp")
                    expect_words(device, version, slot, 0)
                device.stop()
        finally:
            device.kill()
        self.flash, self.loader = device.flash, device.loader
        must(self.run(slot=self.images[-1][1])[0] == 0, "a chip that nobody has spoiled does not boot")

    def spoil(self, offset, image):
        """A bit of an image or its manifest that the flash no longer holds. Of a signature r becomes 1, which is what a forger
        would choose: BearSSL asks whether a number is below r, and whether it is r; this way the second question is all."""
        data = bytearray(self.flash.read_bytes())
        base = data.index(self.kit.plain(*image)[:64]) - IMAGE
        at = next(i for i in range(base + offset, len(data)) if data[i])
        data[at] &= data[at] - 1
        if offset == SIGNATURE:
            data[base + offset:base + offset + 32] = (1).to_bytes(32, "big")
        self.flash.write_bytes(data)

    def run(self, *options, slot="A"):
        """Exit code and output of one boot, which leaves no trace; 0: the image in the slot was booted."""
        chip = self.folder / "one"
        shutil.copy(self.flash, chip)
        r = subprocess.run([BOARD, "run", "--flash", chip, "--elf", self.loader, "--elf",
                            self.kit.elf(*next(i for i in self.images if i[1] == slot)), "--stop-pc", "app_start", "--time-max", str(DECIDED[self.check] * len(self.images)), *map(str, options)],
                           capture_output=True, text=True, stdin=subprocess.DEVNULL)
        must(r.returncode in ENDS, f"the board ended with {r.returncode}: {r.stderr}{r.stdout[-300:]}")
        return r.returncode, r.stdout

    def entered(self, function, *options):
        """When it is, each time; no times if the chip boots."""
        code, text = self.run("--mark", function, *options)
        return [int(n) for n in re.findall(rf"mark {function} \d+ instructions (\d+)", text)] if code != 0 else []

    def path(self, begin, end, *options):
        """The instructions of these numbers. (The board tells none of an IT block whose condition does not hold.)"""
        text = self.run("--path", f"{begin}-{end}", *options)[1]
        return [Step(int(n), name, [r for r in range(15) if int(mask, 16) >> r & 1], int(turns), lr) for n, name, mask, turns, lr
                in re.findall(r"path (\d+) 0x\w+ (\S*) writes (0x\w+) turns (\d+)(?: lr (0x\w+))?", text)]

    def steps(self, begin):
        """From one instruction until the image is given up, and a few more."""
        if EVERY:
            begin = self.entered("sfu_check_oem")[0] if self.check == "signature" else 1
            return [s for s in self.path(begin, "1000000000:ends") if not ARITHMETIC.match(s.name)]
        steps = self.path(begin, begin + LONG)
        end = next((i for i, s in enumerate(steps) if s.name.split("+")[0] in GIVEN_UP), None)
        must(end is not None, f"the image is not given up within {LONG} instructions")
        return steps[:end + BEHIND]

    def enough(self, steps):
        """The faults of which one is enough to boot."""
        lines, found = dict(faults(steps)), []
        ordered = sorted(lines, key=lambda line: int(re.split("[ :]", line)[1]))
        for at in range(0, len(ordered), BATCH):
            tries = self.folder / "tries"
            tries.write_text("".join(line + "\n" for line in ordered[at:at + BATCH]))
            told = re.findall(r"^try (.*) (exit|signal) (\d+)$", self.run("--tries", tries)[1], re.M)
            must([line for line, _, _ in told] == ordered[at:at + BATCH], f"{len(told)} tries were told of")
            wrong = {(how, n) for _, how, n in told} - {("exit", str(n)) for n in ENDS}
            must(not wrong, f"a try ended with {wrong}")
            found += [f"{lines[line]} ({line})" for line, _, n in told if n == "0"]
        print(f"{self.folder.name}: {len(steps)} instructions, {len(ordered)} faults, {len(found)} enough")
        return found

    def left(self, function, *options):
        """When its last call is."""
        times = self.entered(function, *options)
        behind = int(self.path(times[-1] + 1, times[-1] + 1, *options)[0].lr, 16) & ~1
        return next(n for n in self.entered(f"{behind:#x}", *options) if n > times[-1])

    def answers(self, function, value):
        """How often a function must be made to answer that until the chip boots."""
        options = []
        while self.entered(function, *options) and len(options) < 10:
            options += ["--result", f"{self.left(function, *options)}:0:{value:#x}"]
        return len(options) // 2


def refused(chip):
    must(chip.entered("sfu_port_open"), "a spoiled chip boots even without a fault, or is not done")


def decide(chip, name, function, value=CODES["OK"], decisions=2):
    """So many wrong answers are enough, which shows that a fault here does something; and one?"""
    refused(chip)
    must(chip.answers(function, value) == decisions, f"{function} decides {chip.answers(function, value)} times")
    judge(name, chip.check, chip.enough(chip.steps(chip.left(function) - INSIDE)))


def spoiled(kit, folder, name, check, offset, function, *life):
    chip = Chip(kit, folder, check, *life)
    chip.spoil(offset, chip.images[-1])
    decide(chip, name, function, decisions=1 if function == "sfu_verify" else 2)


def older(kit, folder, check):
    """The image that is left has a counter below the floor."""
    chip = Chip(kit, folder, check, OLD, "1.1.0-small")
    chip.spoil(IMAGE + 300, chip.images[-1])
    refused(chip)
    judge("counter", check, chip.enough(chip.steps(chip.left("sfu_equal") - INSIDE)))


def protection(kit, folder, check):
    """Write protection was taken off: a loader built for `field` must not use its keys, nor boot."""
    chip = Chip(kit, folder, check, OLD)
    call(BOARD, "program", "--flash", chip.flash, "-ob", "nWRP0=1", "-ob", "nWRP1=1")
    decide(chip, "protection", "sfu_port_lock", FINAL)


def cases(kit):
    result = [(f"glitch {name}, {check}", lambda folder, a=(name, check, offset, function, *life): spoiled(kit, folder, *a))
              for name, check, offset, function, *life in (
                  ("image", "seal", IMAGE + 300, "sfu_equal", OLD), ("manifest", "seal", SALT + 20, "sfu_equal", OLD),
                  ("image on trial", "seal", IMAGE + 300, "sfu_equal", HANGS),
                  ("image", "signature", IMAGE + 300, "sfu_equal", OLD),
                  ("image on trial", "signature", IMAGE + 300, "sfu_equal", HANGS),
                  ("signature", "signature", SIGNATURE, "sfu_verify", OLD))]
    return result + [(f"glitch {body.__name__}, {check}", lambda folder, b=body, c=check: b(kit, folder, c))
                     for body in (older, protection) for check in DECIDED]
