"""The line: silence, babble, loss and noise."""
import os
import random
import select
import signal
import threading
import time
import tty
import zlib

from device import must, sfu
from kit import install

SESSION = 20.0  # seconds without an accepted manifest, if there is a good image
SLACK = 2.0     # for the boot before and after, and an erase


def frame(payload):
    payload += zlib.crc32(payload).to_bytes(4, "little")
    return b"\x7e" + b"".join(bytes([0x7D, b ^ 0x20]) if b in (0x7D, 0x7E) else bytes([b]) for b in payload) + b"\x7e"


def babble(kit, kind):
    """Endless bytes of a kind."""
    r = random.Random(kind)
    manifest = kit.file("ab-1.1.0-small-b.sfu").read_bytes()[:256]
    while True:
        if kind == "noise":
            yield r.randbytes(64)
        elif kind == "hello":
            time.sleep(0.3)
            yield frame(b"\x01")
        elif kind == "offers":
            yield frame(b"\x02" + manifest[:255] + bytes([r.randrange(256)]))
        elif kind == "flags":
            yield b"\x7e\x7d" * 32
        else:
            yield b"\x01\x00\xff" + r.randbytes(130)  # YMODEM's block 0, broken


def good_device(kit, folder, check="seal"):
    device = kit.device(folder, "ab", check)
    device.start("--warp")
    install(kit, device, "1.0.0-small", "A")
    device.stop()
    return device


def entered(device, *options):
    """The loader, entered by the button, which is let go."""
    device.start("--button", "--elf", device.loader, *options)
    device.raw()
    time.sleep(0.5)
    device.signal(signal.SIGUSR1)


def virtual_seconds(kit, device, talk, *options):
    """Power on to the application's first instruction."""
    entered(device, "--elf", kit.elf("1.0.0-small", "A"), "--stop-pc", "app_start", "--time-max", "60000", *options)
    end = time.monotonic() + 100
    while device.process.poll() is None and time.monotonic() < end:
        device.listen(0)
        if talk is None:
            time.sleep(0.02)
        elif select.select([], [device.line], [], 0.1)[1]:
            try:
                os.write(device.line, next(talk))
            except OSError:
                pass
    counts = device.stop()
    must(counts["exit_code"] == 0, f"the application was not reached: {counts}")
    return counts["time_ms"] / 1000


def quiet(kit, folder):
    device = good_device(kit, folder)
    try:
        took = virtual_seconds(kit, device, None)
        must(SESSION <= took <= SESSION + SLACK, f"silence: the image booted after {took:.1f} s")
    finally:
        device.kill()


def noisy(kit, folder, kind):
    device = good_device(kit, folder)
    try:
        before = device.bytes()
        took = virtual_seconds(kit, device, babble(kit, kind))
        must(took <= SESSION + SLACK, f"{kind}: the image booted after {took:.1f} s")
        must(not set(device.changed(before, device.bytes())) - {"journal"}, f"{kind}: flash changed")
    finally:
        device.kill()


class Relay(threading.Thread):
    """A bad line between a pty of its own and the device's: bytes are lost or changed at `faults`,
    counted in bytes towards the device and from it."""

    def __init__(self, device, path, faults_to, faults_from, seed):
        super().__init__(daemon=True)
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.symlink(os.ttyname(self.slave), path)
        self.device, self.random, self.ending = device, random.Random(seed), threading.Event()
        self.faults = {"to": sorted(faults_to), "from": sorted(faults_from)}
        self.count, self.done = {"to": 0, "from": 0}, 0

    def harm(self, way, data):
        out = bytearray()
        for byte in data:
            self.count[way] += 1
            if self.faults[way] and self.count[way] >= self.faults[way][0]:
                self.faults[way].pop(0)
                self.done += 1
                kind = self.random.randrange(3)
                if kind == 0:
                    continue
                out += bytes([byte ^ 1 << self.random.randrange(8)])
                if kind == 2:
                    out += self.random.randbytes(5)
                continue
            out.append(byte)
        return bytes(out)

    def run(self):
        line = self.device.line
        while not self.ending.is_set():
            for fd in select.select([self.master, line], [], [], 0.05)[0]:
                try:
                    data = os.read(fd, 512)
                    if fd == self.master:
                        self.device.send(self.harm("to", data))
                    else:
                        os.write(self.master, self.harm("from", data))
                except OSError:
                    time.sleep(0.01)

    def end(self):
        self.ending.set()
        self.join()
        os.close(self.master)
        os.close(self.slave)


def bad_line(kit, folder, seed):
    """Faults in offer, records and answers: the download goes on and ends well."""
    device = good_device(kit, folder)
    r = random.Random(seed)
    path = folder / "relay"
    try:
        device.start("--warp")
        device.wait_for("\r\n", after="payload")
        device.raw()
        relay = Relay(device, path, [r.randrange(300, 14000) for _ in range(2)], [r.randrange(150, 300)], seed)
        relay.start()
        result = sfu("download", "-p", path, *kit.packages("ab", "1.1.0-small"), timeout=90)
        relay.end()
        must(relay.done >= 2, f"only {relay.done} faults happened: {result.stderr}")
        device.heard = b""
        device.stop()
        device.start("--warp")
        said = device.words()
        must(said.startswith("sfu-demo 1.1.0 slot B"), f"after a bad line: {said}")
        device.stop()
    finally:
        device.kill()


def cases(kit):
    return [(f"babble: {kind}", lambda folder, k=kind: noisy(kit, folder, k))
            for kind in ("noise", "hello", "offers", "flags", "ymodem")] + [
        (f"bad line, seed {seed}", lambda folder, s=seed: bad_line(kit, folder, s)) for seed in (1, 2)] + [
        ("silence", lambda folder: quiet(kit, folder))]
