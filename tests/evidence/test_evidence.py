#!/usr/bin/env python3
"""test_evidence.py LOADER_DIR OBJECT_DIR: each check of evidence.py refuses a text or a binary with a fault in it."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import abi
import bounds
import ghosts
import labels
import linked
import pinned

passed = failed = 0


def expect(what, errors, *words):
    """The check found something, and what it says has the words."""
    global passed, failed
    found = list(errors)
    if found and any(all(word in error for word in words) for error in found):
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}: not refused; what was said: {found[:2]}")


def changed(root, path, *pairs):
    """A copy of the core's folders in which the file is another."""
    for folder in ("fsm", "gen", "crypto", "port", "spec", "tools"):
        if not (root / folder).exists():
            shutil.copytree(folder, root / folder)
    text = pathlib.Path(path).read_text()
    for old, new in pairs:
        assert text.count(old) >= 1, f"{path} has no `{old}`"
        text = text.replace(old, new, 1)
    (root / path).write_text(text)
    return root


def with_change(what, check, words, path, *pairs):
    with tempfile.TemporaryDirectory() as folder:
        root = changed(pathlib.Path(folder), path, *pairs)
        (root / "build").symlink_to(pathlib.Path("build").resolve())
        expect(what, check(root), *words)


def test_linked(loaders):
    elf = pathlib.Path(loaders) / "loader-ab-seal.elf"
    text, table = elf.with_suffix(".map").read_text(), linked.symbols(elf)
    makefile = pathlib.Path("crypto/bearssl.mk").read_text()
    assert not list(linked.parsers(elf.name, text, table, makefile)) and not list(linked.boot_check(elf.name, text))
    expect("a linked parser", linked.parsers(elf.name, text + "\nlibbearssl.a(x509_minimal.o)\n", table, makefile), "x509_minimal")
    expect("a linked file that is not listed", linked.parsers(elf.name, text + "\nlibbearssl.a(aesctr.o)\n", table, makefile),
           "aesctr")
    expect("a compiled parser", linked.parsers(elf.name, text, table, makefile + "\nX := codec/pemdec x509/skey_decoder\n"),
           "pemdec")
    expect("a parser's symbol", linked.parsers(elf.name, text, [*table, (0x8000000, 4, "t", "br_ecdsa_i31_vrfy_asn1")], makefile),
           "vrfy_asn1")
    expect("a map without BearSSL", linked.parsers(elf.name, "", table, makefile), "no member")
    expect("both checks", linked.boot_check(elf.name, text + "\nLOAD build/stm32f407/obj/fsm/check_signature.o\n"), "alone")
    expect("the other check", linked.boot_check("loader-ab-signature.elf", text), "check_signature")
    expect("no check", linked.boot_check(elf.name, text.replace("check_seal.o", "check.o")), "no boot check")
    expect("the layout in RAM", linked.constants(elf.name, [(0x20000100, 4, "D", "sfu_layout") if s[3] == "sfu_layout" else s
                                                            for s in table]), "sfu_layout")
    expect("two devices", linked.constants(elf.name, [*table, (0x20000100, 4, "b", "sfu_device.lto_priv.0")]), "2 times")


def test_objects(objects):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "fsm").mkdir()
        shutil.copy(pathlib.Path(objects) / "fsm/sfu.o", root / "fsm/sfu.o")
        assert not list(linked.writable(root))
        (root / "x.c").write_text("static int counter; int count(void) { return ++counter; }\n")
        subprocess.run(["gcc", "-c", root / "x.c", "-o", root / "x.o"], check=True)
        expect("a second variable", linked.writable(root), "counter")
        (root / "x.c").write_text("int table[2] = { 1, 2 };\n")
        subprocess.run(["gcc", "-c", root / "x.c", "-o", root / "x.o"], check=True)
        expect("a table that can be written", linked.writable(root), "table")


def test_labels():
    with_change("two keys of one label", labels.check, ["derives"], "spec/formats.md", ('"sfu digest")', '"sfu check")'))
    with_change("a label that begins another", labels.check, ["beginning"], "spec/formats.md", ('"sfu digest")', '"sfu im")'))
    with_change("another label in the core", labels.check, ["sfu seel"], "fsm/slot.c", ("'s', 'e', 'a', 'l'", "'s', 'e', 'e', 'l'"))
    with_change("a label of the wrong length", labels.check, ["LABEL_SEAL"], "fsm/slot.c", ("LABEL_SEAL[8]", "LABEL_SEAL[9]"))
    with_change("another label in the tool", labels.check, ["sfu images"], "tools/package_manifest.c",
                ('"sfu image"', '"sfu images"'))


