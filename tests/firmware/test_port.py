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
    def __init__(self, board, elf, folder, options=()):
        flash, self.port = folder / "chip", folder / "line"
        subprocess.run([board, "program", "--flash", flash, *options, elf], check=True)
        self.process = subprocess.Popen([board, "run", "--flash", flash, "--serial", self.port,
                                         "--elf", elf, "--time-max", "60000"], stderr=subprocess.DEVNULL)
        self.heard = b""
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
        self.heard = self.heard[self.heard.index(text) + len(text):]

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
    print("port: bounds, units, time, entropy, line, reset and stack overflow on the emulated board")


if __name__ == "__main__":
    main(*sys.argv[1:])
