"""Every byte the chip sends in many kinds of run, held against the keys and against the image."""
import random
import signal
import subprocess

import forge
from device import must, sfu
from kit import copy, install, secrets

WINDOW = 4         # bytes of a key in a row, at any place
IMAGE_WINDOW = 6   # of the image: 12 KiB of it against 2 KiB sent would meet by chance at 4


def secret_image(kit, name, slot):
    """The test application with a payload of noise, so that a piece of it is nowhere by chance."""
    path = kit.file(f"noise-{name}-{slot}.bin")
    plain, elf = bytearray(kit.plain("1.1.0-small", slot.upper())), kit.elf("1.1.0-small", slot)
    names = {w[-1]: int(w[0], 16) for w in (line.split() for line in subprocess.run(
        ["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, check=True).stdout.splitlines())}
    base = 0x08020800 if slot == "a" else 0x08080800
    first, last = names["app_payload"] - base, names["app_payload_end"] - base
    plain[first:last] = random.Random(slot).randbytes(last - first)
    path.write_bytes(plain)
    return path, base, bytes(plain[first:last])


def pack(kit, name, *more, key=None):
    """Both packages of the image of noise, and its noise."""
    paths, noise = [], b""
    for slot in "ab":
        image, base, part = secret_image(kit, name, slot)
        path = kit.file(f"secret-{name}-{slot}.sfu")
        sfu("pack", "-q", f"{image}@{base:#x}", "-k", kit.file("sign.pem"), "-K", key or kit.file("oem.key"), "-P", "lamp",
            "-H", 1, "-V", "1.1.0", "-s", 2, "-l", kit.loader("ab", "signature"), "-o", path, *more)
        paths.append(path)
        noise += part
    return paths, noise


def windows(name, secret, size):
    return {secret[i:i + size]: name for i in range(len(secret) - size + 1)}


def unstuffed(data):
    """What the frames hold: RFC 1662's escapes undone. Both are looked at, the line's bytes and these."""
    out, escape = bytearray(), False
    for byte in data:
        if byte == 0x7D:
            escape = True
            continue
        out.append(byte ^ 0x20 if escape else byte)
        escape = False
    return bytes(out)


def found(sent, table):
    """Names of what the bytes hold a piece of."""
    result = set()
    for data in (sent, unstuffed(sent)):
        for size in {len(w) for w in table}:
            result |= {table[data[i:i + size]] for i in range(len(data) - size + 1) if data[i:i + size] in table}
    return result


def table_of(kit, device, packages, noise):
    table = {}
    for name, key in secrets(kit, device, packages).items():
        table.update(windows(name, key, WINDOW))
    table.update(windows("the image", noise, IMAGE_WINDOW))
    table.update(windows("the image, backwards", noise[::-1], IMAGE_WINDOW))
    return table


def run(kit, device, packages, status, image):
    """From power-on, the button held, to the application: what was sent until then."""
    sent = device.folder / "sent"
    device.start("--warp", "--button", "--sent", sent, "--elf", kit.elf(*image), "--stop-pc", "app_start")
    device.info()
    device.signal(signal.SIGUSR1)
    if packages:
        device.sfu("download", *packages, expect=status)
    if status != 0 or not packages:
        device.info()
        device.sfu("reboot")
    must(device.ended(60) == 0, f"the application was not reached: {device.said()}")
    return sent.read_bytes()


def offers(kit, name):
    """{talk: (packages, exit code of sfu)}, and the noise of their images"""
    good, noise = pack(kit, name)
    bad = []
    for change, what in ((forge.manifest_bit, "signature"), (lambda d: forge.record_bit(d, 2), "record")):
        bad.append([kit.file(f"{p.stem}-{what}.sfu") for p in good])
        for path, source in zip(bad[-1], good):
            path.write_bytes(change(source.read_bytes()))
    sfu("keygen", "oem", kit.file(f"other-{name}.key"))
    other, _ = pack(kit, f"{name}-key", key=kit.file(f"other-{name}.key"))
    torch = [pack(kit, f"{name}-uid", "-d", "00" * 11 + "01")[0]]
    return {"nothing": ([], 0), "upgrade": (good, 0), "bad signature": (bad[0], 77), "bad record": (bad[1], 65),
            "another key": (other, None), "another device": (torch[0], 77)}, noise


def silent(kit, folder, check):
    device = kit.device(folder, "ab", check)
    try:
        device.start("--warp", "--sent", folder / "first")
        talks, noise = offers(kit, check)
        install(kit, device, "1.0.0-small", "A")
        device.stop()
        # no application is in this chip's first run, but for its own words at the end
        streams = {"first start": (folder / "first").read_bytes().split(b"sfu-demo")[0]}
        table = None
        for name, (packages, status) in talks.items():
            one = copy(device, folder / name.replace(" ", "-"))
            try:
                image = ("1.1.0-small", "B") if name == "upgrade" else ("1.0.0-small", "A")
                streams[name] = run(kit, one, packages, status, image)
                table = table or table_of(kit, one, [p for t in talks.values() for p in t[0]], noise)
            finally:
                one.kill()
        for name, sent in streams.items():
            must(len(sent) > 100, f"`{name}` sent {len(sent)} bytes: nothing was looked at")
            must(not found(sent, table), f"`{name}`: on the line there was a piece of {', '.join(sorted(found(sent, table)))}")
            must(b"lamp" in unstuffed(sent), f"`{name}`: not even the product was found")
        controls(kit, streams["upgrade"], table, noise)
    finally:
        device.kill()


def controls(kit, sent, table, noise):
    """The search itself: pieces put into the stream are found, stuffed or not."""
    middle = len(sent) // 2
    for name, piece in (("the image", noise[5000:5000 + IMAGE_WINDOW]), ("K", kit.oem[13:13 + WINDOW])):
        stuffed = b"".join(bytes([0x7D, b ^ 0x20]) if b in (0x7D, 0x7E) else bytes([b]) for b in piece)
        for data in (piece, stuffed):
            must(name in found(sent[:middle] + data + sent[middle:], table), f"a piece of {name} was put in and not found")


def cases(kit):
    return [(f"secrecy: {check}", lambda folder, c=check: silent(kit, folder, c)) for check in ("signature", "seal")]
