"""A station in virtual time, at the other end of tests/bench/line.c, and runs of the emulated board with it.

A station is a generator that yields when it waits; it takes no time to think, unless it is given a latency.
"""
import binascii
import json
import pathlib
import re
import socket
import struct
import subprocess

NEVER = (1 << 64) - 1
MS = 10 ** 9  # the board counts picoseconds
HELLO, OFFER, RECORD, FINISH, ABORT, REBOOT, ENTER = range(1, 8)
INFO, ACCEPT, ACK, DONE, REFUSE = 0x81, 0x82, 0x83, 0x84, 0x8F
SOH, STX, EOT, YACK, NAK, CRC = 1, 2, 4, 6, 0x15, 0x43


class Wrong(Exception):
    """Something did not run; the text says what."""


def frame(kind, body=b""):
    payload = bytes([kind]) + body
    payload += struct.pack("<I", binascii.crc32(payload))
    return b"\x7e" + payload.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def unframe(raw):
    data = re.sub(rb"\x7d(.)", lambda m: bytes([m[1][0] ^ 0x20]), bytes(raw), flags=re.S)
    if len(data) < 5 or binascii.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
        return None
    return data[:-4]


class Package:
    def __init__(self, path):
        self.path, data = pathlib.Path(path), pathlib.Path(path).read_bytes()
        self.bytes, self.manifest = data, data[:256]
        self.plain, record, self.count = struct.unpack("<IHH", data[72:80])
        at, left, self.records = 256, self.plain, []
        for _ in range(self.count):
            n = min(record, left) + 32
            self.records.append(data[at:at + n])
            at, left = at + n, left - n + 32
        if at != len(data) or left != 0:
            raise Wrong(f"{path}: not a package as bench.py knows them")


class Station:
    def __init__(self, script, latency=0):
        self.now = self.insns = self.busy = self.sent = 0
        self.out, self.later, self.heard, self.points = bytearray(), [], bytearray(), {}
        self.wake, self.stop, self.raw, self.latency, self.replies = NEVER, False, False, latency, []
        self.counts = {}
        self.script = script(self)
        next(self.script)

    # for the line

    def answer(self, now, insns, busy, what, byte):
        self.now, self.insns, self.busy = now, insns, busy
        if what == b"B":
            self.replies.append((insns, now))
        event = self.hear(byte) if what == b"B" else ("wake", None)
        if event and not self.stop:
            try:
                self.script.send(event)
            except StopIteration:
                self.stop = True
        if self.out:
            self.later.append((now + self.latency, bytes(self.out)))
            self.out.clear()
        due = b"".join(data for at, data in self.later if at <= now)
        self.later = [(at, data) for at, data in self.later if at > now]
        wake = min([self.wake if self.wake > now else NEVER] + [at for at, _ in self.later])
        return struct.pack("<QII", wake, len(due), self.stop) + due

    def hear(self, byte):
        if self.raw:
            return "byte", byte
        if byte == 0x7E:
            payload = unframe(self.heard)
            self.heard.clear()
            return payload and ("frame", payload)
        if byte == 0x0A and all(32 <= b < 127 or b == 13 for b in self.heard):
            line = self.heard.decode().strip()
            self.heard.clear()
            return "text", line
        self.heard.append(byte)
        return None

    # for scripts

    def send(self, data):
        self.out += data
        self.sent += len(data)

    def point(self, name):
        """Notes where the chip is."""
        self.points[name] = {"time": self.now, "instructions": self.insns, "busy": self.busy, "sent": self.sent}

    def sleep(self, ms):
        self.wake = end = self.now + ms * MS
        while self.now < end:
            yield
        self.wake = NEVER

    def frame(self, *kinds, timeout=60000):
        self.wake = end = self.now + timeout * MS
        while True:
            what, payload = yield
            if what == "frame" and payload[0] in kinds:
                self.wake = NEVER
                return payload
            if what == "frame" and payload[0] == REFUSE:
                raise Wrong("the loader refuses: 0x%08X" % struct.unpack("<I", payload[1:5]))
            if self.now >= end:
                return None

    def text(self, words):
        while True:
            what, line = yield
            if what == "text" and words in line:
                return line

    def byte(self, *wanted, timeout=60000):
        self.wake = end = self.now + timeout * MS
        while self.now < end:
            what, byte = yield
            if what == "byte" and byte in wanted:
                self.wake = NEVER
                return byte
            if what == "byte" and byte == 0x18:
                raise Wrong("the loader cancels YMODEM")
        raise Wrong("the loader does not answer by YMODEM")

    def hello(self):
        for _ in range(100):
            self.send(frame(HELLO))
            info = yield from self.frame(INFO, timeout=200)
            if info:
                return info
        raise Wrong("the loader does not answer")

    def enter(self):
        """From power-on, by way of the application, into the loader."""
        yield from self.text("payload of")
        self.send(frame(ENTER))
        yield from self.text("to the loader")
        return (yield from self.hello())

    def offer(self, manifest):
        self.point("offer")
        self.send(frame(OFFER, manifest))
        return (yield from self.frame(ACCEPT, REFUSE))

    def download(self, package):
        answer = yield from self.offer(package.manifest)
        if answer[0] == REFUSE:
            raise Wrong("the loader refuses the package: 0x%08X" % struct.unpack("<I", answer[1:5]))
        at, (done, limit) = 0, struct.unpack("<II", answer[1:])
        while done < package.count:
            while at < min(limit, package.count):
                self.send(frame(RECORD, struct.pack("<I", at) + package.records[at]))
                at += 1
            answer = yield from self.frame(ACK)
            if answer is None:
                raise Wrong(f"record {done} is not acknowledged")
            done, limit = struct.unpack("<II", answer[1:])
        self.point("finish")
        self.send(frame(FINISH))
        self.point("finish sent")
        if (yield from self.frame(DONE)) is None:
            raise Wrong("the installation does not end")
        self.point("done")

    def reboot(self):
        self.send(frame(REBOOT))
        yield from self.frame(DONE)

    def block(self, kind, number, data):
        size = 128 if kind == SOH else 1024
        data += b"\x1a" * (size - len(data)) if number or len(data) > 128 else bytes(size - len(data))
        head = bytes([kind, number % 256, 255 - number % 256])
        for _ in range(10):
            self.send(head + data + struct.pack(">H", binascii.crc_hqx(data, 0)))
            if (yield from self.byte(YACK, NAK)) == YACK:
                return
        raise Wrong("the loader takes no YMODEM block")

    def ymodem(self, package):
        """As `sb` of lrzsz does it."""
        self.raw = True
        yield from self.byte(CRC)
        self.point("offer")
        data = package.bytes
        yield from self.block(SOH, 0, b"%s\0%d\0" % (package.path.name.encode(), len(data)))
        yield from self.byte(CRC)
        number = 1
        while data:
            small = len(data) <= 128
            yield from self.block(SOH if small else STX, number, data[:1024])
            data, number = data[1024:], number + 1
        while True:
            self.send(bytes([EOT]))
            if (yield from self.byte(YACK, NAK)) == YACK:
                break
        yield from self.byte(CRC)
        yield from self.block(SOH, 0, b"")
        self.point("done")
        self.raw = False


