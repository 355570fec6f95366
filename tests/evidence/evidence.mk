# What is seen in the text and in what was built, rather than by running it.

EVIDENCE_OBJECTS := $(patsubst %.c,build/host/core/%.o,$(CORE_C) $(CHECK_SEAL_C) $(CHECK_SIGNATURE_C))

CHECKS += evidence-check evidence-lint-check provers-check

.PHONY: evidence-check evidence-lint-check provers-check
evidence-check: $(DEPS) $(STM32_LOADERS) $(EVIDENCE_OBJECTS) ## what the loaders are linked of, labels, ghost calls, bounds of loops, types of every target, pinned sources
	@python3 tests/evidence/evidence.py $(STM32) build/host/core

evidence-lint-check: $(DEPS) $(STM32_LOADERS) $(EVIDENCE_OBJECTS) ## those checks refuse what they must
	@python3 tests/evidence/test_evidence.py $(STM32) build/host/core

provers-check: $(DEPS) ## a sample proved by each prover alone; false claims and wrong automata are not proved
	@python3 tests/evidence/provers.py
