# Two commands do everything on a fresh Debian 12 with Swift: make demo, make test.
SHELL := /bin/bash
LAB := Examples/lab/lab
SWIFT_TEST := swift test --disable-xctest
STRICT := --explicit-target-dependency-import-check error
PREFIX ?= /usr/local
# Tests that compute for long, or use many threads: by themselves, since others wait against a time limit.
LONG := LZ4Tests|TransferTests
# Of the forecasts in make bench: 60 moves take about 35 minutes.
SEED ?= 11
MOVES ?= 60
# Of the simulated moves: make simulate SEEDS=100000 FROM=1
SEEDS ?= 1000000
FROM ?= 1
# Of the mutated streams, each against the sender and the receiver: make fuzz INPUTS=200000 FROM=1
INPUTS ?= 1000000
# Of the faults in make faults; each is done to apus and to virsh.
RUNS ?= 500

.PHONY: help demo test test-unit test-hosts test-sanitizers simulate fuzz lint build release packages packages-lab man completions install bench faults clean check-swift check-root

help:
	@echo "make demo                       a two-host lab, a live migration there and back, what a client noticed"
	@echo "make test                       all tests; LabTests need root and run real guests"
	@echo "make test-hosts INVENTORY=FILE  LabTests on hosts that exist already"
	@echo "make simulate                   a million simulated moves among faults; SEEDS=N for another number"
	@echo "make fuzz                       a million mutated streams against both ends of a transfer; INPUTS=N for another number"
	@echo "make bench                      side by side with virsh; results as a table and JSON"
	@echo "make faults                     faults at every phase of real moves, with apus and with virsh, as a table"
	@echo "make install PREFIX=/usr/local  apus, its man page and shell completions"

check-swift:
	@command -v swift >/dev/null || { echo "No Swift found. Install Swift 6.2 or newer (https://www.swift.org/install/linux/) and put it on PATH."; exit 2; }

check-root:
	@[ "$$(id -u)" = 0 ] || { echo 'Not root: namespaces and libvirt hosts need it. Try: sudo env "PATH=$$PATH" make $(MAKECMDGOALS)'; exit 2; }

# What the build needs. Nothing is installed when all of it is there.
packages:
	@Examples/lab/install-packages libvirt-dev liblz4-dev libxml2-dev libsqlite3-dev pkg-config

packages-lab: packages
	@Examples/lab/install-packages $$(grep -v '^#' Examples/lab/packages)

build: check-swift packages
	swift build $(STRICT)

demo: check-root check-swift packages-lab
	swift build --product apus
	Examples/demo

test: check-swift
	@if [ "$$(id -u)" = 0 ]; then $(MAKE) --no-print-directory packages-lab; \
	 else echo "Not root: LabTests are skipped, and packages must be there already (make packages as root)."; fi
	swift build --build-tests $(STRICT)
	@$(MAKE) --no-print-directory simulate SEEDS=100000
	$(SWIFT_TEST) --skip-build --filter '$(LONG)'
	@trap 'APUS_LAB=$${APUS_TEST_LAB:-test} $(LAB) down >/dev/null 2>&1 || true' EXIT; $(SWIFT_TEST) --skip-build --skip '$(LONG)'

test-unit: check-swift packages
	$(SWIFT_TEST) --filter '$(LONG)'
	$(SWIFT_TEST) --skip 'LabTests|$(LONG)'

test-hosts: check-swift packages
	@[ -r "$(INVENTORY)" ] || { echo "INVENTORY=FILE names no readable inventory; docs/testing.md shows how."; exit 64; }
	APUS_TEST_INVENTORY=$(abspath $(INVENTORY)) $(SWIFT_TEST) --filter LabTests

# The modules with C memory in them; Libvirt's has threads too, and LZ4 compresses on several. The thread sanitizer does not see
# the locks of the toolchain's Mutex, which swift-subprocess (the lz4 tool) and Transfer use, and reports what they guard.
test-sanitizers: check-swift packages
	$(SWIFT_TEST) --sanitize=address --scratch-path .build-address --filter 'LibvirtTests|LZ4Tests|TransferTests.FuzzTests'
	$(SWIFT_TEST) --sanitize=thread --scratch-path .build-thread --filter 'LibvirtTests|LZ4Tests.ParallelTests'

# The engine on simulated hosts (docs/simulator.md): every seed is one move with what breaks in it, and replays.
simulate: check-swift packages
	swift build -c release --product simulate-moves --scratch-path .build-simulate
	.build-simulate/release/simulate-moves --from $(FROM) --seeds $(SEEDS)

# Both ends of a transfer against mutated streams (docs/wire.md), under the address sanitizer: a finding names its seed, and
# replays.
fuzz: check-swift packages
	swift build -c release --sanitize=address --product fuzz-transfer --scratch-path .build-fuzz
	.build-fuzz/release/fuzz-transfer $(FROM) $$(($(INPUTS) / 2))

lint: check-swift
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

# One file that needs libvirt, SQLite and the C library, no Swift on the host. At a fixed address and without a path to
# libraries beside it, because a third of what `apus guests` takes longer than virsh was relocating it (docs/benchmarks.md).
release: check-swift packages
	swift build -c release --static-swift-stdlib --product apus --scratch-path .build-release --disable-local-rpath -Xlinker -no-pie

man: check-swift packages
	mkdir -p man
	swift package --disable-sandbox --allow-writing-to-package-directory generate-manual --output-directory man

completions: build
	mkdir -p man/completions
	for shell in bash zsh fish; do .build/debug/apus --generate-completion-script $$shell > man/completions/apus.$$shell; done

install: release man
	install -D -m 755 .build-release/release/apus $(DESTDIR)$(PREFIX)/bin/apus
	install -D -m 644 man/apus.1 $(DESTDIR)$(PREFIX)/share/man/man1/apus.1
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	.build-release/release/apus --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/apus
	.build-release/release/apus --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_apus
	.build-release/release/apus --generate-completion-script fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/apus.fish

bench: check-root check-swift packages-lab release
	Benchmarks/run
	Benchmarks/forecast --seed $(SEED) --moves $(MOVES)
	Benchmarks/hard
	Benchmarks/carried
	Benchmarks/fleet

faults: check-root check-swift packages-lab release
	Benchmarks/faults --seed $(SEED) --runs $(RUNS)

clean:
	rm -rf .build .build-* man
