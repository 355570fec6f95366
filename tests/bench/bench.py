#!/usr/bin/env python3
"""bench.py OUT [DOCUMENT]: measures the loaders on the emulated board; a table, and OUT/bench.json.

See tests/bench/README.md. An aim that is missed is told, and is no failure. The table goes between the
lines <!-- bench --> and <!-- end --> of DOCUMENT too.
"""
import collections
import concurrent.futures
import itertools
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import textwrap
import threading

from size import Elf
from station import ACCEPT, FINISH, MS, OFFER, RECORD, REFUSE, Package, Wrong, frame, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else BUILD / "bench").resolve()
BOARD, SFU = OUT / "board", BUILD / "sfu"
FIELD = ["-ob", "nWRP0=0", "-ob", "nWRP1=0", "-ob", "RDP=0xBB"]
SLOT = {"a": 0x08020800, "b": 0x08080800}
KIB = 1024
# the emulated chip's flash: DS8626 table 40, typical, 32-bit parallelism; picoseconds
ERASE = [250 * MS] * 4 + [550 * MS] + [1000 * MS] * 7
WORD = 16 * MS // 1000
SEQUENCE = 20
WIRE_PACKAGES = 16

# tests/bench/README.md tells how the peers were measured
PEER_TEXT = "text 14,624 MCUboot with encryption, 17,892 wolfBoot with ChaCha20; neither with a line"
PEER_RAM = "RAM 3,780 wolfBoot without encryption, 4,516 MCUboot with it"
PEER_BOOT = "6.2 wolfBoot, assembly"
PEER_UPGRADE = "39.0 wolfBoot, AES asm, no line"
PEER_WEAR = "2.01 MCUboot with its download"
PEER_ERASE = "1 MCUboot, old image lost"


def sector_of(address):
    offset = address - 0x08000000
    return offset // 0x4000 if offset < 0x10000 else 4 if offset < 0x20000 else 4 + offset // 0x20000


