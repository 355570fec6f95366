"""Every loop of the core has a variant, which the proofs hold it to; BearSSL and the port are not looked at."""
import pathlib
import re

FOLDERS = ("fsm", "crypto", "gen")
# waits for a station, kicks the watchdog in each turn, and ends by the limits of REQ-074 and REQ-075
FOR_EVER = {("sfu.c", "while (sfu_session_poll(d) != SFU_OK) {")}
LOOP = re.compile(r"^\s*(?:\} )?(for|while|do)\b")


def lines_of(text):
    """[(number, line, the annotation that stands before it)]; comments that are no annotations are nothing."""
    annotation, at = "", 1
    for piece in re.split(r"(/\*.*?\*/|//[^\n]*)", text, flags=re.S):
        if piece.startswith(("/*@", "//@")):
            annotation += piece
        elif not piece.startswith(("/*", "//")):
            for n, line in enumerate(piece.split("\n")):
                if line.strip():
                    yield at + n, line, annotation
                    annotation = ""
        at += piece.count("\n")


def check(root="."):
    count = 0
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(root, folder).glob("*.[ch]")):
            if path.name.startswith("curve"):
                continue
            in_do = 0
            for number, line, annotation in lines_of(path.read_text()):
                found = LOOP.match(line)
                if not found:
                    continue
                if found[1] == "do":
                    in_do += 1
                elif found[1] == "while" and line.strip().endswith(";") and in_do:
                    in_do -= 1
                    continue
                count += 1
                if "loop variant" not in annotation and (path.name, line.strip()) not in FOR_EVER:
                    yield f"{path}:{number}: a loop without a variant: {line.strip()}"
    if count < 20:
        yield f"{root}: only {count} loops were found"
