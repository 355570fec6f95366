"""The files and devices of the demo, and what every step asks of them."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "board_e2e"))
import tell  # noqa: E402
from device import BOARD, IMAGE, SFU, Device, call, must, sfu  # noqa: E402

BAUD = 921600


class World:
    def __init__(self, loader, firmware, work):
        self.loader, self.firmware, self.work = loader, firmware, work
        self.box = work / "hsm"
        self.devices, self.processes = [], []

    def file(self, name):
        return self.work / name

    def short(self, said):
        """What a program said, with the names of the demo's files as in a folder of one's own."""
        return said.replace(f"{self.work}/", "")

    def device(self, name):
        device = Device(self.file(name), "ab", self.loader, BAUD)
        self.devices.append(device)
        return device

    def pack(self, output, image, version, counter, *more, key="sign.pem", product="lamp"):
        sfu("pack", "-q", self.firmware / f"app-{image[:-2]}-fast{image[-2:]}.elf", "-k", self.file(key), "-K", self.file("oem.key"),
            "-P", product, "-H", 1, "-V", version, "-s", counter, "-l", self.loader, "-o", self.file(output), *more)
        return self.file(output)

    def packages(self, version):
        return [self.file(f"{version}-{slot}.sfu") for slot in "ab"]

    def plain(self, image):
        """The image as it is to lie in flash: the ELF's bytes, padded as `sfu pack` pads."""
        out = self.file("plain.bin")
        call("arm-none-eabi-objcopy", "-O", "binary", "--gap-fill", "0xFF", self.firmware / f"app-{image[:-2]}-fast{image[-2:]}.elf", out)
        data = out.read_bytes()
        return data + b"\xff" * (-len(data) % 32)

    def begin(self, *command):
        """Starts a program that goes on while the demo does something else."""
        process = subprocess.Popen([str(c) for c in (SFU, *command)], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def end(self):
        """Whatever still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        for device in self.devices:
            device.kill()


def expect_words(device, version, slot, trial, **fields):
    """The application's greeting: this version, and these of its fields."""
    said = device.words()
    wanted = f"sfu-demo {version} slot {slot} trial={trial} "
    must(said.startswith(wanted), f"the application said `{said}`, not `{wanted}...`")
    for name, value in fields.items():
        must(f"{name}={value}" in said.split(), f"the application said `{said}`, not {name}={value}")
    return said


def show_words(*args, **fields):
    tell.quote("device: " + expect_words(*args, **fields))


def show_confirmed(device):
    device.wait_for("confirmed")
    tell.quote("device: confirmed")


def expect_slot(world, device, slot, image):
    """The slot holds the image, byte for byte; how many bytes."""
    plain = world.plain(image)
    must(device.area(f"slot {slot}")[IMAGE:IMAGE + len(plain)] == plain, f"slot {slot} does not hold {image} as built")
    return len(plain)


def difference(before, after):
    """What `board diff` says of two flash files."""
    r = call(BOARD, "diff", before, after, expect=None)
    must(r.returncode in (0, 1), f"board diff: {r.stderr.strip()}")
    return r.stdout