def test_ghosts():
    with_change("a ghost of another page", ghosts.check, ["sfu_page_erased"], "fsm/store.c",
                ("sfu_page_erased(before, s->area + page, s->area + (1 - page)", "sfu_page_erased(before, s->area + 1, s->area + (1 - page)"))
    with_change("a ghost of another cell", ghosts.check, ["sfu_cell_programmed"], "fsm/store.c",
                ("s->area + (1 - page), index, cell,", "s->area + (1 - page), page, cell,"))
    with_change("an operation between", ghosts.check, ["directly behind"], "fsm/store.c",
                ("\tconst uint32_t status = sfu_layout_erase(s->area + page);\n",
                 "\tconst uint32_t status = sfu_layout_erase(s->area + page);\n\t(void)sfu_layout_erase(s->area);\n"))
    with_change("a ghost before its operation", ghosts.check, ["sfu_page_committed"], "fsm/store.c",
                ("\t\tstatus = sfu_port_flash_program(address + i * SFU_COMMIT_SIZE, unit, SFU_COMMIT_SIZE);\n", "\t\tstatus = SFU_OK;\n"))
    with_change("another unit than said", ghosts.check, ["sfu_page_committed"], "fsm/store.c",
                ("const uint32_t address = sfu_layout.area[s->area + page].address;\n\tuint8_t unit[SFU_COMMIT_SIZE], seen",
                 "const uint32_t address = sfu_layout.area[s->area + 1].address;\n\tuint8_t unit[SFU_COMMIT_SIZE], seen"))
    with_change("a reading of another cell", ghosts.check, ["sfu_cell_read"], "fsm/keys.c",
                ("status = read_cell(s, s->current, i, seen)", "status = read_cell(s, s->current, 1, seen)"))
    with_change("a reading of another cell in replay", ghosts.check, ["sfu_cell_read"], "fsm/journal.rl",
                ("ghost sfu_cell_read(j->store.area + j->store.current, r->at, status)",
                 "ghost sfu_cell_read(j->store.area + j->store.current, r->next, status)"))
    with_change("an operation on a slot that nobody asked about", ghosts.check, ["sfu_slot_changes"], "fsm/upgrade_flash.c",
                ("\t//@ ghost sfu_slot_changes(d, address, size);\n", ""))
    with_change("the status of something else", ghosts.check, ["sfu_page_erased"], "fsm/store.c",
                ("s->current <= 1 ? 1 : 0, status);\n\treturn status;\n}\n\nvoid sfu_store_find",
                 "s->current <= 1 ? 1 : 0, SFU_OK);\n\treturn status;\n}\n\nvoid sfu_store_find"))


def test_bounds():
    with_change("a loop without a variant", bounds.check, ["fsm/slot.c"], "fsm/slot.c", ("loop variant size - at;", ""))
    with_change("a loop for ever", bounds.check, ["for (;;)"], "fsm/sfu.c",
                ("struct sfu_device sfu_device;", "struct sfu_device sfu_device;\nstatic void f(void)\n{\n\tfor (;;)\n\t\t;\n}"))


def test_abi():
    with_change("a 64-bit count", abi.check, ["sfu_keys"], "fsm/keys.h", ("\tuint8_t oem[32];", "\tuint32_t pad;\n\tuint64_t pad64;\n\tuint8_t oem[32];"))
    with_change("a plain char", abi.chosen, ["fsm/keys.h"], "fsm/keys.h", ("\tuint8_t oem[32];", "\tchar oem[32];"))
    target = abi.TARGETS["Cortex-M4"]
    abi.TARGETS["Cortex-M4"] = (target[0] + " -fpack-struct=1", target[1])
    expect("another packing", abi.check(), "on the Cortex-M4")
    abi.TARGETS["Cortex-M4"] = target


def test_pinned():
    script = pathlib.Path("build-aux/deps.sh").read_text()
    expect("a digest that is not compared", pinned.check(script.replace("sha256sum -c --status", "sha256sum >/dev/null")), "takes")
    expect("a digest of another archive", pinned.check(script.replace("bearssl_sha256=1", "bearssl_sha256=2")), "is not what")
    expect("no digest", pinned.check(script.replace("bearssl_sha256=", "bearssl_md5=")), "not one")


def main(loaders, objects):
    test_linked(loaders)
    test_objects(objects)
    for test in (test_labels, test_ghosts, test_bounds, test_abi, test_pinned):
        test()
    print(f"evidence-lint: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
