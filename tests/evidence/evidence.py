#!/usr/bin/env python3
"""evidence.py LOADER_DIR OBJECT_DIR, from the root of the tree: says what is not so, and counts what was looked at."""
import sys

import abi
import bounds
import ghosts
import labels
import linked
import pinned


def main(loaders, objects):
    checks = {"what is linked": linked.check(loaders, objects), "labels of keys": labels.check(),
              "ghost calls on flash": ghosts.check(), "bounds of loops": bounds.check(), "types of each target": abi.check(),
              "types whose size is chosen": abi.chosen(), "pinned source": pinned.check()}
    failed = 0
    for what, errors in checks.items():
        errors = list(errors)
        failed += errors != []
        for error in errors:
            print(f"FAILED {what}: {error}")
    print(f"evidence: {len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
