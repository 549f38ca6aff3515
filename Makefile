# nat: make demo, make test. GNU make 4.3 and Python 3.11; everything else goes into .venv.

SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
PIPE = nat-decode | nat-embed | nat-quantize | nat-pack
export PATH := $(CURDIR)/bin:$(PATH)

help:
	@echo 'make demo [FILES="a.wav b.flac"]     hear some files (or a piece made for it): heard.ndjson and heard.png'
	@echo 'make -j2 batch IN=folder [OUT=out]   every file of a folder to OUT/NAME.ndjson; what is done is skipped'
	@echo 'make test, make lint                 what has to pass before a commit'
	@echo 'make bench [QUICK=1] [ONLY=part]     how fast it is, beside cat, soundfile, ffmpeg, aubio and librosa'
	@echo 'make codebook CORPUS=folder          fit the codebook again; make bench-tokens CORPUS=folder: what it holds'

# Environments: one folder, a stamp for each set of packages.

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.%: pyproject.toml | .venv/bin/python
	.venv/bin/python -m pip install -q --disable-pip-version-check -e '.[$*]'
	@touch $@

# The main job.

FILES ?= out/demo/piece.wav

demo: .venv/.plot $(if $(filter file,$(origin FILES)),out/demo/piece.wav)
	nat-split $(FILES) | $(PIPE) | tee heard.ndjson | nat-plot > heard.png
	@head -n 12 heard.ndjson | cut -c 1-160
	@echo
	@echo "$(CURDIR)/heard.ndjson: $$(wc -l < heard.ndjson) lines, for a language model"
	@echo "$(CURDIR)/heard.png: the same, to look at"

out/demo/piece.wav: natlib/synth.py | .venv/.plot
	@mkdir -p $(@D)
	PYTHONPATH="$(CURDIR)" .venv/bin/python -P -m natlib.synth > $@

# A folder: one target a file, made under another name first, so that what exists is whole. Names may hold spaces.

IN ?= .
OUT ?= out

ifneq ($(filter batch,$(MAKECMDGOALS)),)
batch: $(shell cd '$(IN)' && find . -type f ! -name '.*' | sed -e 's/ /\\ /g' -e 's|^\./\(.*\)|$(OUT)/\1.ndjson|')
endif

$(OUT)/%.ndjson: $(IN)/%
	@mkdir -p "$$(dirname "$@")"
	nat-split "$<" | $(PIPE) > "$@.part" && mv "$@.part" "$@" || { rm -f "$@.part"; exit 1; }

# A codebook from a folder of sounds, in the order of their paths, and silence and noise: natlib/data/README.md.

MODEL ?= spectral
CODEBOOK ?= natlib/data/$(MODEL).safetensors
SOUNDS = -name '*.flac' -o -name '*.mp3' -o -name '*.ogg' -o -name '*.wav'

codebook: .venv/.dev
	@test -d "$(CORPUS)" || { echo 'make codebook CORPUS=folder [MODEL=spectral] [CODEBOOK=file]' >&2; exit 2; }
	{ (cd "$(CORPUS)" && find . -type f \( $(SOUNDS) \) -printf '%P\0' | LC_ALL=C sort -z | xargs -0 nat-split); \
	  .venv/bin/python natlib/data/noises.py | nat-split; } | nat-decode | nat-embed --model $(MODEL) | nat-quantize \
	  --corpus 'audio, and silence and noise of natlib/data/noises.py' --fit "$(CODEBOOK)"
	cd "$$(dirname "$(CODEBOOK)")" && sha256sum "$$(basename "$(CODEBOOK)")" > SHA256SUMS

bench-tokens: .venv/.dev
	.venv/bin/python tests/bench/tokens.py "$(CORPUS)"

# How fast it is, beside others; QUICK=1 with a tenth of the sound, ONLY=split a part of it. librosa has its own packages.

bench: .venv/.dev out/bench/librosa/.done
	.venv/bin/python tests/bench/speed.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

out/bench/librosa/.done:
	-$(PYTHON) -m venv $(@D) && $(@D)/bin/python -m pip install -q --disable-pip-version-check librosa && touch $@

# What has to pass.

test: .venv/.dev
	.venv/bin/python -m pytest -q

lint: .venv/.dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	@! command -v mandoc > /dev/null || mandoc -T lint -W warning natlib/man/*.[1-9]

clean:
	rm -rf out heard.ndjson heard.png

.PHONY: help demo batch bench codebook bench-tokens test lint clean
