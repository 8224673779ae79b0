# eksemu. `make` prints the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GINKGO        := github.com/onsi/ginkgo/v2/ginkgo

# The Kubernetes servers take their version from the linker. CGO is off everywhere, so that one build cache serves all.
KUBERNETES := $(shell sed -n 's#^\tk8s.io/kubernetes v##p' go.mod)
LDFLAGS := -s -w \
	-X k8s.io/component-base/version.gitVersion=v$(KUBERNETES) \
	-X k8s.io/component-base/version.gitMajor=$(word 1,$(subst ., ,$(KUBERNETES))) \
	-X k8s.io/component-base/version.gitMinor=$(word 2,$(subst ., ,$(KUBERNETES))) \
	-X k8s.io/client-go/pkg/version.gitVersion=v$(KUBERNETES)
export CGO_ENABLED := 0

BIN := bin/eksemu
# Nodes of kind clusters in tests. Root builds them without a registry; others get kind's own image, or KIND_IMAGE.
NODE_IMAGE := eksemu/kind-node:v$(KUBERNETES)
KIND_IMAGE ?=
# Everything but the packages that link the Kubernetes servers: they take minutes, and have no tests of their own.
LIGHT = $(shell go list ./... | grep -v -e /cmd/eksemu$$ -e /cmd/internal/controlplane$$ -e /e2e)
FUZZTIME ?= 10m

##@ Use

.PHONY: help
help: ## Print this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/eksemu (about eight minutes the first time on two cores: it links Kubernetes)
	go build -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/eksemu

.PHONY: demo
demo: build ## See Unauthorized, no and yes, each with its reason
	$(BIN) run --explain mallory-is-not-mapped bob-has-no-binding alice-views-pods

##@ Test

.PHONY: test
test: test-short e2e ## Run every test: unit tests, then the end-to-end suites on the built binary

.PHONY: test-short
test-short: ## Run the unit tests alone (no Kubernetes is linked)
	go vet $(LIGHT)
	go test $(LIGHT)

.PHONY: race
race: ## Run the unit tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race $(LIGHT)

.PHONY: e2e
e2e: build ## Drive the built binary with the real aws CLI and kubectl
	go vet ./e2e/...
	mkdir -p reports
	EKSEMU=$(CURDIR)/$(BIN) go run $(GINKGO) run --no-color --timeout 20m --procs 2 --junit-report=e2e-sts.xml --json-report=e2e-sts.json --output-dir=reports ./e2e/sts
	EKSEMU=$(CURDIR)/$(BIN) go run $(GINKGO) run --no-color --timeout 30m --label-filter "!kind-alone" --junit-report=e2e.xml --json-report=e2e.json --output-dir=reports ./e2e

.PHONY: mutants
mutants: ## Break eksemu in dozens of ways, and see the scenarios turn red that are about it (MUTANT=NAME: in one)
	go vet ./e2e/mutants
	mkdir -p reports
	EKSEMU_LDFLAGS='$(LDFLAGS)' go run $(GINKGO) run --no-color --timeout 30m --procs 3 $(if $(MUTANT),--focus '$(MUTANT)') --junit-report=mutants.xml --json-report=mutants.json --output-dir=reports ./e2e/mutants

.PHONY: e2e-kind
e2e-kind: build ## The same on kind: what kind clusters share with the embedded one, and what only they have (needs Docker)
	e2e/kind/docker
	mkdir -p reports
	image='$(KIND_IMAGE)'; \
	if [[ -z $$image && $$(id -u) == 0 ]]; then $(MAKE) node-image; image=$(NODE_IMAGE); fi; \
	EKSEMU=$(CURDIR)/$(BIN) EKSEMU_E2E_BACKEND=kind EKSEMU_KIND_IMAGE=$$image \
		go run $(GINKGO) run --no-color --timeout 30m --label-filter kind --junit-report=e2e-kind.xml --json-report=e2e-kind.json --output-dir=reports ./e2e

.PHONY: node-image
node-image: build ## Build the image of kind's nodes from Debian packages and Go modules (as root; four minutes the first time)
	e2e/kind/docker
	EKSEMU_NODE_IMAGE=$(NODE_IMAGE) e2e/kind/nodeimage/build

.PHONY: fuzz
fuzz: ## Fuzz every parser, FUZZTIME (10m) each
	@for package in $(LIGHT); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "== $$package $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

.PHONY: bench
bench: build ## Measure: first yes against the bare control plane, memory, token, STS under load, access entries, verification
	go test -run '^$$' -bench . -benchmem ./sts-fake/... ./emulator/access ./emulator/eks
	EKSEMU=$(CURDIR)/$(BIN) go test -count=1 -timeout 30m -v -run 'TestBench$$$$|TestBenchEntries|TestLoad' ./e2e/bench

.PHONY: bench-kind
bench-kind: build ## Measure: first yes on kind against plain kind create cluster (needs Docker and the node image)
	EKSEMU=$(CURDIR)/$(BIN) EKSEMU_KIND_IMAGE=$(or $(KIND_IMAGE),$(NODE_IMAGE)) go test -count=1 -timeout 30m -v -run TestBenchKind ./e2e/bench

##@ Keep

.PHONY: lint
lint: ## Run golangci-lint with .golangci.yml
	go run $(GOLANGCI_LINT) run $(GOLANGCI_FLAGS)

.PHONY: verify
verify: lint race ## Check everything that CI checks beside the tests: lint, race detector, go.mod, formatting
	test -z "$$(gofmt -l cmd emulator sts-fake scenarios e2e)"
	go mod tidy -diff
	go mod verify

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin reports
