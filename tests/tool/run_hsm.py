#!/usr/bin/env python3
"""Tests of personalization: HSM, station and simulated devices. Arguments as of run.py."""
import sys

sys.dont_write_bytecode = True

import harness
import cases_box
import cases_hsm
import cases_init
import cases_intruder
import cases_ledger
import cases_tls
import cases_token

sys.exit(harness.main())
