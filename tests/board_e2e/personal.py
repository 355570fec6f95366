"""Personalization of a chip that holds the OEM master key M, over its line, by a box of the test's own (box.py)."""
import binascii
import random
import time

from box import PERMIT, Box
from cuts import WHEN
from device import FIELD, Device, must, sfu
from kit import CODES, copy, install
from lines import frame

PIECE = 8  # consecutive bytes of a secret
ASK, SAY = b"\x08", b"\x09"
INFO, CHALLENGE, RECEIPT, REFUSE = 0x81, 0x85, 0x86, 0x8F


class World:
    """A product of its own, whose chips come with M."""

    def __init__(self, kit, folder, unique=False):
        self.kit, self.unique = kit, unique
        folder.mkdir(parents=True, exist_ok=True)
        self.master_file, self.public, self.oem_file = folder / "m.key", folder / "h.pub", folder / "k.key"
        sfu("keygen", "master", self.master_file)
        self.master = bytes.fromhex(self.master_file.read_text().split("key ")[-1].strip())
        self.box = Box(self.master)
        self.public.write_bytes(self.box.public_pem())
        self.folder = folder

    def chip(self, folder, layout="ab", check="signature", curve="m31"):
        loader = self.kit.loader(layout, check, curve)
        image = self.folder / f"{loader.stem}.hex"
        sfu("factory", "-l", loader, "-P", "lamp", "-H", 1, "-s", self.kit.file("sign.pub"), "-M", self.master_file,
            "-S", self.public, "-L", "field", "-o", image, *(["--unique"] if self.unique else []))
        device = Device(folder, layout, loader)
        device.program(image, FIELD)
        return device

    def oem(self):
        """The file of K as the box has it."""
        self.oem_file.unlink(missing_ok=True)
        self.oem_file.write_text(f"sfu-oem-key 1\nepoch 1\nkey {self.box.oem_key(self.unique).hex()}\n")
        self.oem_file.chmod(0o600)
        return self.oem_file


def hear(device, seconds, wanted):
    """The first whole frame whose type is wanted: type and body, or None."""
    end, buffer = time.monotonic() + seconds, b""
    while time.monotonic() < end:
        buffer += device.listen(0.1)
        for piece in buffer.split(b"\x7e")[:-1]:
            plain = bytearray()
            rest = iter(piece)
            for byte in rest:
                plain.append(next(rest, 0) ^ 0x20 if byte == 0x7D else byte)
            if len(plain) > 4 and binascii.crc32(plain[:-4]).to_bytes(4, "little") == plain[-4:]:
                if wanted(plain[0]):
                    return plain[0], bytes(plain[1:-4])
    return None


def answer(device, message, seconds=20):
    """Says a message, and hears its answer: type and body."""
    device.send(frame(message))
    heard = hear(device, seconds, lambda kind: kind != INFO)
    must(heard is not None, f"no answer to {message[:1].hex()}")
    return heard


def refused(device, message, name):
    kind, body = answer(device, message)
    code = int.from_bytes(body[:4], "little")
    must(kind == REFUSE and code == CODES[name], f"not {name}: {kind:#x} {code:#x}")


def challenge(device):
    kind, body = answer(device, ASK)
    must(kind == CHALLENGE, f"no challenge, but {kind:#x} {body[:4].hex()}")
    return body


def personalize(world, device):
    kind, body = answer(device, SAY + world.box.permit(challenge(device)))
    must(kind == RECEIPT, f"no receipt, but {kind:#x} {body[:4].hex()}")
    world.box.believes(body, world.unique)
    return body


def pieces(secret):
    """Its pieces as they are, and as words of a hash's schedule hold them."""
    turned = b"".join(secret[i:i + 4][::-1] for i in range(0, len(secret), 4))
    return {s[i:i + PIECE] for s in (secret, turned) for i in range(len(s) - PIECE + 1)}


def holds(memory, secret):
    wanted = pieces(secret)
    return any(memory[i:i + PIECE] in wanted for i in range(len(memory) - PIECE + 1))


def open_line(device, *options):
    device.start("--button", *options)
    device.raw()
    for _ in range(60):
        device.send(frame(b"\x01"))
        if hear(device, 0.5, lambda kind: kind == INFO):
            return device
    must(False, "the loader does not say who it is")


def exchange(kit, folder, check, curve, unique):
    """From M to an image that runs, and nothing of M anywhere."""
    world = World(kit, folder / "world", unique)
    device = world.chip(folder, "ab", check, curve)
    dump = device.folder / "ram"
    try:
        open_line(device, "--ram-dump", dump)
        must(device.bytes().count(world.master) == 1, "M is not in the chip")
        refused(device, SAY + bytes(PERMIT), "R_PERMIT")
        wrong = bytearray(world.box.permit(challenge(device)))
        wrong[200] ^= 1
        refused(device, SAY + bytes(wrong), "R_HSM")
        receipt = personalize(world, device)
        must(not holds(device.bytes(), world.master), "M is still in flash when the receipt is there")
        must(answer(device, ASK) == (RECEIPT, receipt), "the receipt is not made again")
        device.stop()
        for name, secret in (("M", world.master), ("E", world.box.seed), ("A", world.box.attest())):
            must(not holds(dump.read_bytes(), secret), f"{name} is in RAM after personalization")
        must(device.written_areas() <= {"keys", "spare keys"}, f"written to: {device.written_areas()}")
        open_line(device)
        must(answer(device, ASK) == (RECEIPT, receipt), "the receipt is lost with a reset")
        device.stop()
        package = folder / "first-a.sfu"
        sfu("pack", "-q", kit.elf("1.0.0-small", "a"), "-k", kit.file("sign.pem"), "-K", world.oem(), "-P", "lamp", "-H", 1,
            "-V", "1.0.0", "-s", 1, "-l", device.loader, "-o", package)
        device.start("--warp")
        info = device.info()
        must(info["personalized"] and not info["unpersonalized"] and info["keys_ready"], f"info: {info}")
        device.sfu("download", package)
        must(device.words().startswith("sfu-demo 1.0.0 slot A trial="), "the image does not run")
        device.stop()
        must(not holds(device.bytes(), world.master), "M is in flash")
        must(len(world.box.licences) == 1, "more than one licence")
    finally:
        device.kill()


