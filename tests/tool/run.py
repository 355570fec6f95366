#!/usr/bin/env python3
"""Tests of the host program. Arguments: parts of names of the cases to run; none: all."""
import sys

sys.dont_write_bytecode = True

import harness
import cases_keys
import cases_pack
import cases_factory
import cases_certify
import cases_device

sys.exit(harness.main())
