#!/usr/bin/env python3
"""The exchange of personalization in first-order logic, for any number of devices, exchanges and permits: README.md.

    unbounded.py            every question, by E: half a minute
    unbounded.py --full     and by SPASS those where it comes to an end
    unbounded.py --show N   question N as it is given to them

What the intruder may know is a predicate, and all that he, devices and HSM can do are clauses. Nothing is ever forgotten or used
up: whoever can do a thing once can always do it. So there may be more that is derivable than there are attacks, but an attack
is always derivable. If a prover completes the set (saturation) without deriving the goal, there is none, in any number of exchanges.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import generate  # noqa: E402

OUT = pathlib.Path("build/model/personalize/unbounded")
PAGE = pathlib.Path("spec/formats.md")
SECONDS = 120


class Terms:
    """Messages, keys and hashes as the page has them; a field or an input that it does not have is an error, as is one that is missing."""

    def __init__(self, page):
        text = generate.section(page)
        self.fields = {struct: [f for f, _ in rows] for struct, rows in generate.structs(text).items()}
        generate.meanings(text, generate.structs(text))
        self.formulas = {what: (short, arguments) for what, short, arguments in generate.derived(text)}
        self.hashed = dict(generate.hashes(text))
        self.labels, self.shapes = set(), set()

    def label(self, text):
        label = "l_" + re.sub(r"\W+", "_", text.lower())
        self.labels.add(label)
        return label

    def joined(self, terms):
        term = terms[-1]
        for other in reversed(terms[:-1]):
            term = f"cat({other},{term})"
        return term

    def message(self, struct, values, upto=None):
        fields = self.fields[struct]
        count = fields.index(upto) + 1 if upto else len(fields)
        if set(values) - set(fields) or set(fields[:count]) - set(values):
            raise generate.Drifted(f"{struct} has the fields {', '.join(fields)}; the model knows {', '.join(values)}")
        self.shapes.add((struct, count))
        return f"{struct.lower()}_{count}({','.join(values[f] for f in fields[:count])})"

    def before(self, struct, values, last):
        """The bytes before the last field."""
        if self.fields[struct][-1] != last:
            raise generate.Drifted(f"the last field of {struct} is {self.fields[struct][-1]}, not {last}")
        return self.message(struct, values, self.fields[struct][-2])

    def key(self, what, **inputs):
        short, arguments = self.formulas[what]
        known = {i.replace("_", "-"): term for i, term in inputs.items()} | {"empty": "empty"}
        used = {word for part in arguments for kind, word in part if kind == "input"}
        if used - set(known) or set(known) - used - {"empty"}:
            raise generate.Drifted(f"{what} is made of {', '.join(sorted(used))}; the model knows {', '.join(sorted(inputs))}")
        parts = [self.joined([self.label(w) if kind == "label" else known[w] for kind, w in part]) for part in arguments]
        return f"first16(hkdf({','.join(parts)}))" if short else f"hkdf({','.join(parts)})"

    def hash(self, what, **messages):
        parts = []
        for part in self.hashed[what]:
            parts.append(self.label(part[1]) if part[0] == "label" else self.message(part[1], messages[part[1]], part[2]))
        if {part[1] for part in self.hashed[what] if part[0] == "message"} != set(messages):
            raise generate.Drifted(f"the {what} is not made of {', '.join(messages)}")
        return f"sha({self.joined(parts)})"


# The exchange that is asked about is one of chip0: scalar x0, nonce n0, licence l0; the permit, y0 and r0. All others have
# x(U,S), n(U,S), y(U,N,Q,S), ... of a chip U and a number S. `others` says that HSM or devices do their part in all but that one.
class Exchange:
    def __init__(self, page, known, line, goal):
        self.terms, self.clauses = Terms(page), []
        self.known, self.line, self.goal = known, line, goal

    def a(self):
        return self.terms.key("attest-key", M="m")

    def clause(self, given, concluded):
        self.clauses.append(f"({' & '.join(given)}) => ({concluded})" if given else concluded)

    def challenge(self, uid, nonce, scalar, lock="field", version="version"):
        values = dict(protocol="protocol", signer="id_h", uid=uid, part="part", product="product", epoch="epoch",
                      lock_profile=lock, loader_version=version, nonce=nonce, public_key=f"point({scalar})")
        values["mac"] = f"hmac({self.a()},{self.terms.before('CHALLENGE', values, 'mac')})"
        return values

    def permit(self, challenge, licence, uid, scalar, z, seed, random):
        values = dict(protocol="protocol", signer="id_h", licence=licence, uid=uid, public_key=f"point({scalar})")
        messages = dict(CHALLENGE=challenge, PERMIT=values)
        key = self.terms.key("box-key", Z=z, A=self.a(), box_hash=self.terms.hash("box-hash", **messages))
        values["box"], values["tag"] = f"cipher({key},cat({seed},{random}))", f"tag({key},cat({seed},{random}))"
        values["signature"] = f"sign(h,{self.terms.hash('transcript-hash', **messages)})"
        return values

    def receipt(self, challenge, permit, seed, lock, fingerprint):
        transcript = self.terms.hash("transcript-hash", CHALLENGE=challenge, PERMIT=permit)
        values = dict(protocol="protocol", licence=permit["licence"], uid=permit["uid"], lock_profile=lock,
                      fingerprint=fingerprint, transcript=f"first16({transcript})")
        key = self.terms.key("receipt-key", E=seed, A=self.a(), transcript_hash=transcript)
        values["mac"] = f"first16(hmac({key},{self.terms.before('RECEIPT', values, 'mac')}))"
        return values

    def k(self, seed="e"):
        return self.terms.key("OEM-key", M="m", E=seed, product="product", epoch="epoch")

    def print_of(self, seed):
        return self.terms.key("fingerprint-of", key=self.k(seed))

    def att(self, struct, values):
        return f"att({self.terms.message(struct, values)})"

    # a party's own exchanges, and the one that is asked about
    def devices(self):
        owned, silent = self.line == "owned", self.goal == "receipt"
        for uid, nonce, scalar in (("chip(U)", "n(U,S)", "x(U,S)"), ("chip0", "n0", "x0"), ("chip0", "n(u0,S)", "x(u0,S)")):
            mine = self.challenge(uid, nonce, scalar)
            self.clause([], self.att("CHALLENGE", mine))
            if owned:
                permit = self.permit(mine, "L", uid, "Q", f"z({scalar},Q)", "E", "R")
                given = [self.att("PERMIT", permit)]
                if silent:  # nobody makes a receipt of the permit that is asked about
                    given.append("other(Q)")
                taken = self.receipt(mine, permit, "E", "field", self.print_of("E"))
                self.clause(given, self.att("RECEIPT", taken))
                if uid == "chip0" and nonce == "n0" and self.goal in ("permit", "licence", "taken"):
                    self.clause([self.att("PERMIT", permit)], "takes(L,E)")

    def hsm(self):
        if self.line == "heard":
            for uid, nonce, scalar, licence in (("chip(U)", "n(U,S)", "x(U,S)", "l(U)"), ("chip0", "n0", "x0", "l0")):
                theirs = self.challenge(uid, nonce, scalar)
                permit = self.permit(theirs, licence, uid, f"y(t,{nonce},t,T)",
                                     f"z(y(t,{nonce},t,T),{scalar})", "e", f"r({nonce},T)")
                self.clause([], self.att("PERMIT", permit))
                self.clause([], self.att("RECEIPT", self.receipt(theirs, permit, "e", "field", self.print_of("e"))))
            return
        for uid, licence in (("chip(U)", "l(U)"), ("chip0", "l0")):
            theirs = self.challenge(uid, "N", "Q", "P", "V")
            y, r = "y(U,N,Q,T)" if uid != "chip0" else "y(u0,N,Q,T)", "r(U,N,Q,T)" if uid != "chip0" else "r(u0,N,Q,T)"
            permit = self.permit(theirs, licence, uid, y, f"z({y},Q)", "e", r)
            given = [self.att("CHALLENGE", theirs)]
            if self.goal == "permit":  # the HSM never answers the challenge that is asked about
                given.append("other(N)")
            self.clause(given, self.att("PERMIT", permit))
            if self.goal in ("receipt", "accepted") and uid == "chip0":
                asked = self.permit(theirs, "l0", "chip0", "y0", "z(y0,Q)", "e", "r0")
                self.clause([self.att("CHALLENGE", theirs)], self.att("PERMIT", asked))
                self.clause([self.att("CHALLENGE", theirs), self.att("RECEIPT", self.receipt(theirs, asked, "e", "O", "F"))],
                            "accepts")

    def intruder(self):
        for what in ("mine", "mine2", "empty", "protocol", "id_h", "part", "product", "epoch", "field", "open", "version",
                     "chip0", "l0", *self.known):
            self.clause([], f"att({what})")
        self.clause([], "att(chip(U)) & att(l(U))")
        self.making("att")
        if self.goal in ("K-later", "K-scalar"):  # afterwards nobody answers any more, and these are told
            self.clause(["att(X)"], "late(X)")
            self.clause([], "late(m) & late(h)")
            if self.goal == "K-scalar":
                self.clause([], "late(x0)")
            self.making("late")
        self.clause([], "z(X,Y) = z(Y,X)")
        for fact in ("other(mine)", "other(n(U,S))", "other(y(U,N,Q,S))", "other(x(U,S))", "other(x0)", "wrong(l(U))", "wrong(mine)"):
            self.clause([], fact)
        for label in sorted(self.terms.labels):
            self.clause([], f"att({label})")

    def making(self, knows):
        """What can be made of what is known, and what can be taken out of it."""
        for function, count in (("cat", 2), ("sha", 1), ("hmac", 2), ("hkdf", 3), ("first16", 1), ("cipher", 2), ("tag", 2),
                                ("sign", 2), ("point", 1)):
            names = [f"X{n}" for n in range(count)]
            self.clause([f"{knows}({n})" for n in names], f"{knows}({function}({','.join(names)}))")
        self.clause([f"{knows}(cat(X,Y))"], f"{knows}(X) & {knows}(Y)")
        self.clause([f"{knows}(X)", f"{knows}(cipher(X,Y))"], f"{knows}(Y)")
        self.clause([f"{knows}(X)", f"{knows}(point(Y))"], f"{knows}(z(X,Y))")
        for struct, count in sorted(self.terms.shapes):
            names = [f"X{n}" for n in range(count)]
            message = f"{struct.lower()}_{count}({','.join(names)})"
            self.clause([f"{knows}({n})" for n in names], f"{knows}({message})")
            self.clause([f"{knows}({message})"], " & ".join(f"{knows}({n})" for n in names))

    def problem(self):
        goal = {"K": f"att({self.k()})", "K-later": f"late({self.k()})", "K-scalar": f"late({self.k()})",
                "taken": "takes(l0,e)", "accepted": "accepts", "E": "att(e)", "permit": "?[L,E]: takes(L,E)",
                "licence": "?[L,E]: (takes(L,E) & wrong(L))", "receipt": "accepts"}[self.goal]
        self.devices()
        self.hsm()
        self.intruder()
        lines = []
        for number, clause in enumerate(self.clauses):
            variables = sorted(set(re.findall(r"\b[A-Z]\w*\b", clause)))
            lines.append(f"fof(c{number},axiom,{f'![{chr(44).join(variables)}]: ' if variables else ''}({clause})).")
        return "\n".join([*lines, f"fof(goal,conjecture,{goal}).", ""])


M, A, E, H = "m", "a", "e", "h"
TAKES = "a device takes a permit for a challenge that the HSM did not answer"
ANOTHER = "a device takes another licence than its uid's"
NO_DEVICE = "the HSM accepts a receipt that no device made"
# who and what, what he knows, the line, the goal, whether it is derivable
QUESTIONS = [
    ("owns the line: K", [], "owned", "K", False),
    ("owns the line: K, if M and H are told later", [], "owned", "K-later", False),
    ("owns the line: E", [], "owned", "E", False),
    (f"owns the line: {TAKES}", [], "owned", "permit", False),
    (f"owns the line: {ANOTHER}", [], "owned", "licence", False),
    (f"owns the line: {NO_DEVICE}", [], "owned", "receipt", False),
    ("owns the line: a device takes its permit", [], "owned", "taken", True),
    ("owns the line: the HSM accepts a device's receipt", [], "owned", "accepted", True),
    ("owns the line: K, if M and a device's scalar are told later", [], "owned", "K-scalar", True),
    ("listens, and knows M: K", [M], "heard", "K", False),
    ("listens, and knows M and H: E", [M, H], "heard", "E", False),
    ("listens, and knows M and E: K", [M, E], "heard", "K", True),
    ("owns the line, and knows M: K", [M], "owned", "K", True),
    (f"owns the line, and knows M: {TAKES}", [M], "owned", "permit", False),
    (f"owns the line, and knows M: {ANOTHER}", [M], "owned", "licence", False),
    (f"owns the line, and knows M: {NO_DEVICE}", [M], "owned", "receipt", True),
    ("owns the line, and knows A and E: K", [A, E], "owned", "K", False),
    (f"owns the line, and knows A and E: {TAKES}", [A, E], "owned", "permit", False),
    (f"owns the line, and knows A and E: {ANOTHER}", [A, E], "owned", "licence", False),
    (f"owns the line, and knows A and E: {NO_DEVICE}", [A, E], "owned", "receipt", True),
    ("owns the line, and knows A: K", [A], "owned", "K", False),
    ("owns the line, and knows A: E", [A], "owned", "E", True),
    ("owns the line, and knows E: K", [E], "owned", "K", False),
    (f"owns the line, and knows E: {NO_DEVICE}", [E], "owned", "receipt", False),
    ("owns the line, and knows A, E and H: K", [A, E, H], "owned", "K", False),
    (f"owns the line, and knows A, E and H: {TAKES}", [A, E, H], "owned", "permit", True),
    ("owns the line, and knows H: K", [H], "owned", "K", False),
    (f"owns the line, and knows H: {TAKES}", [H], "owned", "permit", False),
]


def problem(page, known, line, goal):
    exchange = Exchange(page, [], line, goal)
    exchange.known = [exchange.a() if secret == A else secret for secret in known]
    return exchange.problem()


# E without selection of negative literals, with which it does not end where the intruder can make challenges. It says CounterSatisfiable
# only if its search was complete.
PROVERS = {
    "E": (["eprover", "-s", "-W", "NoSelection", "-t", "KBO6", f"--cpu-limit={SECONDS}"],
          "# SZS status Theorem", "# SZS status CounterSatisfiable"),
    "SPASS": (["SPASS", "-TPTP=1", "-PGiven=0", "-PProblem=0", f"-TimeLimit={SECONDS}"], "Proof found.", "Completion found."),
}


def provers(question, full):
    """SPASS does not end where the intruder can make challenges."""
    _, known, line, _, _ = question
    return ["E", "SPASS"] if full and (line == "heard" or not {M, A} & set(known)) else ["E"]


def asked(index, source, full):
    """{prover: (derivable, or None, seconds)}"""
    path = OUT / f"question{index + 1}.p"
    path.write_text(source)
    answers = {}
    for prover in provers(QUESTIONS[index], full):
        command, yes, no = PROVERS[prover]
        began = time.monotonic()
        said = subprocess.run([*command, str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace").stdout
        answers[prover] = (True if yes in said else False if no in said else None, time.monotonic() - began)
    return answers


def main(arguments):
    page = PAGE.read_text()
    if len(arguments) == 2 and arguments[0] == "--show" and arguments[1].isdigit():
        print(problem(page, *QUESTIONS[int(arguments[1]) - 1][1:4]), end="")
        return 0
    full = arguments == ["--full"]
    if arguments and not full:
        sys.exit(__doc__)
    OUT.mkdir(parents=True, exist_ok=True)
    failed = 0
    try:
        sources = [problem(page, *question[1:4]) for question in QUESTIONS]
    except (generate.Drifted, generate.formats.Refused) as refused:
        sys.exit(f"the model does not fit {PAGE}: {refused}")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for question, answers in zip(QUESTIONS, pool.map(lambda n: asked(n, sources[n], full), range(len(QUESTIONS)))):
            good = all(answer == question[4] for answer, _ in answers.values())
            failed += not good
            told = {True: "derived", False: "complete without it", None: "no answer"}
            print(f"{'FAILED' if not good else 'found ' if question[4] else 'holds '} {question[0]}: "
                  + ", ".join(f"{prover} {told[answer]} {seconds:.1f} s" for prover, (answer, seconds) in answers.items()), flush=True)
    print(f"unbounded: {len(QUESTIONS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
