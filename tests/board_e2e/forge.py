"""Packages as a cheat would make them of a good one; offsets are those of spec/formats.md."""
MANIFEST, RECORD = 256, 2048 + 32
COUNTER, SIGNATURE = 44, 192  # offsets in the manifest


def flipped(data, offset, bit=0):
    return data[:offset] + bytes([data[offset] ^ 1 << bit]) + data[offset + 1:]


def at(index):
    return MANIFEST + index * RECORD


def replaced(data, index, record):
    return data[:at(index)] + record + data[at(index + 1):]


def record(data, index):
    return data[at(index):at(index + 1)]


def manifest_bit(data):
    return flipped(data, COUNTER, 1)


def record_bit(data, index):
    return flipped(data, at(index) + 1000, 5)


def repeated(data, index):
    return replaced(data, index, record(data, index - 1))


def skipped(data, index):
    return replaced(data, index, record(data, index + 1))


def foreign(data, other, index):
    return replaced(data, index, record(other, index))


def truncated(data, index):
    return data[:at(index) + 700]


def unsigned(data):
    return data[:SIGNATURE] + bytes(MANIFEST - SIGNATURE) + data[MANIFEST:]
