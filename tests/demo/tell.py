"""How the demo speaks: numbered steps, indented lines, a table at the end. Colour on a terminal only."""
import sys
import textwrap
import time

COLOUR = sys.stdout.isatty()
started = time.monotonic()
table = []  # (step, result, seconds)


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def step(title):
    """Begins a step; the one before it has done what it should."""
    close()
    table.append([title, "", time.monotonic()])
    print(paint(f"\n{len(table)}. {title}", "1"), flush=True)


def line(text, mark=" "):
    for i, part in enumerate(textwrap.wrap(text, 104)):
        print(f"   {mark if i == 0 else ' '} {part}", flush=True)


def quote(text):
    """What a program or the device said."""
    for part in text.strip().splitlines():
        line(paint(part, "36") if len(part) <= 104 else part, "|")


def result(text):
    table[-1][1] = text
    line(paint(text, "32"), ">")


def close():
    if table and isinstance(table[-1][2], float) and len(table[-1]) == 3:
        table[-1].append(time.monotonic() - table[-1][2])


def summary():
    close()
    width = max(len(row[0]) for row in table)
    print(paint("\nSummary", "1"))
    for i, (title, text, _, seconds) in enumerate(table, 1):
        print(f"  {i:2}  {title:{width}}  {seconds:5.1f} s  {text}")
    print(f"\nEvery step did what it should, in {time.monotonic() - started:.0f} s.")


def failed(text):
    where = f"step {len(table)}, {table[-1][0]}" if table else "before the first step"
    print(paint(f"\ndemo: FAILED in {where}: {text}", "31"), file=sys.stderr)
