"""The device's side of spec/formats.md, "Wire", on a pseudo-terminal: as much as the host's side can
be tested against, with faults to order. It decrypts and verifies nothing."""
import binascii
import os
import pty
import select
import threading
import time
import tty

from harness import CODES, FORMAT, word

M = {name[8:]: value for name, value in FORMAT.items() if name.startswith("MESSAGE_")}
FLAG, ESCAPE, XOR = (FORMAT[f"LINK_{n}"] for n in ("FLAG", "ESCAPE", "XOR"))


def u32(*values):
    return b"".join(v.to_bytes(4, "little") for v in values)


def frame(payload):
    payload += binascii.crc32(payload).to_bytes(4, "little")
    body = b"".join(bytes([ESCAPE, b ^ XOR]) if b in (FLAG, ESCAPE) else bytes([b]) for b in payload)
    return bytes([FLAG]) + body + bytes([FLAG])


def unframe(body):
    """The payload between two flags, or None."""
    out, escaped = bytearray(), False
    for b in body:
        if b == ESCAPE and not escaped:
            escaped = True
            continue
        out.append(b ^ XOR if escaped else b)
        escaped = False
    if escaped or len(out) < 5 or binascii.crc32(out[:-4]).to_bytes(4, "little") != out[-4:]:
        return None
    return bytes(out[:-4])


class Peer(threading.Thread):
    """One device. `faults` are done once each, when their record, or FINISH, arrives for the first time:
    drop_ack, corrupt (the record is not understood), vanish, reset (the offer is forgotten),
    noise (before the ACK). `refuse` = {"OFFER": code, 3: code, "FINISH": code}."""

    def __init__(self, link, package, window=2, faults=None, refuse=None, silent=(), slots=None,
                 free_slot=0, flags=2, boot=0.0, delay=0.0, lose_done=False, vanish_for=0.5):
        super().__init__(daemon=True)
        self.link, self.package, self.window = link, package, window
        self.faults, self.refuse, self.silent = dict(faults or {}), dict(refuse or {}), silent
        self.free_slot, self.flags, self.delay, self.lose_done = free_slot, flags, delay, lose_done
        self.slots = slots or [[0x08020800, 391040, 0, 0, bytes(8)], [0x08080800, 391040, 0, 0, bytes(8)]]
        self.vanish_for = vanish_for
        self.count = word(package, "MANIFEST", "RECORD_COUNT")
        self.size = word(package, "MANIFEST", "RECORD_SIZE")
        self.next, self.offered, self.flash, self.rebooted = 0, False, {}, False
        self.seen, self.complaints, self.limit, self.got = [], [], 0, b""
        self.awake_at = time.monotonic() + boot
        self.ending = threading.Event()
        self.open()

    def open(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        if os.path.lexists(self.link):
            os.unlink(self.link)
        os.symlink(os.ttyname(self.slave), self.link)

    def close(self):
        os.unlink(self.link)
        os.close(self.master)
        os.close(self.slave)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join(5)

    def send(self, name, body=b""):
        os.write(self.master, frame(bytes([M[name]]) + body))

    def ack(self, name="ACK"):
        self.limit = min(self.next + self.window, self.count)
        self.send(name, u32(self.next, self.limit))

    def info(self):
        version = bytes([1, 0, 0, 0, 0, 0, 0, 0])
        text = lambda name: self.package[FORMAT[f"MANIFEST_{name}_OFFSET"]:][:FORMAT[f"MANIFEST_{name}_SIZE"]]
        body = bytes([1, 2]) + self.size.to_bytes(2, "little") + u32(self.flags) + version
        body += text("PRODUCT") + u32(2, 3) + bytes(range(12)) + u32(0x413, 5, FORMAT["FLASH_LOCK_FIELD"], 0)
        body += u32(CODES["R_BUSY"], self.free_slot)
        for address, capacity, state, install, its_version in self.slots:
            body += u32(address, capacity, state, install) + its_version
        self.send("INFO", body)

    def run(self):
        buffer = b""
        while not self.ending.is_set():
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            buffer += os.read(self.master, 4096)
            if time.monotonic() < self.awake_at:
                buffer = b""
            *bodies, buffer = buffer.split(bytes([FLAG]))
            for body in bodies:
                payload = unframe(body) if body else None
                if payload:
                    time.sleep(self.delay)
                    self.take({v: k for k, v in M.items()}.get(payload[0], "?"), payload[1:])
        self.close()

    def take(self, name, body):
        self.seen.append(name)
        if name in self.silent:
            return
        if name in self.refuse:
            self.send("REFUSE", u32(self.refuse[name], 7))
        elif name in ("HELLO", "ENTER"):
            self.info()
        elif name == "OFFER":
            self.offered = True
            if body != self.package[:256]:
                self.complaints.append("another manifest")
            self.ack("ACCEPT")
        elif name == "RECORD":
            self.record(int.from_bytes(body[:4], "little"), body[4:])
        elif name == "FINISH":
            self.finish()
        elif name == "REBOOT":
            self.rebooted = True
            self.send("DONE", u32(0))
        else:
            self.complaints.append(f"message {name}")

    def finish(self):
        if self.faults.pop("FINISH", None) == "reset":
            self.offered, self.next = False, self.next // 4 * 4
        if not self.offered:
            return self.send("REFUSE", u32(CODES["R_ORDER"], self.next))
        if self.next != self.count:
            return self.send("REFUSE", u32(CODES["R_INCOMPLETE"], self.next))
        at = FORMAT["MANIFEST_VERSION_OFFSET"]
        self.slots[self.free_slot][2:] = [FORMAT["SLOT_TRIAL"], 9, self.package[at:at + 8]]
        self.offered = False
        if self.lose_done:
            self.lose_done = False
        else:
            self.send("DONE", u32(9))

    def record(self, index, data):
        if not self.offered:
            return self.send("REFUSE", u32(CODES["R_ORDER"], index))
        if index >= self.limit:
            self.complaints.append(f"record {index} beyond the window {self.limit}")
        fault = self.faults.pop(index, None)
        if fault == "corrupt":
            return
        if fault == "vanish":
            self.close()
            time.sleep(self.vanish_for)
            self.offered = False
            self.open()
            return
        if fault == "reset":
            self.offered, self.next = False, self.next // 4 * 4
            return
        if index in self.refuse:
            return self.send("REFUSE", u32(self.refuse[index], index))
        if index == self.next:
            at = 256 + index * (self.size + 32)
            if data != self.package[at:at + self.size + 32]:
                self.complaints.append(f"record {index} is another")
            self.flash[index] = data
            self.next += 1
        if fault == "noise":
            os.write(self.master, b"\x7e\x7d\x7e garbage \x7d\x01\x7e" + bytes(range(256)))
        if fault != "drop_ack":
            self.ack()
