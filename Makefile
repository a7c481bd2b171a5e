.PHONY: generate
generate: ## Regenerate deep copies, CRDs and apply configurations.
	hack/generate
