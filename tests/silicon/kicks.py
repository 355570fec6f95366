"""The longest way between two kicks of the watchdog, over the upgrade of an image that fills its slot."""
import random
import signal

from device import must
from kit import CODES, install

CAPACITY = 0x60000 - 0x800 - 128  # slot of f407-ab.layout, without what lies before and behind the image
LIMIT_MS = 100   # REQ-078
MHZ = 168


def full_image(kit, slot):
    """The test application, and random bytes up to the last 32 that a slot holds."""
    path = kit.file(f"full-{slot}.bin")
    plain = kit.plain("1.1.0-small", slot.upper())
    size = CAPACITY // 32 * 32
    path.write_bytes(plain + random.Random(1).randbytes(size - len(plain)))
    return path


def packages(kit):
    made = []
    for slot in "ab":
        path = kit.file(f"full-{slot}.sfu")
        if not path.exists():
            kit.sfu("pack", "-q", full_image(kit, slot), "-k", kit.file("sign.pem"), "-K", kit.file("oem.key"), "-P",
                    "lamp", "-H", 1, "-V", "1.1.0", "-s", 2, "-l", kit.loader("ab", "signature"), "-o", path,
                    "-a", hex(0x08020800 if slot == "a" else 0x08080800))
        made.append(path)
    return made


def told(device, counts, what):
    ms = counts["kick_instructions"] / MHZ / 1000
    must(ms <= LIMIT_MS, f"{what}: {counts['kick_instructions']} instructions without a kick, {ms:.0f} ms at {MHZ} MHz, "
         f"until {counts['kick_pc']}")
    return counts["kick_instructions"]
