"""The way out: what the application finds, what runs after it, and what RAM at power-on can do."""
import signal
import struct
import subprocess

from chips import good
from device import BASE, BOARD, IMAGE, call, must, sfu
from kit import expect_words, install

OLD, NEW = ("1.0.0-small", "A"), ("1.1.0-small", "B")
LOADER = "0x08000000-0x08008000"
RAM = 0x20000000
REQUEST = 0x45554653  # EXCHANGE.REQUEST_ENTER
TRIAL = {"IWDG+0x004": 6, "IWDG+0x008": 30000 // 8 - 1}  # RM0090 21.4: /256, TIME.TRIAL in steps of 8 ms
CAUSE = 0xFF000000  # of RCC_CSR: why there was a reset, which nobody may clear but the application


def vtor(slot):
    return BASE + (0x20000 if slot == "A" else 0x80000) + IMAGE


def registers(path):
    return {name: int(value, 16) for name, value in (line.split() for line in path.read_text().splitlines())}


def clean(values):
    """Without what is not the loader's to reset: causes of reset; VTOR and the trial's watchdog are looked at apart."""
    values = dict(values)
    values["RCC+0x074"] = values.get("RCC+0x074", 0) & ~CAUSE
    for name in ("SCS+0xd08", *TRIAL):
        values.pop(name, None)
    return {name: value for name, value in values.items() if value}


def symbol(elf, name):
    lines = call("arm-none-eabi-nm", elf).stdout.splitlines()
    return next(int(line.split()[0], 16) for line in lines if line.split()[-1] == name)


def at_reset(device):
    """The registers before the first instruction."""
    path = device.folder / "reset"
    call(BOARD, "run", "--flash", device.flash, "--cycles-max", 1, "--registers", path, expect=4)
    return registers(path)


def left(kit, device, image, *options):
    """Power on until the first instruction of the image: registers there, and RAM."""
    path, ram = device.folder / "left", device.folder / "ram"
    device.start("--warp", "--elf", kit.elf(*image), "--stop-pc", "app_start", "--registers", path, "--ram-dump", ram,
                 *options)
    return path, ram


def compare(kit, device, image, trial, path, ram, reset):
    there = registers(path)
    differ = {n: (clean(reset).get(n, 0), clean(there).get(n, 0)) for n in clean(reset).keys() | clean(there).keys()
              if clean(reset).get(n, 0) != clean(there).get(n, 0)}
    must(not differ, "not as after reset (register: reset, now): "
         + ", ".join(f"{n}: {a:#x}, {b:#x}" for n, (a, b) in sorted(differ.items())))
    must(there["SCS+0xd08"] == vtor(image[1]), f"VTOR is {there['SCS+0xd08']:#x}")
    for name, value in TRIAL.items():
        wanted = value if trial else reset.get(name, 0)
        must(there.get(name, 0) == wanted, f"{name} is {there.get(name, 0):#x}, not {wanted:#x}")
    first, last = (symbol(device.loader, n) - RAM for n in ("sfu_ram_start", "sfu_ram_end"))
    must(not any(ram.read_bytes()[first:last]), "RAM of the loader is not wiped")


def silent_boot(kit, device):
    reset = at_reset(device)
    path, ram = left(kit, device, OLD)
    must(device.ended(30) == 0, f"the application was not reached: {device.said()}")
    compare(kit, device, OLD, False, path, ram, reset)


def session(kit, device):
    """The line was open, the button held, a package offered and refused; then a reset on request."""
    reset = at_reset(device)
    path, ram = left(kit, device, OLD, "--button")
    device.info()
    device.signal(signal.SIGUSR1)
    device.sfu("reboot")
    must(device.ended(30) == 0, f"the application was not reached: {device.said()}")
    compare(kit, device, OLD, False, path, ram, reset)


def trial(kit, device):
    reset = at_reset(device)
    path, ram = left(kit, device, NEW, "--button")
    device.info()
    device.signal(signal.SIGUSR1)
    device.sfu("download", *kit.packages("ab", NEW[0]))
    must(device.ended(60) == 0, f"the application was not reached: {device.said()}")
    compare(kit, device, NEW, True, path, ram, reset)


def dead_clock(kit, device):
    """Without crystal and without PLL the loader has run at other speeds, and leaves the same chip behind."""
    for dead in (("--dead", "hse"), ("--dead", "hse", "--dead", "pll")):
        reset = at_reset(device)
        path, ram = left(kit, device, OLD, *dead)
        must(device.ended(60) == 0, f"the application was not reached: {device.said()}")
        compare(kit, device, OLD, False, path, ram, reset)


def fenced(kit, device):
    """No instruction of the loader's sectors between the application's first one and the next reset."""
    fence = ("--warp", "--elf", kit.elf(*OLD), "--elf", kit.elf(*NEW), "--fence")
    entry = struct.unpack("<I", device.area("slot A")[IMAGE + 4:IMAGE + 8])[0] & ~1
    device.start(*fence, f"{LOADER}@{entry:#x}")
    expect_words(device, *OLD, 0)
    install(kit, device, *NEW)  # the application resets into the loader, which runs, as the fence is down
    device.stop()
    must(device.area("slot B")[IMAGE:IMAGE + 64] == kit.plain(*NEW)[:64], "the new image is not there")
    entry = struct.unpack("<I", kit.plain(*NEW)[4:8])[0] & ~1
    device.start(*fence, f"{LOADER}@{entry:#x}")
    expect_words(device, *NEW, 0)
    device.wait_for("\r\n")
    device.stop()


def quiet(kit, device):
    """An application that masks nothing meets no exception but its own, and it goes to its own handler."""
    elf, package = kit.firmware / "silicon-quiet-b.elf", device.folder / "quiet.sfu"
    sfu("pack", "-q", elf, "-k", kit.file("sign.pem"), "-K", kit.file("oem.key"), "-P", "lamp", "-H", 1, "-V", "1.1.0",
        "-s", 2, "-l", device.loader, "-o", package)
    door = symbol(elf, "app_start")
    device.start("--warp", "--button", "--elf", elf, "--fence", f"{LOADER}@{door:#x}", "--stop-pc", "app_end", "app_fault",
                 "--mark", "app_end")
    device.info()
    device.signal(signal.SIGUSR1)
    device.sfu("download", package)
    must(device.ended(60) == 0 and "mark app_end" in device.said(), f"the application met something: {device.said()}")


def fence_holds(kit, device):
    """The fence itself: with the door inside the loader the first instruction behind it is told."""
    device.start("--warp", "--fence", f"{LOADER}@sfu_port_hand_over")
    must(device.ended(30) == 10 and "fence" in device.said(), f"the fence let the loader pass: {device.said()}")


def ram_file(device, request):
    """RAM as an application leaves it that asked for the loader and then lost power; all else the same byte."""
    path = device.folder / f"ram-{request:#x}"
    path.write_bytes(struct.pack("<II", request, request ^ 0xFFFFFFFF) + b"\x53" * (192 * 1024 - 8))
    return path


def boots(kit, device, *options):
    r = subprocess.run([str(x) for x in (BOARD, "run", "--flash", device.flash, "--elf", kit.elf(*OLD), "--stop-pc",
                                         "app_start", "--time-max", 5000, *options)], capture_output=True, text=True,
                       timeout=60)
    return r.returncode == 0


def power_on(kit, device):
    before = device.bytes()
    for seed in range(1, 17):
        must(boots(kit, device, "--seed", seed), f"with the RAM of seed {seed} the loader stayed")
    must(boots(kit, device, "--ram", ram_file(device, REQUEST)), "a request that power-on left in RAM was obeyed")
    must(boots(kit, device, "--ram", ram_file(device, 0)), "with RAM of one byte the loader stayed")
    must(not boots(kit, device, "--button"), "the button does not keep the loader: this test cannot fail")
    must(device.bytes() == before, "a start wrote to flash")


def one_reset(kit, device):
    """A request that an application made holds for its reset, and is gone at the next."""
    device.start("--warp")
    device.wait_for("\r\n", after="payload")
    device.raw()
    device.send(b"uuu")
    device.wait_for("to the loader\r\n")
    must(not device.info()["needs_image"], "the loader did not stay on request")
    device.sfu("reboot")
    expect_words(device, *OLD, 0)
    device.stop()


def cases(kit):
    def case(body, check, curve="m31"):
        def go(folder):
            device = good(kit, folder, check, curve)
            try:
                body(kit, device)
            finally:
                device.kill()
        return f"leaving: {body.__name__} {check} {curve}", go
    return [case(silent_boot, "signature"), case(silent_boot, "seal", "prime"), case(session, "seal"), case(trial, "signature"),
            case(trial, "seal"), case(dead_clock, "seal"), case(fenced, "signature"), case(quiet, "signature"), case(quiet, "seal"),
            case(fence_holds, "seal"), case(power_on, "seal"), case(one_reset, "seal")]
