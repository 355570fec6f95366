"""One instruction of the boot decision is skipped: does a chip boot what it must not (T70)?

A skip is counted from power-on, so each is one run of the board. Swept are the instructions behind each comparison that
decides."""
import bisect
import json
import re
import shutil
import subprocess

from device import BOARD, IMAGE, call, must
from kit import install

DECIDED = {"seal": 8, "signature": 80}  # virtual milliseconds after which a chip has booted or does not


def judge(name, found):
    must(not found,
         f"a chip boots with a wrong {name}, if one instruction is skipped of: {', '.join(found)}")


class Chip:
    """A flash file that is run again and again from the same state."""

    def __init__(self, kit, folder, check):
        self.kit, self.folder, self.check = kit, folder, check
        device = kit.device(folder, "ab", check)
        try:
            device.start("--warp")
            install(kit, device, "1.0.0-small", "A")
            device.stop()
        finally:
            device.kill()
        self.flash, self.loader = device.flash, device.loader
        names = call("arm-none-eabi-nm", "-n", self.loader).stdout
        must(self.run()[0] == 0, "a chip that nobody has spoiled does not boot")
        self.symbols = sorted((int(a, 16), name) for a, name in re.findall(r"^(\w{8}) [tT] (\S+)$", names, re.M))

    def spoil(self, offset):
        """A bit of slot A's image or manifest that the flash no longer holds."""
        data = bytearray(self.flash.read_bytes())
        base = data.index(self.kit.plain("1.0.0-small", "A")[:64]) - IMAGE
        at = next(i for i in range(base + offset, len(data)) if data[i])
        data[at] &= data[at] - 1
        self.flash.write_bytes(data)

    def run(self, *options):
        """Exit code and output of one boot, which leaves no trace."""
        chip = self.folder / "one"
        shutil.copy(self.flash, chip)
        r = subprocess.run([BOARD, "run", "--flash", chip, "--elf", self.loader, "--elf", self.kit.elf("1.0.0-small", "A"),
                            "--stop-pc", "app_start", "--time-max", str(DECIDED[self.check]), *map(str, options)],
                           capture_output=True, text=True, stdin=subprocess.DEVNULL)
        must(r.returncode in (0, 4, 5, 10, 11), f"the board ended with {r.returncode}: {r.stderr}{r.stdout}")
        return r.returncode, r.stdout

    def marks(self, *names):
        """When each function is entered: {name: [instructions]}; and that nothing is booted without a fault."""
        code, text = self.run(*[word for name in names for word in ("--mark", name)])
        must(code != 0, "a spoiled chip boots even without a fault")
        found = {name: [int(n) for n in re.findall(rf"mark {name} \d+ instructions (\d+)", text)] for name in names}
        return found

    def function(self, number):
        """Where the instruction of that number is."""
        out = self.folder / "where.json"
        self.run("--cycles-max", number - 1, "--json", out)
        pc = int(json.loads(out.read_text())["pc"], 16)
        return self.symbols[bisect.bisect(self.symbols, (pc, "~")) - 1][1].split(".")[0]

    def enough(self, begin, end):
        """Functions in which one skipped instruction is enough to boot, once for each."""
        return sorted(self.function(n) for n in range(begin, end)
                      if self.run("--skip-instruction", n)[0] == 0)


def seal(kit, folder):
    chip = Chip(kit, folder, "seal")
    chip.spoil(IMAGE + 300)
    last = chip.marks("sfu_equal")["sfu_equal"][-1]
    found = chip.enough(last - 20, last + 220)
    judge("seal", found)


def manifest(kit, folder):
    """Its seal is over the manifest too; what comes before it reads from it."""
    chip = Chip(kit, folder, "seal")
    chip.spoil(100)
    last = chip.marks("sfu_equal")["sfu_equal"][-1]
    found = chip.enough(last - 20, last + 220)
    judge("manifest", found)


def signature(kit, folder, offset, name, which):
    chip = Chip(kit, folder, "signature")
    chip.spoil(offset)
    entered = chip.marks(name)[name]
    must(len(entered) > 0, f"{name} is not called")
    begin = entered[which]
    found = chip.enough(begin, begin + 160)
    judge("signature", found)


def protection(kit, folder):
    """Write protection was taken off: a loader built for `field` must not use its keys, nor boot."""
    chip = Chip(kit, folder, "seal")
    call(BOARD, "program", "--flash", chip.flash, "-ob", "nWRP0=1", "-ob", "nWRP1=1")
    read = chip.marks("sfu_port_lock")["sfu_port_lock"]
    must(len(read) == 1, "who is told `below` asks again")
    found = chip.enough(read[0] - 20, read[0] + 700)  # both readings, where the first is skipped
    judge("protection", found)


def cases(kit):
    return [("glitch seal", lambda folder: seal(kit, folder)),
            ("glitch manifest", lambda folder: manifest(kit, folder)),
            ("glitch signature, image", lambda folder: signature(kit, folder, IMAGE + 300, "sfu_equal", -1)),
            ("glitch protection", lambda folder: protection(kit, folder))]