class Result:
    """What one run of the board told."""

    def __init__(self, folder, station):
        self.counts = json.loads((folder / "json").read_text())
        self.instructions, self.busy = self.counts["instructions"], self.counts["instructions_flash_busy"]
        self.points, self.replies, self.profile = ({}, [], {}) if station is None else (
            station.points, station.replies, station.counts)
        self.marks = [(m[1], int(m[2]), round(float(m[3]) * MS)) for m in re.finditer(
            r"^mark (\S+) \d+ instructions (\d+) time_ms (\S+)$", (folder / "marks").read_text(), re.M)]
        self.operations = []
        if (folder / "trace").exists():
            for line in (folder / "trace").read_text().splitlines():
                _, ms, _, what, address, _, _ = line.split()
                self.operations.append((round(float(ms) * MS), what, int(address, 16)))

    def lowest_sp(self):
        return int(self.counts["lowest_sp"], 16)


def run(board, flash, elf, folder, script=None, stop=(), marks=(), profile=False, trace=False, latency=0,
        time_max=400000):
    """Power-on to the end of `script` or to an address of `stop`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("json", "marks", "profile", "trace"):
        (folder / name).unlink(missing_ok=True)
    command = [board, "run", "--flash", flash, "--elf", elf, "--json", folder / "json", "--seed", 1,
               "--time-max", time_max]
    for name, values in (("--stop-pc", stop), ("--mark", marks)):
        command += [name, *values] if values else []
    command += ["--profile", folder / "profile"] if profile else []
    command += ["--trace", folder / "trace"] if trace else []
    ours, theirs = socket.socketpair()
    station = Station(script, latency) if script else None
    if station:
        command += ["--serial", theirs.fileno()]
    with open(folder / "marks", "w") as out, open(folder / "notes", "w") as notes:
        process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=notes, stdin=subprocess.DEVNULL,
                                   pass_fds=[theirs.fileno()])
        theirs.close()
        try:
            serve(ours, station)
        finally:
            ours.close()
            code = process.wait()
    if code != 0:
        raise Wrong(f"the board ended with {code}: {(folder / 'notes').read_text().strip() or 'no word'}")
    return Result(folder, station)


def serve(line, station):
    buffer = b""
    while True:
        try:
            data = line.recv(4096)
        except ConnectionError:
            return
        if not data:
            return
        buffer += data
        while len(buffer) >= 24:
            now, insns, busy, what, byte = struct.unpack("<QQIcB2x", buffer[:24])
            buffer = buffer[24:]
            if what == b"P":
                station.counts[now] = insns
                continue
            try:
                line.sendall(station.answer(now, insns, busy, what, byte))
            except ConnectionError:
                return
