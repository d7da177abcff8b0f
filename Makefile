# Everything a person does with this repository. Needs Go, git, make and a C compiler; all else is built from pinned Go
# modules into bin/, once.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules

BIN := $(CURDIR)/bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
IMAGE ?= ghcr.io/aurora-backtrack/operator
CONTAINER_TOOL ?= docker

# The Helm chart.
CHART := config/chart

# The Go modules of our own code. Dolt's collations would need the ICU library of the machine without the tag.
MODULES := . hack/aurora/dolt hack/local hack/gitops
MODULES += hack/image
TOOLS := controller-gen kustomize golangci-lint govulncheck promtool
TOOLS += crd-ref-docs helm actionlint cyclonedx-gomod
TEST_FLAGS ?=
TAGS := -tags=gms_pure_go

# The Go vulnerability database, or a copy of it: file:///…
VULNDB ?= https://vuln.go.dev

# How long each fuzz target runs, and how many rewinds a chaos run makes.
FUZZ_TIME ?= 10s
export CHAOS_REWINDS CHAOS_SEED

# Ends a loop that went through all modules whatever it found.
ALL_PASSED = if [[ -n "$$failed" ]]; then echo "failed in:$$failed"; exit 1; fi

# The local cloud is a program of its own, which also builds what it runs.
LOCAL := go -C hack/local run .

##@ Everyday

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Run the main job on real data: a database is rewound and forwarded, an application reconnects.
	$(LOCAL) demo

.PHONY: up
up: ## Start the local cloud: control plane, kubelet, local Aurora, operator. Then: source bin/local/env
	$(LOCAL) up

.PHONY: down
down: ## Stop and remove the local cloud.
	$(LOCAL) down

.PHONY: build
build: ## Build the manager and the kubectl plugin into bin/, stamped with the version.
	go build -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/ ./cmd/...
	install -m 755 cmd/kubectl-backtrack/kubectl_complete-backtrack $(BIN)/

##@ Checks

.PHONY: test
test: control-plane bin/promtool bin/helm bin/kustomize ## Run all tests: units, a real API server, the local Aurora, the local cloud.
	failed=; for module in $(MODULES); do \
	  echo "== go test in $$module"; \
	  KUBEBUILDER_ASSETS=$(BIN)/control-plane go -C $$module test $(TAGS) -timeout=30m $(TEST_FLAGS) ./... || failed+=" $$module"; \
	done; $(ALL_PASSED)

.PHONY: lint
lint: bin/golangci-lint lint-workflows ## Run golangci-lint, with gosec and the Kubernetes API linter, in every module, and actionlint.
	failed=; for module in $(MODULES); do \
	  echo "== golangci-lint in $$module"; \
	  (cd $$module && $(BIN)/golangci-lint run --config=$(CURDIR)/.golangci.yaml ./...) || failed+=" $$module"; \
	done; $(ALL_PASSED)

.PHONY: lint-workflows
lint-workflows: bin/actionlint ## Run actionlint on .github/workflows.
	$(BIN)/actionlint -shellcheck= -pyflakes=

.PHONY: verify
verify: verify-generated verify-format verify-modules ## Fail when something generated, formatted or tidied would differ.

.PHONY: fuzz
fuzz: ## Fuzz every fuzz target for FUZZ_TIME (10s).
	grep -rl --include='*_test.go' '^func Fuzz' api controllers cmd hack | while read -r file; do \
	  grep -o '^func Fuzz[A-Za-z0-9_]*' "$$file" | while read -r _ target; do \
	    go -C "$$(dirname "$$file")" test $(TAGS) -run='^$$' -fuzz="^$$target$$" -fuzztime=$(FUZZ_TIME) .; \
	  done; \
	done

.PHONY: e2e
e2e: ## Prove pause and resume on the local cloud, with a writer that never stops writing.
	$(LOCAL) e2e

.PHONY: chaos
chaos: ## Rewind CHAOS_REWINDS (100) times while things are killed, by CHAOS_SEED; then count the calls.
	$(LOCAL) chaos

.PHONY: bench
bench: ## Measure BENCH (all; BENCH=list lists the cases) and write docs/benchmarks.md and the README's figures.
	$(LOCAL) bench --rows=$(BENCH)