def in_between(kit, folder):
    """While a challenge is open, RAM holds the ephemeral key and nothing of M."""
    world = World(kit, folder / "world")
    device = world.chip(folder)
    dump = device.folder / "ram"
    try:
        open_line(device, "--ram-dump", dump)
        info = challenge(device)
        must(info[:4] == bytes([1, 0, 0, 0]), "protocol")
        device.stop()
        for name, secret in (("M", world.master), ("A", world.box.attest())):
            must(not holds(dump.read_bytes(), secret), f"{name} is in RAM while a challenge is open")
        must(not device.writes(), "a challenge wrote to flash")
    finally:
        device.kill()


def found(kit, folder):
    """The scan itself: where M is derived from it is in RAM, and where random numbers are drawn no more."""
    world = World(kit, folder / "world")
    device = world.chip(folder)
    dump = device.folder / "ram"
    try:
        for symbol, there in (("sfu_hkdf", True), ("sfu_port_entropy", False)):
            open_line(device, "--ram-dump", dump, "--stop-pc", symbol)
            device.send(frame(ASK))
            must(device.ended(30) == 0, f"{symbol} was not reached: {device.said()}")
            must(holds(dump.read_bytes(), world.master) == there, f"M in RAM at {symbol}: {not there}")
        must(holds(device.bytes(), world.master), "the scan does not find M in flash")
    finally:
        device.kill()


def no_entropy(kit, folder):
    world = World(kit, folder / "world")
    device = world.chip(folder)
    try:
        open_line(device, "--rng-fail")
        refused(device, ASK, "E_ENTROPY")
        refused(device, SAY + bytes(PERMIT), "R_PERMIT")
        device.stop()
        must(not device.writes(), "a chip without entropy was written to")
        open_line(device)
        personalize(world, device)
        device.stop()
    finally:
        device.kill()


def unlocked(kit, folder):
    world = World(kit, folder / "world")
    device = world.chip(folder)
    try:
        device.option("nWRP1=1")
        open_line(device)
        refused(device, ASK, "E_LOCKED")
        device.stop()
        must(not device.writes(), "an unlocked chip was written to")
    finally:
        device.kill()


def power_cuts(kit, folder):
    """At erases, commit units and cells of the switch: personalized in the end, with one licence, and M gone."""
    world = World(kit, folder / "world")
    base = world.chip(folder / "base", "ab", "seal")
    plain = copy(base, folder / "plain")
    try:
        open_line(plain)
        personalize(world, plain)
        plain.stop()
        count = len(plain.writes())
    finally:
        plain.kill()
    chosen = random.Random(7)
    places = {1, 2, count - 1, count, *chosen.sample(range(1, count + 1), 3)}
    for operation in sorted(places):
        when = chosen.choice(WHEN)
        device = copy(base, folder / f"cut-{operation}-{when}")
        try:
            open_line(device, "--seed", operation, "--cut", f"{operation}:{when}")
            device.send(frame(SAY + world.box.permit(challenge(device))))
            code = device.ended(40)
            must(code == 3, f"the board ended with {code}: {device.said()}")
            open_line(device)
            kind, body = answer(device, ASK)
            if kind == CHALLENGE:
                kind, body = answer(device, SAY + world.box.permit(body))
            must(kind == RECEIPT, f"cut {when} operation {operation} of {count}: {kind:#x} {body[:4].hex()}")
            world.box.believes(body)
            device.stop()
            must(not holds(device.bytes(), world.master), f"M is back after a cut {when} operation {operation}")
        finally:
            device.kill()
    must(len(world.box.licences) == 1, "one chip took more than one licence")


def cases(kit):
    return [(f"personalized: {check} {curve}{' unique' * unique}",
             lambda folder, a=(check, curve, unique): exchange(kit, folder, *a))
            for check, curve, unique in (("signature", "m31", False), ("seal", "m31", True),
                                         ("signature", "prime", False))] + [
        ("personalization: power cuts", lambda folder: power_cuts(kit, folder)),
        ("personalization: RAM in between", lambda folder: in_between(kit, folder)),
        ("personalization: RAM scan finds M", lambda folder: found(kit, folder)),
        ("personalization: no entropy", lambda folder: no_entropy(kit, folder)),
        ("personalization: unlocked chip", lambda folder: unlocked(kit, folder))]
