"""A chip on the emulated board, the loader's line, and the programs that talk to it."""
import json
import os
import pathlib
import select
import signal
import subprocess
import time
import tty

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
BOARD = os.environ.get("BOARD", str(BUILD / "board"))
SFU = os.environ.get("SFU", str(BUILD / "sfu"))
BASE, SIZE = 0x08000000, 1 << 20
FIELD = ("nWRP0=0", "nWRP1=0", "RDP=0xBB")  # as the command files of `sfu factory -L field` have it
# sectors of port/stm32/layouts/, by owner
AREAS = {
    "ab": {"loader": (BASE, 0x8000), "journal": (BASE + 0x8000, 0x8000), "keys": (BASE + 0x10000, 0x10000),
           "slot A": (BASE + 0x20000, 0x60000), "slot B": (BASE + 0x80000, 0x60000),
           "spare keys": (BASE + 0xE0000, 0x20000)},
    "single": {"loader": (BASE, 0x8000), "journal": (BASE + 0x8000, 0x8000), "keys": (BASE + 0x10000, 0x10000),
               "slot A": (BASE + 0x20000, 0xC0000), "spare keys": (BASE + 0xE0000, 0x20000)},
}
IMAGE = 0x800  # offset of the image in its slot


class Wrong(Exception):
    """Something did not do what it should; the text says what."""


def must(condition, text):
    if not condition:
        raise Wrong(text)


def call(*command, expect=0, timeout=120):
    """Runs a program to its end. The answer has .returncode, .stdout and .stderr (text)."""
    r = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout,
                       stdin=subprocess.DEVNULL)
    if expect is not None and r.returncode != expect:
        raise Wrong(f"`{' '.join(pathlib.Path(str(c)).name for c in command)}` ended with {r.returncode}, "
                    f"not {expect}: {(r.stderr or r.stdout).strip()}")
    return r


def sfu(*arguments, expect=0, timeout=120):
    return call(SFU, *arguments, expect=expect, timeout=timeout)


class Device:
    """One chip: its flash file, and the board's process while it has power."""

    def __init__(self, folder, layout, loader, baud=115200):
        self.folder, self.layout, self.loader, self.baud = pathlib.Path(folder), layout, loader, baud
        self.folder.mkdir(parents=True, exist_ok=True)
        self.flash, self.port = self.folder / "chip", self.folder / "line"
        self.process, self.line, self.heard, self.runs = None, None, b"", 0

    def program(self, factory, options=FIELD):
        self.flash.unlink(missing_ok=True)
        words = [w for o in options for w in ("-ob", o)]
        call(BOARD, "program", "--flash", self.flash, *words, factory)

    def option(self, *options):
        call(BOARD, "program", "--flash", self.flash, *[w for o in options for w in ("-ob", o)])

    # power

    def start(self, *options, held=True):
        """Power on. `held`: the line is open from the start, so that nothing said on it is lost."""
        must(self.process is None, "the device has power already")
        self.runs += 1
        self.heard = b""
        self.port.unlink(missing_ok=True)  # of a board that was killed: its terminal may be another's by now
        self.out = self.folder / "out.json"
        self.trace = self.folder / "trace"
        self.notes = open(self.folder / "notes", "w")
        self.process = subprocess.Popen(
            [BOARD, "run", "--flash", self.flash, "--serial", self.port, "--elf", self.loader, "--json",
             self.out, "--trace", self.trace, *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=self.notes, stderr=subprocess.STDOUT)
        while not self.port.exists() and self.process.poll() is None:
            time.sleep(0.002)
        if held and self.process.poll() is None:
            self.line = os.open(self.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self, timeout):
        """Waits until the board stops by itself; its exit code."""
        code = self.process.wait(timeout)
        self._close()
        return code

    def stop(self, expect=(0,)):
        """Power off. What the board counted."""
        if self.process.poll() is None:
            while self.listen(0):  # the board waits a moment for whoever has not heard it all
                pass
            self.process.send_signal(signal.SIGTERM)
        code = self.ended(20)
        if expect is not None and code not in expect:
            raise Wrong(f"the board ended with {code}: {self.said()}")
        return json.loads(self.out.read_text())

    def _close(self):
        self.process = None
        self.notes.close()
        if self.line is not None:
            os.close(self.line)
            self.line = None

    def kill(self):
        """For the end of a test that failed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._close()
            self.port.unlink(missing_ok=True)

    def counts(self):
        """What the board counted in the last run."""
        return json.loads(self.out.read_text())

    def said(self):
        return (self.folder / "notes").read_text().strip()

    # the line

    def listen(self, seconds):
        """What comes within `seconds`, or sooner whatever there is."""
        if self.line is None or not select.select([self.line], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.line, 4096)
        except OSError:
            data = b""
        self.heard += data
        return data

    def wait_for(self, text, seconds=20, after=None):
        """Listens until `text` comes, if need be after another; answers what came up to its end. What
        comes later stays."""
        if after is not None:
            self.wait_for(after, seconds)
        text = text.encode() if isinstance(text, str) else text
        end = time.monotonic() + seconds
        while text not in self.heard:
            must(time.monotonic() < end, f"{text!r} did not come in {seconds} s, but {self.heard[-300:]!r}")
            if not self.listen(0.1) and self.process.poll() is not None:
                raise Wrong(f"the board ended with {self.process.returncode} before {text!r}: {self.said()}")
        at = self.heard.index(text) + len(text)
        before, self.heard = self.heard[:at], self.heard[at:]
        return before.decode("ascii", "replace")

    def words(self, seconds=20):
        """The application's own words when it starts: its greeting, without what was said before it."""
        return "sfu-demo" + self.wait_for(b"payload", seconds).split("sfu-demo")[-1].split("\r\n")[0]

    def raw(self):
        tty.setraw(self.line)

    def send(self, data):
        while data:
            select.select([], [self.line], [], 1)
            try:
                data = data[os.write(self.line, data):]
            except BlockingIOError:
                pass

    def sfu(self, command, *arguments, expect=0, timeout=120):
        return sfu(command, "-p", self.port, "-b", self.baud, *arguments, expect=expect, timeout=timeout)

    def info(self):
        return json.loads(self.sfu("info", "--json").stdout)

    # the flash

    def bytes(self):
        """All of flash, as it reads now; the board may be running (tests/board/store.h)."""
        with open(self.flash, "rb") as f:
            f.seek(4096)
            return f.read(SIZE)

    def owner(self, address):
        """The area an address is in."""
        for name, (at, size) in AREAS[self.layout].items():
            if at <= address < at + size:
                return name
        return "elsewhere"

    def area(self, name, flash=None):
        address, size = AREAS[self.layout][name]
        return (flash or self.bytes())[address - BASE:address - BASE + size]

    def changed(self, before, after):
        """Names of the areas that differ, with the number of bytes."""
        result = {}
        for name in AREAS[self.layout]:
            a, b = self.area(name, before), self.area(name, after)
            if a != b:
                result[name] = sum(x != y for x, y in zip(a, b))
        return result

    def writes(self):
        """Erases and programs of the last run: (what, address)."""
        lines = [line.split() for line in self.trace.read_text().splitlines() if not line.startswith("#")]
        return [(w[3], int(w[4], 0)) for w in lines]

    def written_areas(self):
        return {self.owner(address) for _, address in self.writes()}
