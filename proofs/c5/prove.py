#!/usr/bin/env python3
"""Claim C5: the order of operations, for every sequence of events (README.md here).

usage: prove.py [--changed] [--update] [--attacks] [NAME]...

Of each NAME.ya Aoraï makes contracts for the functions in NAME.c and for all they call; WP proves those. Fails if
Frama-C fails or leaves something out, if a goal is open, if there are fewer goals than goals.tsv says, or if an event
can come of a function that is not looked at. goals.tsv has of each automaton a SHA-256 of the text that was proved and
the number of goals; --update writes it anew, of those that are proved whole. With --changed only those are proved whose
text is another than the table's. With --attacks the code is changed as attacks.txt says, and each change must leave a
goal open (--update writes those to attacks.tsv).
"""
import hashlib
import os
import re
import subprocess
import sys

HERE = "proofs/c5"
OUT = "build/c5"
CACHE = "build/c5/cache"
TABLE = f"{HERE}/goals.tsv"
sys.path.insert(0, "proofs")
import attack  # noqa: E402
import prove  # noqa: E402

PROVER = prove.OPTIONS[prove.OPTIONS.index("-wp-prover"):]


def frama_c(arguments):
    environment = dict(os.environ, FRAMAC_WP_CACHEDIR=os.path.abspath(CACHE), FRAMAC_WP_CACHE="update")
    done = subprocess.run(["frama-c", "-c11", "-machdep", "gcc_x86_32", "-kernel-warn-key", "ghost:bad-use=inactive",
                           *arguments],
                          capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout + done.stderr


def core():
    """{(file, function): (where its body begins, where it ends, the functions it calls)} of the whole core."""
    found, everywhere = {}, {}
    for path in prove.sources():
        text = open(path).read()
        for name in prove.functions(path):
            head = re.search(rf"^(?:static )?(?:const )?\w[\w *]*?\b{name}\([^;{{]*?\)\n(?=\{{)", text, re.M)
            found[path, name] = (head.end(), text.index("\n}", head.end()) + 2, text)
            if not head.group().startswith("static"):
                everywhere[name] = path, name
    for (path, name), (begin, end, text) in found.items():
        words = re.findall(r"\b(\w+)\(", re.sub(r"/\*.*?\*/|//[^\n]*", "", text[begin:end], flags=re.S))
        called = {(path, word) if (path, word) in found else everywhere.get(word) for word in words}
        found[path, name] = (begin, end, called - {None})
    return found


def reach(found, start):
    """All that is called by it, and by those in turn, and itself."""
    seen, todo = set(), [start]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += found[one][2]
    return seen


def silence(name):
    """Writes the sources that NAME.c includes, without the bodies of functions that no event can come of and of which
    NAME.c says nothing. Answers what is wrong: a function whose body is not looked at, and of which an event can come,
    that NAME.c does not list as one."""
    driver, found = open(f"{HERE}/{name}.c").read(), core()
    plain = re.sub(r"/\*.*?\*/|//[^\n]*", "", driver, flags=re.S)
    files = {base: path for path in prove.sources() for base in [os.path.basename(path)]
             if f'#include "{base}"' in plain}
    events = set(re.findall(r"\b(?:CALL|RETURN|COR)\((\w+)\)", open(f"{HERE}/{name}.ya").read()))
    stubs = set(re.findall(r"^\w[\w *]*?\b(\w+)\([^;{]*\)\n\{", plain, re.M))
    heard = {node for node in found if node[1] in events and (node[0] in files.values() or node[1].startswith("sfu_"))}
    told = set(re.findall(r"^(?:static )?\w[\w *]*?\b(\w+)\([^;{]*\);", plain, re.M))
    folder = f"{OUT}/{name}"
    os.makedirs(folder, exist_ok=True)
    beyond = set()
    for base, path in files.items():
        text = open(path).read()
        for (where, function), (begin, end, called) in sorted(found.items(), key=lambda item: -item[1][0]):
            if where != path:
                continue
            loud = reach(found, (where, function)) & heard
            if not loud and function not in told:
                text = text[:begin - 1] + ";" + text[end:]
            else:
                beyond |= {node for node in called if node[0] not in files.values()}
        with open(f"{folder}/{base}", "w") as out:
            out.write(text)
    unheard = {(node[1], event[1]) for node in beyond for event in reach(found, node) & heard if event != node}
    listed = {(one, event) for one, those in re.findall(r"^/\* beyond (\w+): ([\w ]+);", driver, re.M)
              for event in those.split()}
    wrong = [f"{one} is not looked at, and calls {event}" for one, event in sorted(unheard - listed)]
    wrong += [f"{one} is listed as calling {event}" for one, event in sorted(listed - unheard)]
    return "\n".join(wrong)


def flags(name):
    return f"-I{OUT}/{name} -I{HERE} -I{HERE}/stand {prove.includes(name)}"


def fingerprint(name):
    """SHA-256 of the text that is proved, contracts included, of its automaton and of the provers' options."""
    command = ["gcc", "-E", "-P", "-CC", "-dD", "-m32", "-D__FRAMAC__", "-D__FC_MACHDEP_X86_32", *flags(name).split(),
               f"{HERE}/{name}.c"]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    text += open(f"{HERE}/{name}.ya", "rb").read() + " ".join(PROVER).encode()
    return hashlib.sha256(text).hexdigest()


def instrument(name):
    """Aoraï's text of NAME.c, with its variable and its states in the place of c5_now and c5_STATE."""
    os.makedirs(OUT, exist_ok=True)
    wrong = silence(name)
    if wrong:
        return wrong
    automaton, made = f"{OUT}/{name}.ya", f"{OUT}/{name}.c"
    codes = dict(re.findall(r"#define (SFU_\w+) (0x\w+)u", open("gen/sfu_codes.h").read())
                 + re.findall(r"(SFU_\w+) = (\d+),", open("gen/session_machine.h").read()))
    text = re.sub(r"^#.*\n", "", open(f"{HERE}/{name}.ya").read(), flags=re.M)  # Ya has no comments
    with open(automaton, "w") as out:
        out.write(re.sub(r"\bSFU_\w+", lambda code: str(int(codes[code.group()], 0)), text))
    status, text = frama_c([f"-cpp-extra-args={flags(name)}", f"{HERE}/{name}.c", "-no-unicode",
                            "-main", "c5_main", "-aorai-automata", automaton, "-then-last", "-print", "-ocode", made])
    if status:
        return text
    code = open(made).read()
    states = re.search(r"enum aorai_States \{.*?\};\n", code, re.S).group()
    now = re.search(r"/\*@ ghost int aorai_CurStates = \w+; \*/\n", code).group()
    code = code.replace(states, "").replace(now, "")
    # a state that Aoraï finds out of reach is not in its list
    lost = set(re.findall(r"\bc5_(\w+) =", re.search(r"enum c5_states \{.*?\};", code, re.S).group()))
    lost = sorted(lost - set(re.findall(r"(\w+) = \d+", states)))
    states = states.replace("{\n", "{\n" + "".join(f"    {s} = {100 + n},\n" for n, s in enumerate(lost)), 1)
    code = re.sub(r"enum c5_states \{.*?\};\n", states, code, count=1, flags=re.S)
    code = re.sub(r"/\*@ ghost int c5_now; \*/\n", now, code, count=1)
    for function, clause in re.findall(r"^/\* loop of (\w+): (.*) \*/$", open(f"{HERE}/{name}.c").read(), re.M):
        head, body = re.split(rf"(?m)(?<=\b{function}\()(?=[^;{{]*\n\{{)", code, maxsplit=1)
        code = head + body.replace("loop invariant ", f"loop invariant c5: {clause};\n    loop invariant ", 1)
    code = re.sub(r"\bc5_now\b", "aorai_CurStates", code)
    for state in re.findall(r"(\w+) = \d+", states):
        code = re.sub(rf"\bc5_{state}\b", state, code)
    code = code.replace("\\forall unsigned char const *", "\\forall unsigned char *")  # it cannot read that
    # names, so that WP can be asked for these alone: the rest is proved where it belongs
    code = re.sub(r"\b(requires|ensures)(\s+)(?=\(*(?:\\old\()?aorai_CurStates|\\false)", r"\1 c5:\2", code)
    code = code.replace("loop invariant Aorai:", "loop invariant c5:")
    with open(made, "w") as out:
        out.write(code)
    return None


def run(name, function=None):
    """(goals, proved, [open], what went wrong), of all functions or of one"""
    wrong = instrument(name)
    if wrong:
        return 0, 0, [], wrong
    goals, found, opened = 0, 0, []
    # the clauses of the order, and all of c5_main, which is ours and proved nowhere else
    for what in [("-wp-prop=c5", "-wp-fct", function)] if function else [("-wp-prop=c5",), ("-wp-fct", "c5_main")]:
        status, text = frama_c([f"{OUT}/{name}.c", "-wp", "-wp-split", *what, *PROVER])
        proved = prove.PROVED.search(text)
        if status or not proved or any(sign in text for sign in prove.LEFT_OUT if sign != "No code nor"):
            return 0, 0, [], text
        found += int(proved.group(1))
        goals += int(proved.group(2))
        opened += prove.OPEN.findall(text)
    return goals, found, sorted(set(opened)), ""


def names():
    return sorted(f[:-3] for f in os.listdir(HERE) if f.endswith(".ya"))


def read_table():
    """{automaton: (goals, mark)}"""
    lines = [line.rstrip("\n").split("\t") for line in open(TABLE)] if os.path.exists(TABLE) else []
    return {line[0]: (int(line[1]), line[2]) for line in lines if not line[0].startswith("#")}


def write_table(table):
    with open(TABLE, "w") as out:
        out.write("# automaton, goals, all of them proved, SHA-256 of its text; made by proofs/c5/prove.py --update\n")
        out.writelines(f"{name}\t{goals}\t{mark}\n" for name, (goals, mark) in sorted(table.items()))


def prove_all(only, update, changed):
    table, failed = read_table(), 0
    for name in only or names():
        wrong = silence(name)
        mark = "" if wrong else fingerprint(name)
        floor, was = table.get(name, (0, ""))
        if changed and not wrong and mark == was:
            print(f"{name:20} {floor:4} / {floor:4}  the text is the table's")
            continue
        goals, proved, opened, wrong = run(name) if not wrong else (0, 0, [], wrong)
        print(f"{name:20} {proved:4} / {goals:4}  {' '.join(opened)}".rstrip(), flush=True)
        if wrong:
            print("\n".join(wrong.splitlines()[-12:]))
        elif proved < goals:
            wrong = "open"
        elif update:
            write_table({**read_table(), name: (goals, mark)})
        elif goals < floor:
            wrong = f"{name}: {goals} goals, where {floor} were"
            print(wrong)
        failed += bool(wrong)
    return failed


def attack_all(only, update):
    failed, count, lines = 0, 0, []
    for title, _, source, where, expression in attack.read(f"{HERE}/attacks.txt"):
        if only and title not in only:
            continue
        count += 1
        with attack.changed(source, expression) as differs:
            _, _, opened, wrong = run(*where.split()) if differs else (0, 0, [], "changes nothing")
        print(f"{title:32} {'repelled: ' + ' '.join(opened[:3]) if opened else 'NOT REPELLED ' + wrong[-300:]}", flush=True)
        failed += not opened
        lines.append((title, source, where, " ".join(opened)))
    if update:
        attack.record(f"{HERE}/attacks.tsv", lines, [f"{HERE}/attacks.txt"], "proofs/c5/prove.py --attacks --update")
    print(f"attacks: {count - failed} of {count} repelled")
    return failed or not count


def main():
    only = [a for a in sys.argv[1:] if not a.startswith("--")]
    os.environ.setdefault("WHY3CONFIG", os.path.abspath("build/deps/why3.conf"))
    os.makedirs(CACHE, exist_ok=True)
    if "--attacks" in sys.argv:
        return 1 if attack_all(only, "--update" in sys.argv) else 0
    return 1 if prove_all(only, "--update" in sys.argv, "--changed" in sys.argv) else 0


if __name__ == "__main__":
    sys.exit(main())