.PHONY: bench-check
bench-check: ## Measure ratios in small runs, and fail where one is worse than the committed one (ten minutes).
	$(LOCAL) bench --check

.PHONY: dashboard
dashboard: ## Run every query of the Grafana dashboard, and every alert, on a Prometheus that scrapes the local cloud.
	$(LOCAL) dashboard

.PHONY: e2e-aws
e2e-aws: ## Run the experiment on a real Aurora cluster, as E2E_AWS says; without E2E_AWS, show how.
	go -C hack/local run ./e2e-aws $(or $(E2E_AWS),--help)

.PHONY: load
load: ## Load the local Aurora's data, bounded: lost updates, rewinds under writers, growth, kills (about 10 minutes).
	go -C hack/aurora/dolt test $(TAGS) . -v -run 'TestIncrements|TestLoad|TestGrowth' \
	  -increments 100 -writers 50 -databases 10 -rewinds 20 -growth 60s
	go -C hack/aurora/dolt test $(TAGS) ./cmd/local-aurora -v -run TestKilledUnderLoad -kills 30

.PHONY: vulncheck
vulncheck: bin/govulncheck ## Look every dependency up in the Go vulnerability database (needs the network).
	failed=; for module in $(MODULES); do \
	  echo "== govulncheck in $$module"; \
	  (cd $$module && $(BIN)/govulncheck -db=$(VULNDB) $(TAGS) ./...) || failed+=" $$module"; \
	done; $(ALL_PASSED)

##@ Generated files

.PHONY: generate
generate: bin/controller-gen ## Generate the deep copies of api/.
	$(BIN)/controller-gen object paths=./api/...

.PHONY: manifests
manifests: bin/controller-gen bin/kustomize bin/crd-ref-docs ## Generate the CRDs, the role, config/install.yaml, the chart's files, docs/api.md.
	$(BIN)/controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	$(BIN)/controller-gen rbac:roleName=aurora-backtrack-manager paths=./controllers/... \
	  output:rbac:dir=config/rbac
	cat config/admission/annotations.yaml <(echo ---) config/admission/approval.yaml > controllers/approval/policies.yaml
	$(BIN)/kustomize build config/default > $(BIN)/install.yaml
	mv $(BIN)/install.yaml config/install.yaml
	mkdir -p $(CHART)/files
	for part in crd admission rbac manager; do $(BIN)/kustomize build config/$$part > $(CHART)/files/$${part/crd/crds}.yaml; done
	cp config/network-policy/network_policy.yaml $(CHART)/files/network-policy.yaml
	cp config/components/verify/cluster_role.yaml $(CHART)/files/verify-cluster-role.yaml
	cp config/components/verify/namespace/role.yaml $(CHART)/files/verify-role.yaml
	cp config/prometheus/service_monitor.yaml $(CHART)/files/service-monitor.yaml
	cp config/prometheus/rules.yaml $(CHART)/files/prometheus-rules.yaml
	cp config/components/watch-namespaces/operator/cluster_role.yaml $(CHART)/files/watch-namespaces-cluster-role.yaml
	cp config/components/watch-namespaces/namespace/role.yaml $(CHART)/files/watch-namespaces-role.yaml
	$(BIN)/crd-ref-docs --source-path=api/v1alpha1 --config=hack/tools/crd-ref-docs/config.yaml --max-depth=20 \
	  --renderer=markdown --templates-dir=hack/tools/crd-ref-docs/templates --output-path=docs/api.md > $(BIN)/crd-ref-docs.log 2>&1 || \
	  { cat $(BIN)/crd-ref-docs.log; exit 1; }

.PHONY: metrics-page
metrics-page: control-plane ## Write the table of docs/metrics.md anew, from a manager's /metrics.
	METRICS_PAGE=write KUBEBUILDER_ASSETS=$(BIN)/control-plane go test $(TAGS) -count=1 -run '^TestMetricsPage$$' ./cmd/manager

