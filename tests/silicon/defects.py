"""The port alone on chips with a defect: cells that do not take, a controller that does not finish, an RNG that fails."""
import pathlib

from device import Device, call, BOARD, must
from kit import CODES

PAGE = 0x08008000  # the first journal page of port/stm32/layouts/f407-ab.layout
OK, IO, ENTROPY = CODES["OK"], CODES["E_IO"], CODES["E_ENTROPY"]
PROGRAM_MS, ERASE_MS = 2, 4100  # the limits of port/stm32/flash.c, and what is around them
KICK_MS = 10  # a little more than sfu_port_idle
SLOW = ("--dead", "hse", "--dead", "pll")  # 16 MHz: a limit of four seconds is a tenth of the instructions


class Probe(Device):
    def __init__(self, folder, elf):
        super().__init__(folder, "ab", pathlib.Path(elf))
        self.program(elf, ())

    def ask(self, letter, seconds=40):
        """(code, milliseconds, bits)"""
        self.send(letter.encode())
        words = self.wait_for("\r\n", seconds, after=letter + " ").split()
        return tuple(int(w, 16) for w in words)

    def begin(self, *options):
        self.start("--warp", *options)
        self.raw()
        self.wait_for("probe\r\n")


def run(probe, folder, body, *options):
    device = Probe(folder, probe)
    try:
        device.begin(*options)
        body(device)
        must(all(what in ("erase", "program") for what, _ in device_writes(device)), "an option byte was written")
    finally:
        device.kill()


def device_writes(device):
    if device.process is not None:
        device.stop()
    return device.writes()


def expect(device, letter, code, limit):
    got, took, _ = device.ask(letter)
    must(got == code, f"`{letter}` answered {got:#x}, not {code:#x}")
    must(took <= limit, f"`{letter}` took {took} ms, the limit is {limit}")


def sound(device):
    expect(device, "e", OK, 400)
    for _ in range(4):
        expect(device, "p", OK, PROGRAM_MS)
    expect(device, "e", OK, 400)


def bit_stays_one(device):
    """In the third word of the second 32 bytes: 0x5A ^ 40 has bit 0 clear."""
    expect(device, "e", OK, 400)
    expect(device, "p", OK, PROGRAM_MS)
    expect(device, "p", IO, PROGRAM_MS)
    expect(device, "p", OK, PROGRAM_MS)


def bit_reads_zero(device):
    expect(device, "e", IO, 400)


def last_bit_reads_zero(device):
    expect(device, "e", IO, 400)


def program_hangs(device):
    """The second word: what comes after it waits for the controller, and for no longer than an erase may take."""
    expect(device, "p", IO, PROGRAM_MS)
    expect(device, "p", IO, ERASE_MS)
    waited(device)


def erase_hangs(device):
    expect(device, "e", IO, ERASE_MS)
    waited(device)


def waited(device):
    counts = device.stop()
    must(counts["resets"]["iwdg"] == 0 and counts["kick_ms"] < KICK_MS,
         f"a wait that kicks the watchdog: resets {counts['resets']}, {counts['kick_ms']} ms without a kick")


def stalls(device):
    """No instruction runs any more: the watchdog is all that is left, and it is enough."""
    device.send(b"e")
    device.wait_for("probe\r\n", 40)
    counts = device.stop()
    must(counts["resets"]["iwdg"] == 1, f"resets: {counts['resets']}")
    must(counts["kick_ms"] < 8400, f"{counts['kick_ms']} ms without a kick")


def entropy(device):
    code, _, bits = device.ask("r")
    must(code == OK and bits != 0, f"entropy: {code:#x}, bits {bits:#x}")


def no_entropy(device):
    """All goes well before the fault; with it nothing comes out, not even what was drawn before."""
    code, took, bits = device.ask("r")
    must(code == ENTROPY and bits == 0, f"entropy of an RNG with a fault: {code:#x}, bits {bits:#x}")
    must(took <= 10, f"it took {took} ms")
    code, _, bits = device.ask("r")
    must(code == ENTROPY and bits == 0, "the second call of an RNG with a fault")


def cases(probe):
    cell = ("--cell", f"{PAGE + 32 + 8:#x}:0:1")
    flash = [("sound flash", sound, ()), ("a bit stays 1", bit_stays_one, cell),
             ("a bit reads 0", bit_reads_zero, ("--cell", f"{PAGE:#x}:0:0")),
             ("the last bit reads 0", last_bit_reads_zero, ("--cell", f"{PAGE + 0x4000 - 4:#x}:31:0")),
             ("a program hangs", program_hangs, ("--hang", "2", *SLOW)),
             ("an erase hangs", erase_hangs, ("--hang", "1", *SLOW))]
    result = [(f"port: {n}", lambda folder, b=b, o=o: run(probe, folder, b, *o)) for n, b, o in flash]
    result.append(("port: flash stalls for ever", lambda folder: stall(probe, folder)))
    result.append(("port: sound RNG", lambda folder: run(probe, folder, entropy)))
    for kind in ("seed", "clock", "latched-seed", "latched-clock", "repeat", "silent"):
        for n in (1, 2, 5, 9):  # of nine numbers: the first is only compared
            result.append((f"port: RNG {kind} from number {n}", lambda folder, k=kind, n=n:
                           run(probe, folder, no_entropy, "--rng", f"{k}@{n}")))
    return result


def stall(probe, folder):
    device = Probe(folder, probe)
    try:
        device.begin("--hang", "1:stall")
        stalls(device)
    finally:
        device.kill()