def call(*command):
    r = subprocess.run([str(c) for c in command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if r.returncode != 0:
        raise Wrong(f"{' '.join(str(c) for c in command)}: {(r.stderr or r.stdout).strip()}")
    return r.stdout


def loader(layout, check, curve="m31", baud=115200):
    return BUILD / "stm32f407" / "loader-{}-{}{}{}.elf".format(
        layout, check, "-prime" if curve == "prime" else "", "-921600" if baud == 921600 else "")


class Shop:
    """Keys, images and packages."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder, self.lock = folder, threading.RLock()
        for kind, key in (("sign", "sign"), ("sign", "other"), ("oem", "oem")):
            public = ["-p", folder / f"{key}.pub"] if kind == "sign" else []
            call(SFU, "keygen", kind, folder / key, *public)

    def image(self, size, slot, version):
        """A real application in front, tables as firmware has them behind: exactly `size` bytes."""
        path = self.folder / f"{version}-{slot}-{size}.bin"
        with self.lock:
            if not path.exists():
                self._image(path, size, slot, version)
        return path

    @staticmethod
    def _image(path, size, slot, version):
        name = "1.0.0" if int(version.split(".")[2]) % 2 == 0 else "1.1.0"
        app = (BUILD / "firmware" / f"app-{name}-small-{slot}.bin").read_bytes()
        tables = (BUILD / "firmware" / f"payload-{name}.bin").read_bytes()
        path.write_bytes((app + tables)[:size])
        if path.stat().st_size != size:
            raise Wrong(f"{path}: too little to fill {size} bytes with")

    def package(self, layout, size, slot, version, key="sign", product="bench"):
        path = self.folder / f"{layout}-{version}-{slot}-{size}-{key}-{product}.sfu"
        with self.lock:
            if not path.exists():
                image = "{}@0x{:08X}".format(self.image(size, slot, version), SLOT[slot])
                call(SFU, "pack", image, "-k", self.folder / key, "-K", self.folder / "oem", "-P", product, "-H", 1,
                     "-V", version, "-s", 1, "-l", loader(layout, "seal"), "-S", slot, "-o", path)
        return Package(path)

    def entry(self, size, slot, version):
        return "0x%08x" % (struct.unpack("<II", self.image(size, slot, version).read_bytes()[:8])[1] & ~1)

    def chip(self, elf):
        """A chip as it leaves the factory."""
        path = self.folder / (elf.stem + ".chip")
        with self.lock:
            if not path.exists():
                hexfile = path.with_suffix(".hex")
                call(SFU, "factory", "-l", elf, "-P", "bench", "-H", 1, "-s", self.folder / "sign.pub", "-K",
                     self.folder / "oem", "-L", "field", "-o", hexfile)
                call(BOARD, "program", "--flash", path, *FIELD, hexfile)
        return path


class Bench:
    """One loader, and copies of chips with it."""
    number = itertools.count(1)

    def __init__(self, shop, layout, check, curve="m31", baud=115200):
        self.shop, self.layout, self.check, self.curve, self.baud = shop, layout, check, curve, baud
        self.elf = loader(layout, check, curve, baud)
        self.folder = OUT / "runs" / f"{next(Bench.number)}-{self.elf.stem}"
        self.serial, self.idle = 0, Elf(self.elf).sleep()

    def copy(self, chip):
        self.serial += 1
        path = self.folder / f"chip-{self.serial}"
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(chip, path)
        return path

    def run(self, chip, script=None, **options):
        self.serial += 1
        folder = self.folder / f"run-{self.serial}"
        try:
            result = run(BOARD, chip, self.elf, folder, script, **options)
        except Wrong as wrong:
            raise Wrong(f"{self.elf.stem}: {wrong}") from None
        shutil.rmtree(folder)
        return result

    def package(self, size, slot, version, **what):
        return self.shop.package(self.layout, size, slot, version, **what)

    def confirmed(self, size):
        """A chip with version 1.0.0 in slot A, confirmed and noted; and the runs that led there."""
        chip, package = self.copy(self.shop.chip(self.elf)), self.package(size, "a", "1.0.0")

        def install(s):
            yield from s.hello()
            yield from s.download(package)
            yield from s.reboot()
            yield from s.text("confirmed")

        return chip, [self.run(chip, install),
                      self.run(chip, stop=[self.shop.entry(size, "a", "1.0.0")])]


def to_trial(package, end="confirmed", stop_at_offer=False):
    """The station's part of an upgrade, from power-on."""
    def script(s):
        yield from s.enter()
        if stop_at_offer:
            return
        yield from s.download(package)
        yield from s.reboot()
        yield from s.text(end)
    return script


# 1: sizes

def measure_size(layout, check, curve):
    elf = Elf(loader(layout, check, curve))
    total, parts = elf.text()
    bound, chain = elf.stack_bound()
    return {"text": total, **{p: parts.get(p, 0) for p in ("BearSSL", "core", "port", "rest")},
            "static_ram": elf.static_ram(), "stack_top": elf.symbols["sfu_stack_top"],
            "stack_reserved": elf.symbols["sfu_stack_size"], "stack_bound": bound, "stack_chain": chain}


def refusals(others):
    """Manifests that are refused, and an end that comes too early."""
    def script(s):
        yield from s.enter()
        for manifest in others:
            if (yield from s.offer(manifest))[0] != REFUSE:
                raise Wrong("a manifest was taken that must not be")
        s.send(frame(FINISH))
        yield from s.frame(REFUSE)
    return script


def by_ymodem(package):
    def script(s):
        yield from s.enter()
        yield from s.ymodem(package)
        yield from s.text("confirmed")
    return script


def measure_stack(bench):
    """The lowest stack pointer of each kind of work."""
    size, second = 16 * KIB, "b" if bench.layout == "ab" else "a"
    chip, (install, boot) = bench.confirmed(size)
    package = bench.package(size, second, "1.0.1")
    flipped = bytearray(package.manifest)
    flipped[200] ^= 1
    others = [bytes(flipped), bench.package(size, second, "1.0.0").manifest,
              bench.package(size, second, "1.0.1", key="other").manifest,
              bench.package(size, second, "1.0.1", product="other").manifest]
    stops = [bench.shop.entry(size, second, "1.0.1")]
    refuse = bench.run(chip, refusals(others))
    ymodem = bench.run(chip, by_ymodem(package))
    confirm = bench.run(chip, stop=stops)
    boot_again = bench.run(chip, stop=stops)
    return {"first start, download, trial": install.lowest_sp(), "refusals": refuse.lowest_sp(),
            "YMODEM, trial": ymodem.lowest_sp(), "confirm": min(boot.lowest_sp(), confirm.lowest_sp()), "boot": boot_again.lowest_sp()}


# 2: instructions

def measure_boot(bench, chip, size):
    entry = bench.shop.entry(size, "a", "1.0.0")
    first, second = (bench.run(bench.copy(chip), stop=[entry]).instructions for _ in range(2))
    return {"instructions": first, "again": second}


def profile_of_idle(bench, chip, package):
    """Instructions by function of one look at a silent line, while an installation is open."""
    def stall(ms):
        def script(s):
            yield from s.enter()
            if (yield from s.offer(package.manifest))[0] != ACCEPT:
                raise Wrong("the package is refused")
            yield from s.sleep(ms)
        return script

    short, long = (bench.run(bench.copy(chip), stall(ms), profile=True, marks=[bench.idle])
                   for ms in (500, 1500))
    times = len(long.marks) - len(short.marks)
    return {f: (n - short.profile.get(f, 0)) / times for f, n in long.profile.items()
            if n > short.profile.get(f, 0)}


def line_waits(result, tx, since):
    """Instructions from the calls of sfu_port_tx to the last bit of what each sent."""
    calls = [insns for name, insns, _ in result.marks if name == tx and insns >= since]
    total = 0
    for i, begin in enumerate(calls):
        end = calls[i + 1] if i + 1 < len(calls) else float("inf")
        total += max((insns - begin for insns, _ in result.replies if begin < insns < end), default=0)
    return total


def measure_upgrade(bench, chip, size, version="1.0.1"):
    package = bench.package(size, "b", version)
    entry = bench.shop.entry(size, "b", version)
    elf = Elf(bench.elf)
    tx = elf.find("sfu_port_tx")
    if tx is None:
        raise Wrong(f"{bench.elf}: sfu_port_tx is inlined, so that waits for the line cannot be told")
    options = {"profile": True, "marks": [bench.idle, tx, "sfu_start"]}
    before = bench.run(bench.copy(chip), to_trial(package, stop_at_offer=True), **options)
    whole, again = (bench.run(bench.copy(chip), to_trial(package), stop=[entry], **options) for _ in range(2))
    start = before.instructions
    if whole.points["offer"]["instructions"] != start:
        raise Wrong("two runs up to the offer differ")
    idle = profile_of_idle(bench, chip, package)
    idles = sum(1 for name, insns, _ in whole.marks if name == bench.idle and insns >= start)
    total, busy = whole.instructions - start, whole.busy - before.busy
    waits = line_waits(whole, tx, start)
    works, functions = collections.Counter(), collections.Counter()
    for address, count in whole.profile.items():
        count -= before.profile.get(address, 0) + idles * idle.get(address, 0)
        if address < elf.end:
            works[elf.work_at(address)] += count
            functions[elf.function_at(address)] += count
    # of the waiting, what is not for the line is for the flash
    works["flash driver"] += works.pop("waiting", 0) - busy
    works = {w: round(n) for w, n in works.items()}
    works["flash driver"] -= waits
    idle_total = round(idles * sum(idle.values()))
    net = total - busy - waits - idle_total
    works["skipped in IT blocks"] = net - sum(works.values())
    started = max(insns for name, insns, _ in whole.marks if name == "sfu_start")
    return {"total": total, "again": again.instructions - again.points["offer"]["instructions"],
            "flash_busy": busy, "line_waits": waits, "idle": idle_total, "idle_polls": idles,
            "net": net, "boot": whole.instructions - started, "works": works,
            "functions": {n: round(c) for n, c in functions.most_common(25)}}


# 3: flash

def wear(results_and_starts):
    erases, programmed = collections.Counter(), 0
    for result, start in results_and_starts:
        for at, what, address in result.operations:
            if at >= start and what == "erase":
                erases[sector_of(address)] += 1
            elif at >= start:
                programmed += 4
    return erases, programmed


def measure_flash(bench, chip, size):
    """A sequence of upgrades, each with trial and confirm, to one slot and the other in turns."""
    chip, rows = bench.copy(chip), []
    for n in range(1, SEQUENCE + 1):
        slot, version = "ba"[(n - 1) % 2], f"1.0.{n}"
        package = bench.package(size, slot, version)
        upgrade = bench.run(chip, to_trial(package), trace=True)
        confirm = bench.run(chip, stop=[bench.shop.entry(size, slot, version)], trace=True)
        erases, programmed = wear([(upgrade, upgrade.points["offer"]["time"]), (confirm, 0)])
        rows.append({"bytes": programmed, "per_byte": programmed / size, "erases": sum(erases.values()),
                     "most": max(erases.values()), "journal_erases": erases[2] + erases[3]})
    return rows


# 4 and 5: time

def measure_time(bench, chip, size, version="1.0.1", latency=0):
    package = bench.package(size, "b", version)
    r = bench.run(bench.copy(chip), to_trial(package), trace=True, latency=latency)
    offer, finish, done = r.points["offer"], r.points["finish"], r.points["done"]
    byte = 10 * 1000 * MS // bench.baud
    begin = offer["time"] + latency + len(frame(2, package.manifest)) * byte
    operations = [o for o in r.operations if begin <= o[0] <= done["time"]]
    erase = sum(ERASE[sector_of(a)] for _, what, a in operations if what == "erase")
    program = sum(WORD for _, what, _ in operations if what == "program")
    # checks: of the manifest, up to the first flash operation; of the image, from FINISH on, without erases
    finishing = finish["time"] + latency + len(frame(FINISH)) * byte
    read_from = max([finishing] + [at + ERASE[sector_of(a)] for at, what, a in operations
                                   if what == "erase" and at >= finishing])
    read_to = next(at for at, what, _ in operations if what == "program" and at >= read_from)
    verify = operations[0][0] - begin + read_to - read_from
    sent = r.points["finish sent"]["sent"] - offer["sent"]
    wire = (sent - len(frame(2, package.manifest))) * byte
    limit = erase + verify + max(wire, program)
    return {"seconds": (done["time"] - begin) / 1000 / MS, "limit": limit / 1000 / MS,
            "erase": erase / 1000 / MS, "verify": verify / 1000 / MS, "wire": wire / 1000 / MS,
            "program": program / 1000 / MS, "excess": (done["time"] - begin) / limit - 1,
            "wire_overhead": sent / size - 1, "bytes_sent": sent}


def measure_wire(shop, size):
    """Escapes depend on the salt, so the mean of several packages."""
    sent = 0
    for n in range(WIRE_PACKAGES):
        p = shop.package("ab", size, "b", f"2.0.{2 * n}")
        sent += len(frame(OFFER, p.manifest)) + len(frame(FINISH))
        sent += sum(len(frame(RECORD, struct.pack("<I", i) + record)) for i, record in enumerate(p.records))
    return sent / WIRE_PACKAGES / size - 1


def measure_ymodem(bench, chip, size, version="1.0.1"):
    package = bench.package(size, "b", version)

    r = bench.run(bench.copy(chip), by_ymodem(package))
    return {"seconds": (r.points["done"]["time"] - r.points["offer"]["time"]) / 1000 / MS}


def measure_all(shop, workers):
    """Everything at once, as far as it does not depend on something else."""
    variants = [(layout, check, curve) for layout in ("ab", "single") for check in ("signature", "seal")
                for curve in ("m31", "prime")]
    result = {"wire": measure_wire(shop, 300 * KIB), "size": {}, "stack": {}, "boot": {}, "upgrade": {}, "time": {}, "ymodem": {}, "flash": [],
              "failed": []}
    size, large = 100 * KIB, 300 * KIB
    for v in variants:
        result["size"]["-".join(v)] = measure_size(*v)

    def small(v):
        result["stack"]["-".join(v)] = measure_stack(Bench(shop, *v))

    def instructions(check, curve, baud=115200):
        name = f"{check}-{curve}" + ("" if baud == 115200 else f"-{baud}")
        bench = Bench(shop, "ab", check, curve, baud)
        chip, _ = bench.confirmed(size)
        if baud == 115200:
            result["boot"][name] = measure_boot(bench, chip, size)
        result["upgrade"][name] = measure_upgrade(bench, chip, size)
        if name == "seal-m31":  # another package, another salt and signature
            result["upgrade"]["other package"] = measure_upgrade(bench, chip, size, "1.0.3")
        if name == "seal-m31-921600":
            result["flash"] = measure_flash(bench, chip, size)

    def times(baud):
        bench = Bench(shop, "ab", "seal", "m31", baud)
        chip, _ = bench.confirmed(16 * KIB)
        result["time"][f"{baud} baud"] = measure_time(bench, chip, large)
        result["time"][f"{baud}, 1 ms late"] = measure_time(bench, chip, large, latency=MS)
        result["ymodem"][str(baud)] = measure_ymodem(bench, chip, large)

    tasks = [(instructions, "seal", "m31", 921600), (times, 115200), (times, 921600)]
    tasks += [(instructions, check, curve) for check in ("seal", "signature") for curve in ("m31", "prime")]
    tasks += [(small, v) for v in variants]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(*task) for task in tasks]:
            try:
                future.result()
            except Wrong as wrong:  # what else there is will be measured all the same
                result["failed"].append(str(wrong))
    return result


# the table

class Table:
    def __init__(self):
        self.rows, self.lines = [], []

    def say(self, line=""):
        self.lines.append(line.rstrip())
        print(self.lines[-1], flush=True)

    def title(self, text):
        self.rows.append({"title": text})
        self.say()
        self.say(text)
        self.say(f"{'':32}{'measured':>10} {'aim':>10}")

    def row(self, what, value, aim=None, peer="", remark="", scale=1, digits=0, unit=""):
        def show(x):
            return f"{x / scale:,.{digits}f}{unit}"
        met = None if aim is None else value <= aim
        self.rows.append({"what": what, "value": value, "aim": aim, "met": met, "peer": peer})
        self.say(f"{what:<32}{show(value):>10} {'' if aim is None else '≤ ' + show(aim):>10} "
                 f"{'' if met is None else 'met' if met else 'MISSED':6} {remark or peer and 'peer: ' + peer}")

    def note(self, text):
        for line in textwrap.wrap(text, 97, subsequent_indent="  "):
            self.say("  " + line)


def print_sizes(t, r):
    t.title("Size of the loader, bytes (text: all it occupies of flash; RAM: static and worst stack)")
    t.note(f"peers: {PEER_TEXT}; {PEER_RAM}")
    for name, s in r["size"].items():
        t.row(f"text {name}", s["text"], 20480 if name.endswith("prime") else 24576,
              remark="BearSSL {BearSSL}, core {core}, port {port}".format(**s))
    for name, s in r["size"].items():
        if name not in r["stack"]:
            t.note(f"RAM {name}: not measured")
            continue
        s["stack_measured"] = s["stack_top"] - min(r["stack"][name].values())
        t.row(f"RAM {name}", s["static_ram"] + s["stack_measured"], 8192,
              remark="static {static_ram:,}, stack {stack_measured:,} of {stack_reserved:,}".format(**s))
    for name in [n for n in r["size"] if n.startswith("ab")]:
        s, lowest = r["size"][name], r["stack"].get(name, {})
        t.note(f"stack, {name}: by call graph at most {s['stack_bound']:,}"
               + (" — MORE THAN IS RESERVED" if s["stack_bound"] > s["stack_reserved"] else "")
               + "".join(f"; {work} {s['stack_top'] - sp:,}" for work, sp in lowest.items()))


def print_upgrade(t, r, name, **how):
    u = r["upgrade"][name]
    t.row(f"upgrade, {name}", u["net"], scale=1e6, digits=3, **how)
    t.note("of it {:.3f} in the boot after; apart: waits for the line {:.3f}, looks at a silent one {:.3f}, flash busy "
           "{:.3f}".format(*(u[k] / 1e6 for k in ("boot", "line_waits", "idle", "flash_busy"))))
    if u["total"] != u["again"]:
        t.note(f"the same again: {u['again'] - u['total']:+,} instructions")


def print_instructions(t, r):
    t.title("Instructions, 100 KiB image, million: power-on to the application's first")
    for name, b in sorted(r["boot"].items()):
        t.row(f"boot, {name}", b["instructions"], None if "prime" in name else 1200000 if "seal" in name else 16000000,
              PEER_BOOT if "m31" in name else "", scale=1e6, digits=3)
        if b["instructions"] != b["again"]:
            t.note(f"the same again: {b['again'] - b['instructions']:+,} instructions")
    t.title("Instructions, 100 KiB image, million: OFFER to the new image's first")
    for name in sorted(r["upgrade"], key=lambda n: (not n.startswith("seal-m31"), n.count("9"), n)):
        if name == "other package":
            t.note("another package of the same size: {:+,} instructions".format(
                r["upgrade"][name]["net"] - r["upgrade"]["seal-m31"]["net"]))
        elif name in ("seal-m31", "signature-m31"):
            print_upgrade(t, r, name, aim=28000000, peer=PEER_UPGRADE)
        else:
            print_upgrade(t, r, name)
    for name in [n for n in ("seal-m31", "signature-m31") if n in r["upgrade"]]:
        works = sorted(r["upgrade"][name]["works"].items(), key=lambda w: -w[1])
        t.note(f"upgrade, {name}: " + ", ".join(f"{w} {n / 1e6:.2f}" for w, n in works))


def print_flash(t, r):
    rows = r["flash"]
    if not rows:
        return
    t.title(f"Flash: {SEQUENCE} A/B upgrades of 100 KiB in a row, with trial and confirm")
    plain, worst = rows[0], max(rows, key=lambda x: x["per_byte"])
    t.row("written per image byte, first", plain["per_byte"], 1.02, PEER_WEAR, digits=4)
    t.row("written per image byte, worst", worst["per_byte"], 1.02, digits=4)
    t.row("erases of one sector, worst", max(x["most"] for x in rows), 1, PEER_ERASE)
    t.note("erases: {} in the first, {} at most; the journal went to its other page {} times".format(
        plain["erases"], max(x["erases"] for x in rows), sum(x["journal_erases"] for x in rows)))


def print_times(t, r):
    t.title("Virtual time, 300 KiB by the link: OFFER received to DONE sent, seconds")
    for name, x in sorted(r["time"].items()):
        late = "late" in name
        t.row(f"download, {name}", x["seconds"], None if late else 1.05 * x["limit"], digits=3,
              remark=f"{x['excess']:+.1%} over the limit")
        if not late:
            t.note("{:.3f} = erase {:.3f} + verify {:.3f} + max(wire {:.3f}, program {:.3f})".format(
                *(x[k] for k in ("limit", "erase", "verify", "wire", "program"))))
    t.row("wire overhead", 100 * r["wire"], 3, remark=f"mean of {WIRE_PACKAGES} packages", digits=2, unit=" %")
    for baud, x in r["ymodem"].items():
        t.row(f"YMODEM-1k, {baud} baud", x["seconds"], digits=3, remark="(no aim)")


def put_into(document, lines):
    text = document.read_text()
    block = "<!-- bench -->\n```\n" + "\n".join(lines).strip("\n") + "\n```\n<!-- end -->"
    new, count = re.subn(r"<!-- bench -->\n.*?<!-- end -->", lambda m: block, text, flags=re.S)
    if count != 1:
        raise Wrong(f"{document}: no <!-- bench --> and <!-- end -->")
    document.write_text(new)


def main():
    missing = [str(p) for p in (BOARD, SFU) if not p.exists()]
    if missing:
        raise Wrong(f"{', '.join(missing)} is not built: run make bench")
    shutil.rmtree(OUT / "runs", ignore_errors=True)
    result = measure_all(Shop(OUT / "shop"), 2)
    table = Table()
    print_sizes(table, result)
    print_instructions(table, result)
    print_flash(table, result)
    print_times(table, result)
    missed = [row["what"] for row in table.rows if row.get("met") is False]
    table.say()
    table.note(f"{sum(row.get('met') is True for row in table.rows)} aims met, {len(missed)} missed"
               + (f": {'; '.join(missed)}" if missed else ""))
    failed = sorted(set(result["failed"]))
    for text in failed:
        table.note(f"did not run: {text}")
    (OUT / "bench.json").write_text(json.dumps({"rows": table.rows, "measured": result}, indent=1) + "\n")
    if len(sys.argv) > 2:
        put_into(pathlib.Path(sys.argv[2]), table.lines)
    shutil.rmtree(OUT / "runs", ignore_errors=True)
    if failed:
        raise Wrong("what did not run is missing from the table")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        sys.exit(f"bench: {wrong}")
