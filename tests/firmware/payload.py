#!/usr/bin/env python3
"""payload.py SEED SIZE OUT: the tables that the test application carries, as real firmware would.

A sine table, an ephemeris of the planets, a list of primes and a font, in turns and with the seed in
each of them, so that versions differ everywhere and compress about as firmware does.
"""
import math
import struct
import sys

# mean elements at J2000: semi-major axis (au), eccentricity, mean longitude and perihelion (degrees)
PLANETS = [(0.38710, 0.20563, 252.25, 77.46), (0.72333, 0.00677, 181.98, 131.53),
           (1.00000, 0.01671, 100.46, 102.95), (1.52366, 0.09341, 355.45, 336.04),
           (5.20336, 0.04839, 34.40, 14.75), (9.53707, 0.05415, 49.94, 92.43)]


def sine(seed):
    return b"".join(struct.pack("<h", round(32767 * math.sin((i + seed) * math.pi / 4096)))
                    for i in range(8192))


def position(planet, day):
    axis, e, longitude, perihelion = planet
    mean = math.radians(longitude - perihelion + 0.9856091 * day / axis ** 1.5)
    anomaly = mean
    for _ in range(6):
        anomaly = mean + e * math.sin(anomaly)
    x, y = axis * (math.cos(anomaly) - e), axis * math.sqrt(1 - e * e) * math.sin(anomaly)
    turn = math.radians(perihelion)
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)


def ephemeris(seed):
    return b"".join(struct.pack("<ii", *(round(v * 1e7) for v in position(p, 1500 * seed + day)))
                    for day in range(1500) for p in PLANETS)


def primes(seed):
    sieve = bytearray([1]) * 300000
    for n in range(2, 548):
        sieve[n * n::n] = bytes(len(sieve[n * n::n]))
    found = [n for n in range(2, len(sieve)) if sieve[n]]
    return b"".join(struct.pack("<I", n * (seed + 1)) for n in found)


def font(seed):
    """Eight rows for each of 1024 glyphs: strokes between points of a small grid."""
    rows = bytearray()
    for glyph in range(1024):
        rng = (glyph * 2654435761 + seed * 40503) & 0xFFFFFFFF
        grid = [[0] * 8 for _ in range(8)]
        for stroke in range(3):
            x0, y0, x1, y1 = ((rng >> (k + 9 * stroke)) & 7 for k in (0, 3, 6, 8))
            for t in range(9):
                grid[(y0 * (8 - t) + y1 * t) // 8][(x0 * (8 - t) + x1 * t) // 8] = 1
        rows += bytes(sum(bit << i for i, bit in enumerate(row)) for row in grid)
    return bytes(rows)


def main(seed, size, out):
    data, turn = b"", 0
    while len(data) < size:
        data += b"".join(table(seed + turn) for table in (sine, ephemeris, primes, font))
        turn += 1
    with open(out, "wb") as file:
        file.write(data[:size])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: payload.py SEED SIZE OUT")
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
