"""The whole way with the programs that people use: `sfu hsm` with SoftHSM2, `sfu personalize`, a loader on the
emulated board, a package for it."""
import json
import random
import signal
import subprocess
import time

from cuts import WHEN
from device import FIELD, SFU, Device, must, sfu
from kit import copy
from personal import holds, open_line


class Hsm:
    """An OEM's files and an HSM, served on a Unix socket; as a context."""

    def __init__(self, kit, folder, stock):
        folder.mkdir(parents=True)
        self.kit, self.folder, self.socket = kit, folder, folder / "socket"
        f = self.file = lambda name: folder / name
        sfu("keygen", "master", f("master.key"))
        self.master = bytes.fromhex(f("master.key").read_text().split("key ")[-1].strip())
        sfu("keygen", "sign", f("order.pem"), "-p", f("order.pub"))
        sfu("hsm", "attest-key", "-M", f("master.key"), f("attest.key"))
        sfu("hsm", "init", "-d", f("box"), "-A", f("attest.key"), "-P", "lamp", "-O", f("order.pub"), "-r", f("record"),
            "-p", f("hsm.pem"))
        sfu("hsm", "ledger", "export", "-d", f("box"), f("export"))
        sfu("hsm", "order", "-k", f("order.pem"), "-r", f("record"), "-x", f("export"), "-n", stock, f("order"))
        sfu("hsm", "stock", "add", "-d", f("box"), f("order"))
        sfu("hsm", "oem-key", "-M", f("master.key"), "-r", f("record"), f("oem.key"))

    def __enter__(self):
        self.process = subprocess.Popen([SFU, "hsm", "serve", "-q", "-d", self.file("box"), "-l", self.socket],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for _ in range(100):
            if self.socket.exists():
                return self
            time.sleep(0.05)
        must(False, "the service does not begin")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        must(self.process.wait(20) == 0, "the service did not end well")

    def chip(self, folder, *more):
        loader = self.kit.loader("ab", "signature")
        image = folder.with_suffix(".hex")
        sfu("factory", "-l", loader, "-P", "lamp", "-H", 1, "-s", self.kit.file("sign.pub"), "-M",
            self.file("master.key"), "-S", self.file("hsm.pem"), "-L", "field", "-o", image, *more)
        device = Device(folder, "ab", loader)
        device.program(image, FIELD)
        return device


def whole_way(kit, folder, unique):
    """Personalized by the real programs, and what the OEM packs with the key it derived runs."""
    with Hsm(kit, folder / "oem", 2) as hsm:
        device = hsm.chip(folder / "chip", *(["--unique"] if unique else []))
        try:
            device.start("--button", held=True)
            out = json.loads(device.sfu("personalize", "--hsm", hsm.socket, "--json").stdout)
            must((out["personalized"], out["licence"], out["stock"]) == (True, 1, 1), f"said: {out}")
            out = device.sfu("personalize", "--hsm", hsm.socket).stdout
            must("already personalized on 20" in out and "licence 1: receipt sent again" in out, f"said: {out}")
            device.stop()
            must(not holds(device.bytes(), hsm.master), "M is in flash")
            device.start("--warp")
            uid = device.info()["uid"]
            own = ["--device", uid, "--unique"] if unique else []
            package = folder / "first.sfu"
            sfu("pack", "-q", kit.elf("1.0.0-small", "a"), "-k", kit.file("sign.pem"), "-K", hsm.file("oem.key"), "-P",
                "lamp", "-H", 1, "-V", "1.0.0", "-s", 1, "-l", device.loader, "-o", package, *own)
            device.sfu("download", package)
            must(device.words().startswith("sfu-demo 1.0.0 slot A trial="), "the image does not run")
            device.stop()
        finally:
            device.kill()
        out = json.loads(sfu("hsm", "ledger", "verify", "-d", hsm.file("box"), "--json").stdout)
        must((out["licences"], out["receipts"]) == (1, 1), f"ledger: {out}")
        sfu("hsm", "ledger", "export", "-d", hsm.file("box"), hsm.file("export"))
        (folder / "built").write_text(uid + "\n")
        sfu("hsm", "ledger", "reconcile", hsm.file("export"), "-r", hsm.file("record"), "-M", hsm.file("master.key"), "-B",
            folder / "built")


def cut_on_the_way(kit, folder):
    """The power goes while `sfu personalize` waits for the receipt; it goes on by itself, or the same command does."""
    with Hsm(kit, folder / "oem", 5) as hsm:
        base, places, chosen = hsm.chip(folder / "base"), None, random.Random(11)
        say = ("personalize", "--hsm", hsm.socket, "--json")
        for number in range(7):
            device = copy(base, folder / f"chip{number}")
            try:
                if places is None:  # the first time nothing is cut
                    device.start("--button", held=True)
                    device.sfu(*say)
                    device.stop()
                    count = len(device.writes())
                    places = [1, 2, count // 2, count - 1, count, chosen.randint(3, count - 2)]
                    continue
                cut = f"{places[number - 1]}:{chosen.choice(WHEN)}"
                device.start("--button", "--cut", cut, held=True)
                station = subprocess.Popen([str(c) for c in (SFU, say[0], "-p", device.port, "-b", device.baud, *say[1:])],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                must(device.ended(60) == 3, f"{cut} of {count}: not reached: {device.said()}")
                device.start("--button", held=True)
                out, err = station.communicate(timeout=120)
                must(station.returncode in (0, 75), f"{cut}: the station ended with {station.returncode}: {err}")
                row = json.loads(out if station.returncode == 0 else device.sfu(*say).stdout)
                must(row["personalized"] and row["licence"] == 1 and row["stock"] == 4, f"{cut}: {row}")
                device.stop()
                must(not holds(device.bytes(), hsm.master), f"{cut}: M is in flash")
            finally:
                device.kill()
        out = json.loads(sfu("hsm", "ledger", "verify", "-d", hsm.file("box"), "--json").stdout)
        must(out["licences"] == 1 and out["receipts"] == 7, f"one chip, personalized seven times from the same state: {out}")


def cases(kit):
    return [(f"personalized by the real programs{' unique' * unique}",
             lambda folder, unique=unique: whole_way(kit, folder, unique)) for unique in (False, True)] + [
        ("personalized by the real programs, power cuts", lambda folder: cut_on_the_way(kit, folder))]
