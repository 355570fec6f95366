#!/usr/bin/env python3
"""The core's rules that a reader of its text can check: no #if in a source, no __FRAMAC__, no heap, no function
pointer of its own, no recursion, and libc's mem* at most.

usage: core_check.py
"""
import os
import re
import sys

FORBIDDEN = {
    r"^\s*#\s*(if|ifdef|ifndef|elif)\b": "conditional compilation",
    r"__FRAMAC__": "__FRAMAC__",
    r"\b(malloc|calloc|realloc|free|alloca)\s*\(": "the heap",
    r"\(\s*\*\s*\w+\s*\)\s*\(": "a function pointer",
    r"\b(printf|strlen|strcpy|strcmp|strtoul|abort|exit|setjmp)\s*\(": "libc",
}


def sources():
    files = [f"fsm/{f}" for f in os.listdir("fsm") if f.endswith((".c", ".rl"))]
    files += [f"gen/{f}" for f in os.listdir("gen") if f.endswith(".c")]
    files += [f"crypto/{f}" for f in os.listdir("crypto") if f.endswith(".c")]
    return sorted(files)


def code(path):
    """The text without comments and strings, lines kept."""
    blank = lambda m: "\n" * m.group(0).count("\n")
    text = re.sub(r"/\*.*?\*/", blank, open(path).read(), flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"//.*", "", text))


def calls(text):
    """What each function defined in the text calls: its body begins with a brace in column 0."""
    graph = {}
    for head in re.finditer(r"^(?:static )?\w[\w *]*?\b(\w+)\([^;{]*?\)\n\{\n(.*?)^\}", text, re.M | re.S):
        graph[head.group(1)] = set(re.findall(r"\b(\w+)\s*\(", head.group(2)))
    return graph


def cycle(graph):
    done = set()

    def visit(name, path):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done or name not in graph:
            return None
        for callee in sorted(graph[name]):
            found = visit(callee, path + [name])
            if found:
                return found
        done.add(name)
        return None

    return next(filter(None, (visit(name, []) for name in sorted(graph))), None)


def main():
    wrong, public = [], {}
    for path in sources():
        text = code(path)
        for number, line in enumerate(text.split("\n"), 1):
            wrong += [f"{path}:{number}: {what}" for rule, what in FORBIDDEN.items() if re.search(rule, line)]
        graph = calls(text)
        found = cycle(graph)
        if found:
            wrong.append(f"{path}: recursion: {' -> '.join(found)}")
        public.update({name: callees for name, callees in graph.items() if name.startswith("sfu_")})
    found = cycle(public)
    if found:
        wrong.append(f"recursion: {' -> '.join(found)}")
    print("\n".join(wrong) if wrong else f"core: {len(sources())} sources keep its rules")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
