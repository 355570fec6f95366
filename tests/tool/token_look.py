#!/usr/bin/env python3
"""token_look.py MODULE PIN: asks a PKCS#11 module (SOFTHSM2_CONF says whose tokens) for every object of its first token
and for what it must not tell, and prints a JSON list. A program of its own, since SoftHSM2 reads the environment once."""
import ctypes
import json
import sys

ULONG, FUNCTIONS = ctypes.c_ulong, 68
CLASSES = {0: "data", 2: "public", 3: "private", 4: "secret"}
CLASS, PRIVATE, LABEL, VALUE, SENSITIVE, EXTRACTABLE = 0x0, 0x2, 0x3, 0x11, 0x103, 0x162


class Attribute(ctypes.Structure):
    _fields_ = [("type", ULONG), ("value", ctypes.c_void_p), ("size", ULONG)]


class List(ctypes.Structure):
    _fields_ = [("version", ctypes.c_ubyte * 2), ("at", ctypes.c_void_p * FUNCTIONS)]


class Module:
    NUMBERS = {"Initialize": 0, "GetSlotList": 4, "OpenSession": 12, "Login": 18, "CopyObject": 21,
               "GetAttributeValue": 24, "FindObjectsInit": 26, "FindObjects": 27}

    def __init__(self, path):
        self.list = ctypes.POINTER(List)()
        ctypes.CDLL(path).C_GetFunctionList(ctypes.byref(self.list))

    def call(self, name, *arguments):
        return ctypes.CFUNCTYPE(ULONG)(self.list.contents.at[self.NUMBERS[name]])(*arguments)

    def must(self, name, *arguments):
        result = self.call(name, *arguments)
        if result != 0:
            raise SystemExit(f"C_{name}: {result:#x}")


def attribute(module, session, handle, kind):
    """Its bytes; or the number of the error."""
    buffer = ctypes.create_string_buffer(4096)
    one = Attribute(kind, ctypes.cast(buffer, ctypes.c_void_p), 4096)
    result = module.call("GetAttributeValue", session, handle, ctypes.byref(one), ULONG(1))
    return result if result else buffer.raw[:one.size]


def copies(module, session, handle):
    """1 if the token makes a copy of it that may leave."""
    yes = ctypes.c_ubyte(1)
    asked = Attribute(EXTRACTABLE, ctypes.cast(ctypes.byref(yes), ctypes.c_void_p), 1)
    return module.call("CopyObject", session, handle, ctypes.byref(asked), ULONG(1), ctypes.byref(ULONG())) == 0


def main():
    module = Module(sys.argv[1])
    pin = sys.argv[2].encode()
    module.must("Initialize", None)
    slots, count, session = (ULONG * 16)(), ULONG(16), ULONG()
    module.must("GetSlotList", ctypes.c_ubyte(1), slots, ctypes.byref(count))
    module.must("OpenSession", ULONG(slots[0]), ULONG(6), None, None, ctypes.byref(session))
    module.must("Login", session, ULONG(1), pin, ULONG(len(pin)))
    module.must("FindObjectsInit", session, None, ULONG(0))
    handles, found = (ULONG * 64)(), ULONG()
    module.must("FindObjects", session, handles, ULONG(64), ctypes.byref(found))
    rows = []
    for handle in map(ULONG, handles[:found.value]):
        kind, flag = CLASSES[int.from_bytes(attribute(module, session, handle, CLASS), "little")], {}
        for name, number in (("private", PRIVATE), ("sensitive", SENSITIVE), ("extractable", EXTRACTABLE)):
            value = attribute(module, session, handle, number)
            flag[name] = value == b"\x01" if isinstance(value, bytes) else None
        value = attribute(module, session, handle, VALUE)
        rows.append({"class": kind, "label": attribute(module, session, handle, LABEL).decode(), **flag,
                     "value": value.hex() if isinstance(value, bytes) else f"error {value:#x}",
                     "copies": kind in ("private", "secret") and copies(module, session, handle)})
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
