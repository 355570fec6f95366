"""HSMs for the cases of personalization: made by build/asan/sfu, served by it, and asked without a station."""
import os
import signal
import socket
import sqlite3
import subprocess
import time

from harness import FORMAT, SFU, check, equal, sfu
from hsm_device import Chip, u32

S = {name[8:]: value for name, value in FORMAT.items() if name.startswith("SERVICE_")}
REFUSED = {value: name[8:] for name, value in FORMAT.items() if name.startswith("REFUSED_")}
LICENCE = FORMAT["LEDGER_LICENCE"]


class Hsm:
    """One HSM in `d`/box, with the OEM's files beside it; stock may be 0."""

    def __init__(self, d, stock=10, product="lamp", lock="open", test=True, master=None, init=(), environment=None):
        self.d, self.box, self.sockets = d, d / "box", 0
        self.master = master or os.urandom(32)
        self.uids = 0
        text = f"sfu-master-key 1\n{'test' + chr(10) if test else ''}epoch 1\nkey {self.master.hex()}\n"
        (d / "master.key").write_text(text)
        (d / "master.key").chmod(0o600)
        if not (d / "order.pem").exists():
            sfu("keygen", "sign", d / "order.pem", "-p", d / "order.pub")
        sfu("hsm", "attest-key", "-M", d / "master.key", d / "attest.key", "-f")
        sfu("hsm", "init", "-d", self.box, "-A", d / "attest.key", "-P", product, "-O", d / "order.pub", "-r",
            d / "record", "-p", d / "hsm.pem", "-L", lock, *init, env=environment)
        record = dict(line.split(" ", 1) for line in (d / "record").read_text().splitlines() if " " in line)
        self.key, self.seed, self.product = bytes.fromhex(record["hsm-key"]), record["seed"], product
        if stock:
            sfu("hsm", "stock", "add", "-d", self.box, self.order(stock))

    def order(self, more, name="new.order", **options):
        (self.d / name).unlink(missing_ok=True)
        sfu("hsm", "ledger", "export", "-d", self.box, self.d / "ledger.export")
        sfu("hsm", "order", "-k", self.d / "order.pem", "-r", self.d / "record", "-x", self.d / "ledger.export",
            "-n", more, self.d / name, **options)
        return self.d / name

    def chip(self, uid=None, **options):
        self.uids += 1
        return Chip(options.pop("master", self.master), options.pop("hsm_key", self.key),
                    uid or b"CHIP" + self.uids.to_bytes(8, "big"),
                    **{"product": self.product.encode(), **options})

    def serve(self, **options):
        return Service(self, **options)

    def rows(self, kind=None):
        base = sqlite3.connect(f"file:{self.box}/ledger.db?mode=ro", uri=True)
        try:
            return base.execute("SELECT number, body FROM row WHERE kind = ? OR ? IS NULL ORDER BY number",
                                (kind, kind)).fetchall()
        finally:
            base.close()

    def verify(self, **options):
        return sfu("hsm", "ledger", "verify", "-d", self.box, **options)

    def taken(self):
        """Licences in the ledger, which is verified, by uid."""
        self.verify()
        rows = self.rows(LICENCE)
        at = FORMAT["CHALLENGE_SIZE"] + 8
        found = {body[8:20]: int.from_bytes(body[at:at + 4], "little") for _, body in rows}
        equal(sorted(found.values()), list(range(1, len(rows) + 1)), "licence numbers")
        return found


class Service:
    """`sfu hsm serve` on a Unix socket, as a context."""

    def __init__(self, hsm, listen=None, arguments=(), environment=None, sfu_path=None, prefix=()):
        self.hsm, self.listen = hsm, str(listen or f"{hsm.d}/s")
        self.command = [*prefix, sfu_path or SFU, "hsm", "serve", "-d", str(hsm.box), "-l", self.listen,
                        *map(str, arguments)]
        self.environment = environment

    def __enter__(self):
        self.log = open(self.hsm.d / "serve.log", "ab")
        self.process = subprocess.Popen(self.command, stderr=self.log, stdout=self.log,
                                        stdin=subprocess.DEVNULL,
                                        env=self.environment, start_new_session=True)
        for _ in range(400):
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended: {self.text()}")
            if self.connects():
                return self
            time.sleep(0.02)
        raise AssertionError(f"the service does not listen: {self.text()}")

    def connects(self):
        if "/" not in self.listen:
            host, port = self.listen.rsplit(":", 1)
            try:
                socket.create_connection((host, int(port)), 1).close()
                return True
            except OSError:
                return False
        try:
            Asker(self.listen).close()
            return True
        except OSError:
            return False

    def text(self):
        return (self.hsm.d / "serve.log").read_text()

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)  # a program that traces it may be in front
            equal(self.process.wait(20), 0, f"status of the service: {self.text()}")
        self.log.close()
        check("Sanitizer" not in self.text() and "runtime error" not in self.text(), self.text())

    def ask(self, name, body):
        asker = Asker(self.listen)
        try:
            return asker.ask(name, body)
        finally:
            asker.close()


class Asker:
    """A station's connection, message by message."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        for left in range(100, -1, -1):
            try:
                self.socket.connect(path)
                return
            except BlockingIOError:  # its queue is full
                time.sleep(0.05)
            except OSError:
                self.socket.close()
                raise

    def close(self):
        self.socket.close()

    def send(self, name, body):
        kind = S[name] if isinstance(name, str) else name
        self.socket.sendall((len(body) + 1).to_bytes(4, "little") + bytes([kind]) + body)

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the service closed the line")
            data += more
        return data

    def receive(self):
        """("GRANT", body), or ("REFUSED", name of the code, text)."""
        data = self.read(int.from_bytes(self.read(4), "little"))
        if data[0] == S["REFUSED"]:
            return "REFUSED", REFUSED[int.from_bytes(data[1:5], "little")], data[5:].decode()
        return {S[n]: n for n in ("READY", "GRANT", "STORED")}[data[0]], data[1:]

    def ask(self, name, body):
        self.send(name, body)
        return self.receive()


def granted(answer):
    """(licence, taken before, stock, permit) of a GRANT."""
    equal(answer[0], "GRANT", f"answer {answer[1:]}")
    body = answer[1]
    permit = body[16:]
    return (int.from_bytes(permit[8:12], "little"), int.from_bytes(body[:4], "little"),
            int.from_bytes(body[4:8], "little"), permit)


def stored(answer):
    """(licence, known before, stock) of a STORED."""
    equal(answer[0], "STORED", f"answer {answer[1:]}")
    return tuple(int.from_bytes(answer[1][at:at + 4], "little") for at in (4, 0, 8))


def personalize(service, chip):
    """Through the service, without a station; the licence."""
    licence, _, _, permit = granted(service.ask("CHALLENGE", chip.challenge()))
    receipt = chip.take(permit)
    check(isinstance(receipt, bytes), f"the device refuses: {receipt}")
    equal(stored(service.ask("RECEIPT", receipt))[0], licence, "licence of the receipt")
    return licence
