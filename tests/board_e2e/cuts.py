"""Power cuts at sampled flash operations: no image is lost, and the job is done when asked again."""
import random
import subprocess

from device import AREAS, SFU, Wrong, must
from kit import copy, expect_slot, expect_words, install, secrets
from lines import frame

WHEN = ("before", "inside", "after")
OLD, NEW, HANGS = "1.0.0-small", "1.1.0-small", "1.2.0-hang-small"
CELLS = 127  # of a journal page


# what is done, and how one sees that it is done; the power may go at any time

def upgrade(kit, device):
    """Download, seal, trial, confirmation in the mailbox."""
    return subprocess.Popen([SFU, "download", "-q", "-p", str(device.port), "-b", str(device.baud),
                             *map(str, kit.packages(device.layout, NEW))], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_up(kit, device):
    return None


def confirmed(device):
    device.wait_for("confirmed", 30)


def greeted(device):
    device.words()


def inviting(device):
    device.wait_for(b"C")


# the chips it is done to

def factory_new(kit, folder, layout, check):
    return kit.device(folder, layout, check)


def with_old(kit, folder, layout, check):
    device = kit.device(folder, layout, check)
    device.start("--warp")
    install(kit, device, OLD, "A")
    device.stop()
    device.start("--warp")
    expect_words(device, OLD, "A", 0)
    device.stop()
    return device


def to_be_confirmed(kit, folder, layout, check):
    device = with_old(kit, folder, layout, check)
    device.start("--warp")
    install(kit, device, NEW, "B")
    device.stop()
    return device


def to_be_given_up(kit, folder, layout, check):
    device = with_old(kit, folder, layout, check)
    device.start("--warp")
    device.sfu("download", *kit.packages(layout, HANGS))
    for left in (2, 1, 0):
        expect_words(device, HANGS, "B", 1, f"attempts={left}")
        device.stop()
        if left:
            device.start("--warp")
    return device


def cells(device):
    """Cells in the fuller journal page."""
    at, size = AREAS[device.layout]["journal"]
    flash = device.area("journal")
    return max(sum(flash[p + c:p + c + 128] != b"\xff" * 128 for c in range(128, size // 2, 128))
               for p in (0, size // 2))


def nearly_full(kit, folder, layout, check):
    """Refusals with another reason than the last are noted in the journal, one a boot."""
    device = with_old(kit, folder, layout, check)
    offers = [frame(b"\x02" + kit.pack(layout, NEW, "b", *more, name=f"full-{product}", product=product).read_bytes()[:256])
              for more, product in (((), "torch"), (("-d", "00" * 11 + "01"), "lamp"))]
    device.start("--warp", "--button")
    device.raw()
    turn = 0
    while cells(device) < CELLS - 4:
        device.heard = b""
        inviting(device)
        device.send(offers[turn % 2])
        device.wait_for(b"\x7e\x8f")
        device.send(frame(b"\x06"))
        device.wait_for(b"\x7e\x84")
        turn += 1
        must(turn < CELLS, "the journal does not fill up")
    device.stop()
    return device


class Job:
    def __init__(self, name, make, begin, done, samples, layout="ab", check="seal"):
        self.name, self.make, self.begin, self.done = name, make, begin, done
        self.samples, self.layout, self.check = samples, layout, check


JOBS = [
    Job("upgrade", with_old, upgrade, confirmed, 10),
    Job("upgrade, signature", with_old, upgrade, confirmed, 6, check="signature"),
    Job("upgrade, one slot", with_old, upgrade, confirmed, 8, layout="single"),
    Job("upgrade, journal full", nearly_full, upgrade, confirmed, 10),
    Job("first start", factory_new, start_up, inviting, 10),
    Job("confirm", to_be_confirmed, start_up, greeted, 8),
    Job("revert", to_be_given_up, start_up, greeted, 10),
]


def operations(kit, job, device):
    """What the job does to flash when nothing goes wrong."""
    device.start("--warp")
    helper = job.begin(kit, device)
    if helper is not None:
        must(helper.wait(60) == 0, "the download failed")
    job.done(device)
    device.stop()
    return device.writes()


def sample(writes, device, count):
    """Half of them at erases and beside, a quarter in journal, manifest and mailbox, the rest anywhere."""
    r = random.Random(count)
    places = range(1, len(writes) + 1)
    erases = [j for i, (what, _) in enumerate(writes, 1) if what == "erase" for j in (i - 1, i, i + 1) if j in places]
    small = [i for i, (_, at) in enumerate(writes, 1) if "slot" not in device.owner(at) or at % 0x20000 < 256
             or at % 0x20000 >= 0x20000 - 128]
    chosen = set()
    for _ in range(1000):
        if len(chosen) == min(count, 3 * len(writes)):
            break
        pool = r.choice([erases, erases, small, places]) or places
        chosen.add((r.choice(pool), r.choice(WHEN)))
    return sorted(chosen)


def cut(kit, job, device, operation, when):
    device.start("--warp", "--seed", operation, "--cut", f"{operation}:{when}", held=job.begin is start_up)
    helper = job.begin(kit, device)
    try:
        code = device.ended(40)
        must(code == 3, f"the board ended with {code}: {device.said()}")
    finally:
        if helper is not None:
            helper.kill()
            helper.wait()


def boots(device, before):
    """What runs after the cut without being asked: with two slots always an image. 1: the new one."""
    if device.layout == "single" or before is None:
        info = device.info()
        if info["needs_image"]:
            return 0
        device.sfu("reboot")
    said = device.words()
    must(said.startswith(("sfu-demo 1.0.0 slot A trial=0", "sfu-demo 1.1.0 slot B", "sfu-demo 1.1.0 slot A")),
         f"after the cut: `{said}`")
    if before is not None and device.layout == "ab":
        must(device.area("slot A") == before, "the slot of the old image changed")
    if "1.1.0" not in said:
        return 0
    if "trial=1" in said:
        device.wait_for("confirmed", 5)
    return 1


def recovers(kit, device, before):
    """Boots, does the job when asked again, and keeps it."""
    slot = "B" if device.layout == "ab" and before is not None else "A"
    device.start("--warp")
    if not boots(device, before):
        install(kit, device, NEW, slot)
    device.stop()
    device.start("--warp")
    expect_words(device, NEW, slot, 0)
    device.stop()
    expect_slot(kit, device, slot, NEW)
    secrets(kit, device)  # fails unless there is one device key


def sweep(kit, folder, job):
    base = job.make(kit, folder / "base", job.layout, job.check)
    before = None if job.make is factory_new else base.area("slot A")
    plain = copy(base, folder / "plain")
    try:
        writes = operations(kit, job, plain)
    finally:
        plain.kill()
    for operation, when in sample(writes, base, job.samples):
        device = copy(base, folder / f"cut-{operation}-{when}")
        try:
            cut(kit, job, device, operation, when)
            recovers(kit, device, before)
        except Exception as e:
            what, at = writes[operation - 1]
            raise Wrong(f"cut {when} operation {operation} of {len(writes)}, {what} {at:#x}: {e}") from e
        finally:
            device.kill()


def cases(kit):
    return [(f"power cuts: {job.name}", lambda folder, job=job: sweep(kit, folder, job)) for job in JOBS]
