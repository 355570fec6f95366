#!/usr/bin/env python3
"""How many devices an HSM personalizes: stations are `sfu personalize --watch`, each with simulated devices on a
pseudo-terminal of its own; the service is `sfu hsm serve` with SoftHSM2, on this machine as well.

usage: hsm.py [--devices N] [--stations N] [--spec]

Prints devices a second over the whole run, the service's memory on the way, and what the ledger says afterwards;
fails if the memory grows, the rate is below the aim or the ledger is not good. --spec writes the table into
spec/bench.md."""
import argparse
import json
import multiprocessing
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/tool"))
os.environ["SFU"] = str(ROOT / "build/sfu")

from hsm_device import Chip, Line  # noqa: E402
from hsm_world import Hsm  # noqa: E402

AIM = 100  # devices a second
GROWTH = 256  # KiB that the service's memory may grow between the first tenth and the end


def desk(folder, number, count, master, key, done):
    """One station's devices, one after the other; ends when `count` of them gave their receipt."""
    left = [count]

    def renew(chip):
        left[0] -= 1
        done.value += 1
        return make(left[0]) if left[0] > 0 else None

    def make(n):
        return Chip(master, key, b"B" + number.to_bytes(3, "big") + n.to_bytes(8, "big"))

    with Line(folder / f"port{number}", make(count), renew=renew):
        while left[0] > 0:
            time.sleep(0.05)
        time.sleep(1)  # the last receipt is on its way to the ledger


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1])


def cpu(pid):
    """Seconds of processor time."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(folder, devices, stations):
    hsm = Hsm(folder, stock=devices)
    share = [devices // stations + (i < devices % stations) for i in range(stations)]
    counters = [multiprocessing.Value("i", 0) for _ in share]
    samples = []
    with hsm.serve() as service:
        desks = [multiprocessing.Process(target=desk, args=(folder, i, share[i], hsm.master, hsm.key, counters[i]))
                 for i in range(stations)]
        for one in desks:
            one.start()
        time.sleep(1)
        mine = [service.process.pid, os.getpid(), *(one.pid for one in desks)]
        began, busy_before, ours_before = time.monotonic(), busy(), sum(map(cpu, mine))
        rows = [open(folder / f"rows{i}", "wb") for i in range(stations)]
        watchers = [subprocess.Popen([os.environ["SFU"], "personalize", "--watch", "--json", "-q", "-p",
                                      folder / f"port{i}", "--hsm", service.listen], stdout=rows[i])
                    for i in range(stations)]
        while (count := sum(c.value for c in counters)) < devices:
            if count >= devices * (len(samples) + 1) // 10:
                samples.append(memory(service.process.pid))
            time.sleep(0.05)
            if any(w.poll() is not None for w in watchers):
                raise SystemExit("a station ended")
        took = time.monotonic() - began
        samples.append(memory(service.process.pid))
        spent = cpu(service.process.pid)
        others = busy() - busy_before - (sum(map(cpu, mine + [one.pid for one in watchers])) - ours_before)
        for one in desks:
            one.join()
        for one in watchers:
            one.send_signal(signal.SIGTERM)
            one.wait()
    good = sum(json.loads(line)["personalized"] for i in range(stations)
               for line in (folder / f"rows{i}").read_text().splitlines())
    began = time.monotonic()
    out = subprocess.run([os.environ["SFU"], "hsm", "ledger", "verify", "-d", hsm.box, "--json"], capture_output=True,
                         check=True).stdout
    return took, spent, others, samples, good, json.loads(out), time.monotonic() - began


def busy():
    """Seconds all processors were busy, by whomever."""
    fields = [int(n) for n in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def report(devices, stations, took, spent, others, samples, good, ledger, verified):
    rate, growth = devices / took, samples[-1] - samples[0]
    whole = ledger["licences"] == ledger["receipts"] == devices == good
    lines = [f"HSM: {devices:,} simulated devices, {stations} stations, SoftHSM2, {os.cpu_count()} processors for all",
             f"personalized a second         {rate:8.1f}    ≥ {AIM} {'met' if rate >= AIM else 'MISSED'}    {took:.0f} s, in which "
             f"other programs of this machine took {others:.0f} s of its processors' {os.cpu_count() * took:.0f}",
             f"service's processor time, ms  {1000 * spent / devices:8.2f}    a device; the rest is stations and simulated devices",
             f"growth of the service, KiB    {growth:8d}    ≤ {GROWTH} {'met' if growth <= GROWTH else 'MISSED'}    "
             f"from {samples[0]:,} after a tenth to {samples[-1]:,}",
             f"  after each tenth, KiB: {', '.join(f'{s:,}' for s in samples)}",
             f"ledger                        {'good' if whole else 'WRONG':>8}    {ledger['rows']:,} rows, "
             f"{ledger['licences']:,} licences, {ledger['receipts']:,} receipts; verified in {verified:.1f} s"]
    print("\n".join(lines))
    return lines, whole and rate >= AIM and growth <= GROWTH


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=20000)
    parser.add_argument("--stations", type=int, default=16)
    parser.add_argument("--spec", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = run(pathlib.Path(folder), args.devices, args.stations)
    lines, good = report(args.devices, args.stations, *results)
    if args.spec:
        page = ROOT / "spec/bench.md"
        text = page.read_text()
        table = "<!-- hsm -->\n```\n" + "\n".join(lines) + "\n```\n<!-- /hsm -->"
        page.write_text(re.sub(r"<!-- hsm -->.*<!-- /hsm -->", lambda _: table, text, flags=re.S))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
