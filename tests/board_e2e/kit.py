"""What the OEM has: keys, factory files and packages, made once; and what a device makes of them."""
import hashlib
import hmac
import pathlib
import re
import shutil
import subprocess
import zlib

from device import FIELD, IMAGE, ROOT, Device, Wrong, must, sfu

COUNTERS = {"1.0.0-small": 1, "1.1.0-small": 2, "1.2.0-hang-small": 2}
CODES = {name: int(value, 16) for name, value in
         re.findall(r"\| ([A-Z_]+) \| (0x[0-9A-F]{8}) \|", (ROOT / "spec/codes.md").read_text())}


class Kit:
    def __init__(self, loaders, firmware, folder):
        self.loaders, self.firmware, self.folder = pathlib.Path(loaders), pathlib.Path(firmware), folder
        sfu("keygen", "sign", self.file("sign.pem"), "-p", self.file("sign.pub"))
        sfu("keygen", "oem", self.file("oem.key"))
        self.oem = bytes.fromhex(self.file("oem.key").read_text().split("key ")[-1].strip())
        self.variants = {}
        for layout, slots in (("ab", "ab"), ("single", "a")):
            for version in COUNTERS:
                for slot in slots:
                    self.pack(layout, version, slot)

    def file(self, name):
        return self.folder / name

    def loader(self, layout, check, curve="m31", baud=115200):
        suffix = ("-prime" if curve == "prime" else "") + ("-921600" if baud == 921600 else "")
        return self.loaders / f"loader-{layout}-{check}{suffix}.elf"

    def factory(self, loader):
        path = self.file(loader.stem + ".hex")
        if not path.exists():
            sfu("factory", "-l", loader, "-P", "lamp", "-H", 1, "-s", self.file("sign.pub"), "-K",
                self.file("oem.key"), "-L", "field", "-o", path)
        return path

    def pack(self, layout, version, slot, *more, name=None, product="lamp"):
        path = self.file(f"{layout}-{name or version}-{slot}.sfu")
        sfu("pack", "-q", self.firmware / f"app-{version}-{slot}.elf", "-k", self.file("sign.pem"), "-K",
            self.file("oem.key"), "-P", product, "-H", 1, "-V", version.split("-")[0], "-s", COUNTERS[version],
            "-l", self.loader(layout, "signature"), "-o", path, *more)
        return path

    def packages(self, layout, version):
        return [self.file(f"{layout}-{version}-{slot}.sfu") for slot in ("ab" if layout == "ab" else "a")]

    def elf(self, version, slot):
        return self.firmware / f"app-{version}-{slot.lower()}.elf"

    def plain(self, version, slot):
        """The image as it is to lie in flash."""
        out = self.file(f"{version}-{slot}.bin")
        if not out.exists():
            part = out.with_suffix(f".{id(out)}")
            subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", "--gap-fill", "0xFF", self.elf(version, slot), part],
                           check=True)
            part.rename(out)
        data = out.read_bytes()
        return data + b"\xff" * (-len(data) % 32)

    def device(self, folder, layout, check, curve="m31", baud=115200):
        """A chip fresh from the factory, without power."""
        loader = self.loader(layout, check, curve, baud)
        device = Device(folder, layout, loader, baud)
        device.program(self.factory(loader), FIELD)
        return device


def copy(device, folder):
    """A second chip like it; both without power."""
    other = Device(folder, device.layout, device.loader, device.baud)
    shutil.copy(device.flash, other.flash)
    return other


def greeting(version, slot, trial):
    return f"sfu-demo {version.split('-')[0]} slot {slot} trial={trial} "


def expect_words(device, version, slot, trial, *more, seconds=20):
    said = device.words(seconds)
    must(said.startswith(greeting(version, slot, trial)), f"`{said}` is not {version} slot {slot} trial={trial}")
    for text in more:
        must(text in said.split(), f"`{said}` has no {text}")
    return said


def expect_slot(kit, device, slot, version):
    plain = kit.plain(version, slot)
    must(device.area(f"slot {slot}")[IMAGE:IMAGE + len(plain)] == plain, f"slot {slot} does not hold {version}")


def confirmed(device, slot):
    """The image in the slot has written to its mailbox."""
    return device.area(f"slot {slot}")[-128:] != b"\xff" * 128


def install(kit, device, version, slot):
    """Downloads, sees it boot on trial and confirm itself."""
    device.sfu("download", *kit.packages(device.layout, version))
    trial = 1
    try:
        said = device.words(3)
    except Wrong:  # it was reset before `sfu` asked for it, which then heard the greeting: once more
        trial = int(not confirmed(device, slot))
        device.stop()
        device.start("--warp")
        said = device.words()
    must(said.startswith(greeting(version, slot, trial)) and said.endswith("failure=0x0"), f"`{said}` after the download")
    if trial:
        device.wait_for("confirmed")
    expect_slot(kit, device, slot, version)


def expect_writes(device, *allowed):
    """The last run erased and programmed nowhere else."""
    areas = device.written_areas()
    must(areas <= set(allowed), f"the loader wrote to {', '.join(sorted(areas - set(allowed)))}")


def hkdf(key, salt, info):
    secret = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()


def secrets(kit, device, packages=()):
    """Every key that the device may have had in RAM: name -> bytes (spec/formats.md)."""
    flash = device.bytes()
    found = set()
    for name in ("keys", "spare keys"):
        area = device.area(name, flash)
        for at in range(128, len(area) - 128, 128):
            cell = area[at:at + 128]
            # a cell that a cut has torn is as if never written
            if cell[:4] == b"DEV1" and zlib.crc32(cell[:124]) == int.from_bytes(cell[124:], "little"):
                found.add(cell[44:76])
    must(len(found) == 1, f"{len(found)} device keys in flash")
    d = found.pop()
    result = {"K": kit.oem, "D": d, "journal key": hkdf(d, b"", b"sfu journal")}
    for path in packages:
        manifest = path.read_bytes()[:256]
        salt, product = manifest[80:112], manifest[16:32]
        result[f"image key of {path.stem}"] = hkdf(kit.oem, salt, b"sfu image" + product)
        result[f"digest key of {path.stem}"] = hkdf(kit.oem, salt, b"sfu digest")
        for install_number in range(1, 5):
            info = b"sfu seal" + install_number.to_bytes(4, "little") + hashlib.sha256(manifest[:192]).digest()
            result[f"seal key {install_number} of {path.stem}"] = hkdf(d, b"", info)
    return result
