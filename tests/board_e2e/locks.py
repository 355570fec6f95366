"""The lock profile: below it the loader refuses its keys, on a new chip and on one that was whole before."""
from device import FIELD, must
from kit import expect_words, install

LESS = {"nothing": (), "RDP only": ("RDP=0xBB",), "WRP only": ("nWRP0=0", "nWRP1=0"),
        "S0 open": ("nWRP1=0", "RDP=0xBB"), "S1 open": ("nWRP0=0", "RDP=0xBB")}


def refuses(kit, device):
    info = device.info()
    must(info["lock"] == "open" and not info["keys_ready"], f"the loader uses its keys: {info}")
    r = device.sfu("download", *kit.packages("ab", "1.0.0-small"), expect=None)
    must(r.returncode == 69 and "E_LOCKED" in r.stderr, f"download: {r.returncode}, {r.stderr.strip()}")


def new_chip(kit, folder, options):
    device = kit.device(folder, "ab", "signature")
    try:
        device.program(kit.factory(device.loader), options)
        device.start("--warp")
        refuses(kit, device)
        device.stop()
        must(not device.writes(), f"an unlocked chip was written to: {device.writes()[:3]}")
    finally:
        device.kill()


def lowered(kit, folder):
    """Write protection may be taken off at RDP level 1; the image then does not run either."""
    device = kit.device(folder, "ab", "signature")
    try:
        device.start("--warp")
        install(kit, device, "1.0.0-small", "A")
        device.stop()
        device.option("nWRP1=1")
        before = device.bytes()
        device.start("--warp")
        refuses(kit, device)
        device.stop()
        must(device.bytes() == before, "a chip whose protection was lowered was written to")
        device.option(*FIELD[:2])
        device.start("--warp")
        expect_words(device, "1.0.0", "A", 0)
        device.stop()
    finally:
        device.kill()


def cases(kit):
    result = [(f"lock: {name}", lambda folder, o=options: new_chip(kit, folder, o)) for name, options in LESS.items()]
    return result + [("lock: lowered later", lambda folder: lowered(kit, folder))]
