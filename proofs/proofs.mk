# What is proved of the core, with Frama-C's WP (proofs/README.md).

CHECKS += prove-replay prove-order-check proofs-paper-check proofs-lint-check

.PHONY: prove prove-replay prove-smoke prove-attacks prove-mutants prove-eva prove-table

prove: $(DEPS) ## proves the core; FN=name for one function or file
	@python3 proofs/prove.py $(FN)

prove-replay: $(DEPS) ## the proofs of goals.tsv from cache.tsv; what was changed since is proved anew
	@python3 proofs/prove.py --replay

prove-smoke: $(DEPS) ## looks for contracts and code that nothing can reach; FN=name for one function or file
	@python3 proofs/prove.py --smoke $(FN)

prove-attacks: $(DEPS) ## changes the code for the worse, and demands that the proof fails
	@python3 proofs/attack.py

prove-mutants: $(DEPS) ## changes the core in hundreds of small ways, and says which ones no proof notices
	@python3 proofs/mutants.py run --update $(FILES)

prove-eva: $(DEPS) ## follows the whole core by abstract interpretation; WP must have proved what that cannot show
	@python3 proofs/eva/eva.py

prove-table: $(DEPS) ## proves all and writes proofs/goals.tsv, then the attacks
	@python3 proofs/prove.py --update
	@python3 proofs/attack.py --update
	@python3 proofs/paper.py

.PHONY: prove-order prove-order-check prove-order-attacks

prove-order: $(DEPS) ## proves the order of operations (proofs/c5)
	@python3 proofs/c5/prove.py

prove-order-check: $(DEPS) ## the same, but of automata alone whose text is not the one of proofs/c5/goals.tsv
	@python3 proofs/c5/prove.py --changed

prove-order-attacks: $(DEPS) ## changes the order for the worse, and demands that the proof fails
	@python3 proofs/c5/prove.py --attacks

.PHONY: proofs-paper proofs-paper-check proofs-lint-check

proofs-paper: ## writes proofs/TRACE.md and proofs/PROOFS.md
	@python3 proofs/paper.py

proofs-paper-check: ## requirements, claims, proofs and tests hang together; the ledger names all that is assumed
	@python3 proofs/paper.py --check

proofs-lint-check: $(DEPS) ## the checks on the proofs refuse what they must
	@python3 tests/proofs/test_proofs.py
