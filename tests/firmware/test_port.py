#!/usr/bin/env python3
"""test_port.py BOARD PROBE.elf: runs the probe of the port on the emulated board."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import tty


class Device:
    def __init__(self, board, elf, folder, options=(), lenient=()):
        self.flash, self.port = folder / "chip", folder / "line"
        subprocess.run([board, "program", "--flash", self.flash, *options, elf], check=True)
        self.run(board, elf, lenient)

    def run(self, board, elf, lenient):
        self.port.unlink(missing_ok=True)
        self.process = subprocess.Popen([board, "run", "--flash", self.flash, "--serial", self.port,
                                         "--elf", elf, "--time-max", "60000", *lenient], stderr=subprocess.DEVNULL)
        self.heard = self.said = b""
        for _ in range(500):
            if self.port.exists():
                break
            time.sleep(0.01)
        self.line = os.open(self.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.line)

    def wait(self, text, seconds=20):
        end = time.monotonic() + seconds
        while text not in self.heard:
            assert self.process.poll() is None, f"the board stopped: {self.process.returncode}"
            assert time.monotonic() < end, f"{text} did not come, but {self.heard}"
            try:
                self.heard += os.read(self.line, 4096)
            except BlockingIOError:
                time.sleep(0.01)
        end = self.heard.index(text) + len(text)
        self.said, self.heard = self.heard[:end], self.heard[end:]

    def send(self, data):
        while data:
            try:
                data = data[os.write(self.line, data):]
            except BlockingIOError:
                time.sleep(0.01)

    def close(self):
        self.process.terminate()
        self.process.wait()
        os.close(self.line)


def controller(board, elf, folder):
    """What the flash controller refuses is told, and does nothing (T84)."""
    folder.mkdir()
    device = Device(board, elf, folder, lenient=["--lenient"])
    try:
        device.wait(b"probe done\r\n")
    finally:
        device.close()
    # the first start has erased sector 11; from now on it is write-protected
    subprocess.run([board, "program", "--flash", folder / "chip", "-ob", "nWRP11=0"], check=True)
    device.run(board, elf, ["--lenient"])
    try:
        device.wait(b"probe\r\n")
        device.wait(b"probe done\r\n")
        device.heard = b""
        device.send(b"f")
        device.wait(b"controller done\r\n")
        assert b"FAILED" not in device.said, f"the flash driver: {device.said}"
        # the controller is locked then, and the fault leaves nothing but a reset, which opens it again
        device.send(b"k")
        device.wait(b"kprobe\r\n")
        device.wait(b"probe done\r\n")
    finally:
        device.close()


def main(board, elf):
    with tempfile.TemporaryDirectory() as folder:
        device = Device(board, elf, pathlib.Path(folder))
        try:
            device.wait(b"probe done\r\n")
            assert b"FAILED" not in device.heard
            long = bytes(65 + i * i % 26 for i in range(3000))
            device.send(long)
            device.wait(long)
            device.send(b"q")
            device.wait(b"qprobe\r\nprobe done\r\n")
            device.send(b"s")
            # out of RAM, so no frame for the fault either: the board calls that a lockup, and stops
            assert device.process.wait(20) == 11, "a stack overflow went unnoticed"
        finally:
            device.close()
        controller(board, elf, pathlib.Path(folder) / "controller")
    print("port: bounds, units, time, entropy, line, flash controller, reset and stack overflow on the emulated board")


if __name__ == "__main__":
    main(*sys.argv[1:])
