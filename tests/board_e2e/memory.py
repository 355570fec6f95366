"""No key in RAM when the application starts, whatever came before (T63)."""
import signal

import forge
from device import must
from kit import copy, install, secrets

PIECE = 8  # consecutive bytes of a key


def pieces(kit, device, packages):
    """piece -> name of the key it is of"""
    return {key[i:i + PIECE]: name for name, key in secrets(kit, device, packages).items()
            for i in range(len(key) - PIECE + 1)}


def scan(kit, device, dump, packages):
    wanted = pieces(kit, device, packages)
    ram = dump.read_bytes()
    # every key in flash is at some alignment or other, so every offset is looked at
    return {wanted[ram[i:i + PIECE]] for i in range(len(ram) - PIECE + 1) if ram[i:i + PIECE] in wanted}


def run(kit, device, stop, package, status, symbols):
    """Power on, the button held; offers the loader a package, and dumps RAM where the application begins."""
    dump = device.folder / "ram"
    device.start("--button", "--ram-dump", dump, "--elf", symbols, "--stop-pc", stop)
    device.info()
    device.signal(signal.SIGUSR1)  # the button is let go
    if package is not None:
        device.sfu("download", package, expect=status)
    if status != 0 or package is None:
        device.sfu("reboot")
    code = device.ended(30)
    must(code == 0, f"the application was not reached: {code}, {device.said()}")
    return dump


def forged(kit, name, change):
    path = kit.file(f"memory-{name}.sfu")
    path.write_bytes(change(kit.file("ab-1.1.0-small-b.sfu").read_bytes()))
    return path


def talks(kit):
    """name, package offered, exit code of sfu, the image and slot that then start"""
    old, new = ("1.0.0-small", "A"), ("1.1.0-small", "B")
    return [
        ("nothing said", None, 0, old),
        ("upgrade", kit.file("ab-1.1.0-small-b.sfu"), 0, new),
        ("bad signature", forged(kit, "signature", forge.manifest_bit), 77, old),
        ("bad record", forged(kit, "record", lambda d: forge.record_bit(d, 3)), 65, old),
        ("other product", kit.pack("ab", "1.1.0-small", "b", name="product", product="torch"), 77, old),
        ("another uid", kit.pack("ab", "1.1.0-small", "b", "-d", "00" * 11 + "01", name="uid"), 77, old),
    ]


def clean(kit, folder, check, curve):
    """One chip, and copies of it for every talk."""
    device = kit.device(folder, "ab", check, curve)
    try:
        device.start("--warp")
        install(kit, device, "1.0.0-small", "A")
        device.stop()
        packages = list(kit.folder.glob("ab-*.sfu"))
        for name, package, status, image in talks(kit):
            one = copy(device, folder / name.replace(" ", "-"))
            try:
                dump = run(kit, one, "app_start", package, status, kit.elf(*image))
                left = scan(kit, one, dump, packages)
                must(not left, f"after `{name}` RAM still holds {', '.join(sorted(left))}")
            finally:
                one.kill()
    finally:
        device.kill()


def found(kit, folder):
    """The scan itself: inside the loader, just before hand-over, the keys are there."""
    device = kit.device(folder, "ab", "seal")
    try:
        device.start("--warp")
        install(kit, device, "1.0.0-small", "A")
        device.stop()
        dump = run(kit, device, "sfu_port_hand_over", None, 0, device.loader)
        left = scan(kit, device, dump, [])
        must({"K", "D"} <= left, f"just before hand-over the scan finds only {left}")
    finally:
        device.kill()


def cases(kit):
    return [(f"RAM after {check} {curve}", lambda folder, a=(check, curve): clean(kit, folder, *a))
            for check, curve in (("signature", "m31"), ("seal", "m31"))] + [
        ("RAM scan finds keys", lambda folder: found(kit, folder))]
