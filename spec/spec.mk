# The documents against the sources.

CHECKS += spec-check

.PHONY: spec-check
spec-check: ## what the documents say of files, requirements and machines is so
	@python3 build-aux/spec_check.py
