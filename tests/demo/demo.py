#!/usr/bin/env python3
"""demo.py LOADER.elf FIRMWARE_DIR WORK_DIR: the main job, on the emulated STM32F407. Every step is
checked; the first that does not do exactly what it should ends the demo with exit code 1."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import tell
from world import BAUD, World, expect_slot, show_confirmed, show_words
import cheats
from device import FIELD, Wrong, must, sfu

CUT = 40000  # flash operation of the upgrade at which the power goes: half the image
TRIAL_BOOTS = 3


LICENCES = 2


def make_hsm(world):
    tell.step("HSM made")
    sfu("keygen", "sign", world.file("sign.pem"), "-p", world.file("sign.pub"))
    sfu("keygen", "sign", world.file("orders.pem"), "-p", world.file("orders.pub"))
    sfu("keygen", "master", world.file("master.key"))
    sfu("hsm", "attest-key", "-M", world.file("master.key"), world.file("attest.key"))
    r = sfu("hsm", "init", "-d", world.box, "-A", world.file("attest.key"), "-P", "lamp", "-O", world.file("orders.pub"),
            "-r", world.file("record"), "-p", world.file("hsm.pub"), "-L", "field")
    tell.quote(world.short(r.stderr))
    sfu("hsm", "ledger", "export", "-d", world.box, world.file("ledger"))
    sfu("hsm", "order", "-k", world.file("orders.pem"), "-r", world.file("record"), "-x", world.file("ledger"),
        "-n", LICENCES, world.file("order"))
    r = sfu("hsm", "stock", "add", "-d", world.box, world.file("order"))
    must(f"{LICENCES} in stock" in r.stdout, f"the stock after the order: {r.stdout}")
    tell.quote("sfu hsm stock add: " + re.search(r"^licences .*", r.stdout, re.M)[0])
    secret = master(world)
    for path in world.box.rglob("*"):
        must(not path.is_file() or secret not in path.read_bytes(), f"the OEM master key lies in {path}")
    tell.result(f"a token and a ledger with {LICENCES} licences; the OEM master key is not in it")


def master(world):
    return bytes.fromhex(re.search(r"^key (\w+)$", world.file("master.key").read_text(), re.M)[1])


def make_factory(world):
    tell.step("Factory")
    r = sfu("factory", "-l", world.loader, "-P", "lamp", "-H", 1, "-s", world.file("sign.pub"), "-M",
            world.file("master.key"), "-S", world.file("hsm.pub"), "-L", "field", "-o", world.file("lamp.hex"),
            "-c", world.file("lamp"))
    tell.quote(world.short(r.stderr))
    commands = world.file("lamp.stm32cubeprog.sh").read_text()
    found = re.search(r"-ob (.*)", commands)
    must(found and sorted(found[1].split()) == sorted(FIELD), "the command file sets other option bytes than the demo")
    world.options = found[1].split()
    tell.result(f"lamp.hex, the same for every chip: loader {world.loader.name}, public keys, OEM master key")


def program_open(world):
    tell.step("A chip that was not locked")
    device = world.device("open")
    device.program(world.file("lamp.hex"), ())
    device.start()
    r = device.sfu("info")
    lines = [t for t in r.stdout.splitlines() if t.split("  ")[0] in ("keys", "lock", "last refusal")]
    tell.quote("\n".join("sfu info: " + t for t in lines))
    must("E_LOCKED" in r.stdout and "not usable" in r.stdout, "the loader did not refuse its keys on an open chip")
    device.stop()
    tell.result("the loader refuses to use its keys: E_LOCKED")


def program_chip(world):
    tell.step("Chip programmed")
    device = world.device("chip")
    device.program(world.file("lamp.hex"), world.options)
    must(master(world) in device.bytes(), "the OEM master key is not in the chip")
    device.start()
    r = device.sfu("info")
    must("E_MASTER" in r.stdout, f"the new chip says {r.stdout}")
    tell.line(f"option bytes as the command file sets them: {' '.join(world.options)}")
    tell.result("E_MASTER: the chip holds the OEM master key, and takes no firmware before it is personalized")
    return device


def personalize_chip(world, device):
    tell.step("Chip personalized")
    socket = world.box / "socket"
    service = world.begin("hsm", "serve", "-d", world.box, "-l", socket)
    for _ in range(500):
        if socket.exists() or service.poll() is not None:
            break
        time.sleep(0.02)
    for again in range(2):
        r = device.sfu("personalize", "--hsm", socket)
        tell.quote("sfu personalize: " + r.stdout.strip())
        must("licence 1" in r.stdout and f"{LICENCES - 1} in stock" in r.stdout
             and ("sent again" in r.stdout) == bool(again), "this is not what personalization should say")
    service.terminate()
    must(service.wait(20) == 0, "the service did not end well")
    r = sfu("hsm", "ledger", "verify", "-d", world.box)
    must("1 taken, 1 receipts" in r.stdout, f"the ledger: {r.stdout}")
    tell.quote("sfu hsm ledger verify: " + r.stdout.strip())
    sfu("hsm", "oem-key", "-M", world.file("master.key"), "-r", world.file("record"), world.file("oem.key"))
    info = device.info()
    must(info["keys_ready"] and info["lock"] == "field" and info["needs_image"], f"the device says {info}")
    device.stop()
    must(master(world) not in device.bytes(), "the OEM master key is still in the chip")
    device.start()
    tell.result(f"device {info['uid']}: one licence taken, the OEM master key is gone from the chip, keys ready")


def pack_all(world):
    tell.step("Firmware packed")
    for version, image, counter in (("1.0.0", "1.0.0", 1), ("1.1.0", "1.1.0", 2), ("1.2.0-hang", "1.2.0-hang", 2),
                                    ("1.2.0", "1.2.0", 2)):
        for slot in "ab":
            world.pack(f"{version}-{slot}.sfu", f"{image}-{slot}", image[:5], counter)
    for path in world.packages("1.0.0"):
        sfu("verify", "-s", world.file("sign.pub"), "-K", world.file("oem.key"), path)
    size = len(world.plain("1.0.0-a"))
    wire = world.file("1.0.0-a.sfu").stat().st_size
    tell.result(f"1.0.0, 1.1.0 and 1.2.0 for slots A and B; {size} bytes make {wire}: "
                f"{100 * (wire - size) / size:.1f} % more")


def took(r):
    found = re.search(r"install \d+, ([0-9.]+) s", r.stderr)
    must(found, f"sfu did not say that it is installed: {r.stderr.strip()}")
    return float(found[1])


def download_first(world, device):
    tell.step("1.0.0 downloaded")
    r = device.sfu("download", *world.packages("1.0.0"))
    seconds = took(r)
    show_words(device, "1.0.0", "A", 1, attempts=TRIAL_BOOTS - 1, failure="0x0")
    show_confirmed(device)
    size = expect_slot(world, device, "A", "1.0.0-a")
    tell.result(f"{size} bytes in {seconds:.1f} s at {BAUD} baud; booted, and confirmed itself")
    device.stop()
    shutil.copy(device.flash, world.file("chip-1.0.0"))  # for the same upgrade by YMODEM


def upgrade_cut(world, device):
    tell.step("Upgrade to 1.1.0, with the power cut in the middle")
    before = device.bytes()
    device.start("--cut", f"{CUT}:inside")
    device.wait_for("payload")
    download = world.begin("download", "-p", device.port, "-b", BAUD, *world.packages("1.1.0"))
    code = device.ended(60)
    must(code == 3, f"the board ended with {code}, not by the cut: {device.said()}")
    must(download.poll() is None, "sfu download gave up when the power went")
    half = device.bytes()
    must(device.area("slot A", before) == device.area("slot A", half), "the cut upgrade changed the slot that runs")
    tell.line(f"the power went inside flash operation {CUT}, a word of slot B; `sfu download` goes on calling")
    device.start()
    said = download.communicate(timeout=60)[1]
    must(download.returncode == 0, f"sfu download ended with {download.returncode}: {said}")
    resumed = re.findall(r"goes on at record (\d+) of (\d+)", said)
    must(len(resumed) == 1 and int(resumed[0][0]) > 0, f"sfu download did not resume: {said}")
    tell.quote("sfu: " + re.search(r"goes on at .*", said)[0])
    show_words(device, "1.1.0", "B", 1, attempts=TRIAL_BOOTS - 1, failure="0x0")
    show_confirmed(device)
    size = expect_slot(world, device, "B", "1.1.0-b")
    record, records = map(int, resumed[0])
    tell.result(f"power came back, {record} of {records} records were kept, the rest was sent; {size} bytes are whole")


def upgrade_hangs(world, device):
    tell.step("An upgrade that hangs")
    device.sfu("download", *world.packages("1.2.0-hang"))
    for left in reversed(range(TRIAL_BOOTS)):
        show_words(device, "1.2.0", "A", 1, attempts=left)
        must("confirmed" not in device.heard.decode("ascii", "replace"), "the image that hangs confirmed itself")
    code = json.loads(sfu("explain", "--json", "R_TRIAL").stdout)["code"]
    show_words(device, "1.1.0", "B", 0, failure=f"{code:#x}")
    info = device.info()
    must(info["failure"] == "R_TRIAL" and info["slots"][0]["state"] == "empty", f"after the revert: {info}")
    device.sfu("reboot")
    show_words(device, "1.1.0", "B", 0)
    counts = device.stop()
    must(counts["resets"]["iwdg"] == TRIAL_BOOTS, f"the watchdog bit {counts['resets']['iwdg']} times")
    tell.result(f"{TRIAL_BOOTS} boots of 30 s each, each ended by the watchdog; then 1.1.0 came back, and says why: R_TRIAL")


def sb(device, package):
    """`sb PACKAGE < PORT > PORT`"""
    port = os.open(device.port, os.O_RDWR | os.O_NOCTTY)
    try:
        return subprocess.run(["sb", package], stdin=port, stdout=port, stderr=subprocess.PIPE, timeout=60)
    finally:
        os.close(port)


def ymodem(world):
    tell.step("The same upgrade by YMODEM")
    device = world.device("ymodem")
    shutil.copy(world.file("chip-1.0.0"), device.flash)
    device.start()
    device.wait_for("\r\n", 20, after="payload")
    device.send(b"uuu")  # what a person at a terminal sends to reach the loader
    device.wait_for("to the loader")
    package = world.packages("1.1.0")[1]
    r = sb(device, package)
    must(r.returncode == 0, f"sb ended with {r.returncode}: {r.stderr.decode(errors='replace')}")
    tell.quote("sb: " + re.split(r"[\r\n]+", r.stderr.decode(errors="replace").strip())[-1].strip())
    show_words(device, "1.1.0", "B", 1)
    show_confirmed(device)
    size = expect_slot(world, device, "B", "1.1.0-b")
    device.stop()
    tell.result(f"`sb {package.name}` from lrzsz: the same {size} bytes in slot B, booted, confirmed")


def run(world):
    make_hsm(world)
    make_factory(world)
    program_open(world)
    device = program_chip(world)
    personalize_chip(world, device)
    pack_all(world)
    download_first(world, device)
    upgrade_cut(world, device)
    upgrade_hangs(world, device)
    cheats.refuse_all(world, device)
    ymodem(world)
    tell.summary()


def main(loader, firmware, work):
    work = pathlib.Path(work).resolve() / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    world = World(pathlib.Path(loader).resolve(), pathlib.Path(firmware).resolve(), work)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        run(world)
    except (Wrong, subprocess.TimeoutExpired, OSError) as e:
        tell.failed(str(e))
        sys.exit(1)
    except KeyboardInterrupt:
        tell.failed("interrupted")
        sys.exit(130)
    finally:
        world.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
