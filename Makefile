# make demo and make test are all a newcomer needs; make help lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
GO ?= go
STATICCHECK := $(GO) tool staticcheck
FUZZTIME ?= 20s
# To minimise inputs of kilobytes would take most of the time. Add -parallel=1 on a busy machine.
FUZZFLAGS ?= -fuzzminimizetime=10x

LIB := lib/.fetched

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

build: ## build bin/pipeline
	$(GO) build -o bin/pipeline ./cmd/pipeline

lib: $(LIB) ## fetch ONNX Runtime and OpenBLAS into lib/ (no root)

$(LIB): cmd/fetchlibs/main.go
	$(GO) run ./cmd/fetchlibs lib
	@touch $@

demo: build lib ## run configs/demo.yaml on the speech in the repository
	bin/pipeline run configs/demo.yaml

real: build lib ## run configs/real.yaml: trained models on real speech (230 MB are downloaded once)
	$(GO) run ./cmd/fetchreal models/real
	bin/pipeline run configs/real.yaml

figures: build lib ## run every figure of both papers on the demo corpora, by the command in its config
	@set -e; for f in configs/timit-hubert.yaml configs/elkheir2024/*.yaml configs/bolanos2024/*.yaml; do \
	  sed -n 's|^# demo: pipeline|bin/pipeline|p' $$f; done | while read -r command; do echo "$$command"; $$command --replace || test $$? = 3; done # 3: cells that so small a corpus has no value for
	@grep -oE 'images/[^)]+\.svg' docs/reproduction.md | while read -r image; do \
	  figure=$${image#images/}; cp "runs/$${figure%%--*}/figures/$${figure#*--}" "docs/$$image"; done

# A line a package as it finishes, then failures, what was skipped and why, and the counts.
GOTESTSUM := $(GO) tool gotestsum --format pkgname --format-hide-empty-pkg --post-run-command .ci/counts

# Compiler, staticcheck and tests collect garbage late, and so does the program that they run, but where memory is what is tested.
test test-quick: export GOGC = 400
test: build lib static ## pass the whole suite: format, vet, staticcheck, tests with the race detector
	@echo 'all tests with the race detector, each package named when it is through'
	@$(GOTESTSUM) --raw-command -- .ci/tests $(GO) -shuffle=on -timeout 30m $(TESTFLAGS)

static:
	@echo 'gofmt, go vet, staticcheck'
	@test -z "$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go'))" || { gofmt -l .; echo 'gofmt would change these files'; exit 1; }
	@$(GO) vet ./...
	@$(STATICCHECK) ./...

# Whole runs of the program, and tests of the pipeline that take the demo corpus again and again.
QUICK_WITHOUT := TestPaperConfigs|TestWorkers|TestKill|TestInterrupt|TestSharedStore|TestFullDisk|TestMemory|TestSlurm|TestTiles|TestRunOnProducts|TestStopped|TestStoppedShards|TestKilled|TestEveryLayout|TestSketched|TestSketchedCKA|TestOnlyWhatIsNew|TestTilesOnce
test-quick: build lib ## pass what takes under 90 s: no race detector, no browser, no full runs
	@echo 'without the race detector, gofmt, vet and staticcheck; without tests in a browser, TestScripts/{demo,latex,metrics,rows,features,again,retrieval,first_study,text_checkpoint} and $(subst |, ,$(QUICK_WITHOUT))'
	@$(GOTESTSUM) -- -vet=off -short -skip 'InBrowser|^TestScripts$$/^(demo|latex|metrics|rows|features|again|retrieval|first_study|text_checkpoint)$$|^($(QUICK_WITHOUT))$$' $(TESTFLAGS) ./...

BASE ?= HEAD
pin: build lib ## does the working tree give the bytes of commit BASE (default HEAD)? for changes that should change nothing
	@mkdir -p .bench/pins
	@set -e; base=$$(git rev-parse --short $(BASE))-$$(cat .ci/pin .ci/pin.yaml configs/demo.yaml | sha256sum | cut -c1-8); \
	  if [ ! -s .bench/pins/$$base ]; then \
	    rm -rf .bench/pins/tree; git worktree prune; \
	    git worktree add --quiet --force --detach .bench/pins/tree $(BASE); \
	    (cd .bench/pins/tree && $(GO) build -o ../program ./cmd/pipeline); git worktree remove --force .bench/pins/tree; \
	    .ci/pin .bench/pins/program >.bench/pins/$$base.tmp; mv .bench/pins/$$base.tmp .bench/pins/$$base; \
	  fi; \
	  .ci/pin bin/pipeline >.bench/pins/now; diff .bench/pins/$$base .bench/pins/now; \
	  echo "$$(wc -l <.bench/pins/now) files and entries of the store are as at $$base"

test-slurm: build lib ## four shards on a real Slurm of this machine, one killed (root, slurm-wlm, munge)
	$(GO) test -count=1 -v -run '^TestSlurm$$' ./cmd/pipeline

export-env: .venv-export/.installed ## Python environment of models/export (about 3 GB)

.venv-export/.installed: models/export/requirements.txt
	python3 -m venv .venv-export
	.venv-export/bin/pip install --quiet --requirement $<
	@touch $@

test-export: lib export-env ## tests of models/export against the original libraries; its exports through the program
	.venv-export/bin/pip install --quiet --requirement models/export/tests/requirements.txt
	.venv-export/bin/python -m pytest -q models/export/tests
	@rm -rf .bench/exports && mkdir -p .bench/exports
	.venv-export/bin/python models/testdata/make.py --out .bench/exports --without dynamo
	SPEECHSIM_EXPORTS=$(CURDIR)/.bench/exports $(GO) test -count=1 -run ExtractMatches ./models

.bench/wav2vec2-base.onnx: | .venv-export/.installed
	@mkdir -p .bench
	.venv-export/bin/python models/export/export.py --random wav2vec2-base --out $@

bench: build lib .bench/wav2vec2-base.onnx ## measure what docs/benchmarks.md reports
	env -u OPENBLAS_CORETYPE SPEECHSIM_BENCH_MODELS=$(CURDIR)/.bench $(GO) test -run '^$$' -bench . -benchtime 3x ./...

.venv-bench/.installed: metrics/bench/requirements.txt
	python3 -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --requirement $<
	@touch $@

calibrate: ## simulate the error rates of nulls and the coverage of intervals: docs/calibration.md (several hours)
	$(GO) run ./metrics/calibrate >docs/calibration.tmp
	mv docs/calibration.tmp docs/calibration.md

bench-peers: lib .venv-bench/.installed ## measure our metrics beside numpy, pytorch-cka, scikit-learn and torch (3 GB, 15 minutes)
	.venv-bench/bin/python metrics/bench/peers.py

bench-real: build lib .venv-bench/.installed ## whole runs on real speech beside what one would write instead (after make real; 3 GB, 10 minutes)
	.venv-bench/bin/python metrics/bench/real_peers.py

bench-growth: build lib .venv-bench/.installed ## time, memory and disk against audio, layers and groups: docs/images/growth.svg (10 minutes)
	.venv-bench/bin/python docs/growth.py

bench-models: lib export-env ## time models beside transformers: docs/benchmarks.md (20 minutes)
	.venv-export/bin/python models/export/bench.py

fuzz: ## fuzz every parser for FUZZTIME each (default 20s)
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $(FUZZFLAGS) $$pkg; \
	  done; done

clean: ## remove what was built and computed, keep what was fetched
	rm -rf bin runs store

.PHONY: help build lib demo real figures test static test-quick pin test-slurm export-env test-export bench calibrate bench-peers bench-real bench-growth bench-models fuzz clean