.PHONY: argocd
argocd: ## Generate the ConfigMap and the test data of config/argocd; the latter are what the reconcilers write.
	go -C hack/gitops test $(TAGS) -run='^Test(HealthTestData|ActionTestData|ConfigMap)$$' . -update

.PHONY: fmt
fmt: bin/golangci-lint ## Format all Go code and its imports.
	for module in $(MODULES); do (cd $$module && $(BIN)/golangci-lint fmt --config=$(CURDIR)/.golangci.yaml ./...); done

GENERATED := api/v1alpha1/zz_generated.deepcopy.go config/crd/bases config/rbac/role.yaml config/install.yaml \
  controllers/approval/policies.yaml $(CHART)/files docs/api.md

.PHONY: verify-generated
verify-generated: generate manifests
	@changed=$$(git status --porcelain --untracked-files=all -- $(GENERATED)); \
	if [[ -n "$$changed" ]]; then \
	  git --no-pager diff -- $(GENERATED); \
	  echo "generated files differ from what is committed: run 'make generate manifests' and commit them:"; \
	  echo "$$changed"; exit 1; \
	fi

.PHONY: verify-format
verify-format:
	@unformatted=$$(git ls-files --cached --others --exclude-standard '*.go' | xargs -r gofmt -l); \
	if [[ -n "$$unformatted" ]]; then \
	  echo "not formatted: run 'make fmt':"; echo "$$unformatted"; exit 1; \
	fi

.PHONY: verify-modules
verify-modules:
	@for module in $(MODULES) $(TOOLS:%=hack/tools/%) hack/tools/controlplane hack/tools/kwok; do \
	  go -C $$module mod tidy -diff || { echo "run 'go mod tidy' in $$module"; exit 1; }; \
	done

##@ Release

# What the image is made for.
PLATFORMS := linux/amd64 linux/arm64

.PHONY: image
image: bin/image ## Assemble the image for all platforms without a container engine, into bin/image-layout, and check it.
	for platform in $(PLATFORMS); do \
	  CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' \
	    -o $(BIN)/image-manager/$$platform/manager ./cmd/manager; \
	done
	$(BIN)/image assemble --version $(VERSION) --out $(BIN)/image-layout \
	  $(foreach platform,$(PLATFORMS),$(platform)=$(BIN)/image-manager/$(platform)/manager)
	$(BIN)/image check --version $(VERSION) $(BIN)/image-layout

.PHONY: docker-build
docker-build: ## Build the same image from the Dockerfile (CONTAINER_TOOL, IMAGE, VERSION).
	$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) --tag $(IMAGE):$(VERSION) .

.PHONY: sbom
sbom: bin/cyclonedx-gomod ## Write the SBOM of the manager as it is in the image, bin/sbom.cdx.json.
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/image-manager/linux/amd64/manager ./cmd/manager
	$(BIN)/cyclonedx-gomod bin -json -licenses -std -version $(VERSION) -output $(BIN)/sbom.cdx.json $(BIN)/image-manager/linux/amd64/manager

.PHONY: release-files
release-files: bin/helm sbom ## Write the files of the release VERSION into bin/release.
	go run ./hack/release -version $(VERSION) -root . -out $(BIN)/release -notes $(BIN)/release-notes.md -helm $(BIN)/helm \
	  -sbom $(BIN)/sbom.cdx.json

.PHONY: bin/image
bin/image:
	go -C hack/image build -o $(BIN)/image .
# Without the service discovery of two dozen clouds.
FLAGS_promtool := -tags=remove_all_sd

# The tools, one module each, so that none of their dependencies is ours. Built again when their go.mod changes.
$(TOOLS:%=bin/%): bin/%: hack/tools/%/go.mod hack/tools/%/go.sum
	@echo "building $* (pinned in hack/tools/$*/go.mod)"
	go -C hack/tools/$* build $(FLAGS_$*) -o $(BIN)/$* $(if $(wildcard hack/tools/$*/main.go),.,tool)
	touch $(BIN)/$*

bin/golangci-lint: hack/tools/golangci-lint/main.go

# The control plane of the API-server tests, and kubectl. The builder knows what is up to date.
.PHONY: control-plane
control-plane:
	$(LOCAL) build kube-apiserver etcd kube-controller-manager kubectl
