#!/usr/bin/env python3
"""Prints, as C, the moves of every machine as ragel's XML has them: what each state does with each byte.

For tests/unit/test_machines.c: of each machine M an enum of its effects, and
    static const struct move M_moves[states][256]
"""
import pathlib
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "build-aux"))
import gen  # noqa: E402


def machine(work, path):
    gen.run_ragel(work, "-x", f"fsm/{path.name}", "-o", f"{path.stem}.xml")
    root = xml.etree.ElementTree.parse(work / f"{path.stem}.xml")
    return gen.Machine(f"fsm/{path.name}", path.read_text(), root)


def table(m):
    effects = sorted({effect for moves in m.moves for effect, _ in moves if effect})
    names = [f"{m.stem}_{effect}".upper() for effect in effects]
    print(f"enum {{ {', '.join(f'{name} = {n}' for n, name in enumerate(names, 1))} }};")
    print(f"static const struct move {m.stem}_moves[{len(m.states)}][256] = {{")
    for moves in m.moves:
        cells = (f"{{{effects.index(effect) + 1 if effect else 0},{target}}}" for effect, target in moves)
        print("\t{" + ",".join(cells) + "},")
    print("};")


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "fsm").symlink_to(ROOT / "fsm")
        for path in sorted((ROOT / "fsm").glob("*.rl")):
            table(machine(work, path))


if __name__ == "__main__":
    main()
