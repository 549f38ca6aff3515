# nat: make demo, make test. GNU make 4.3 and Python 3.11; everything else goes into .venv.

SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
PIPE = nat-decode | nat-embed | nat-quantize | nat-pack
export PATH := $(CURDIR)/bin:$(PATH)

help:
	@echo 'make demo [FILES="a.wav b.flac"]     hear some files (or a piece made for it): heard.ndjson, prompt.txt, heard.png'
	@echo 'make -j2 batch IN=folder [OUT=out]   every file of a folder to OUT/NAME/heard.ndjson, prompt.txt; what is done is skipped'
	@echo 'make -j2 all-outputs IN=folder       ... and samples, features, tokens, prompt, pictures, report, arrays, figures'
	@echo '  FILES="a.wav b.mp3" instead of IN  these files; LIST=file: names that end with NUL (find -print0)'
	@echo 'make install PREFIX=/usr/local       commands and manual pages; make uninstall'
	@echo 'make test, make lint                 what has to pass before a commit: a quarter of an hour on two cores'
	@echo 'make test-all                        and pretrained encoders, Spark, pandas, DuckDB, and what takes minutes'
	@echo 'make setup-neural                    what MERT, Wav2Vec2 and HuBERT need: torch and more; TORCH="torch==2.13.0"'
	@echo 'make bench [QUICK=1] [ONLY=part]     how fast it is, beside cat, soundfile, ffmpeg, aubio and librosa'
	@echo '  parts: start split decode embed quantize pack pipe front; agents: beside audio-mcp and galdr; cores: with --jobs'
	@echo 'make bench-music [SEED=n] [PIECES=n]  how well music is heard, beside librosa and aubio; FONT=file, TRUTH=folder of pieces'
	@echo 'make codebook CORPUS=folder          fit the codebook again, or one for MODEL=mert; make bench-tokens CORPUS=folder: what it holds'
	@echo 'make ear CORPUS=folder               fit the small networks of the built-in ear again'
	@echo 'make leadsheet CORPUS=folder         fit those again that tell bars, chords, bass, melody and key'

PAGES = $(wildcard natlib/man/nat*.[1-9])

# Environments: one folder, a stamp for each set of packages.

PIP = python -m pip install -qq --disable-pip-version-check

.venv/bin/python:
	@$(PYTHON) -m venv .venv
	@mkdir -p .venv/share/man/man{1,5,7}
	@for page in $(notdir $(PAGES)); do ln -sf ../../../../natlib/man/$$page .venv/share/man/man$${page##*.}/; done

.venv/.%: pyproject.toml | .venv/bin/python
	@echo 'setting up .venv for $*: once, a minute or less'
	@.venv/bin/$(PIP) -e '.[$*]'
	@touch $@

# torchaudio's libraries are for CUDA: beside a torch without it, it can't be imported, and works when they are away.

TORCH ?= torch==2.13.0

setup-neural: .venv/.neural

.venv/.neural: pyproject.toml | .venv/bin/python
	@echo 'setting up .venv for pretrained encoders: once, some minutes'
	@.venv/bin/$(PIP) '$(TORCH)' -e '.[neural]'
	@.venv/bin/python -c 'import torchaudio' 2> /dev/null || rm -f .venv/lib/python3*/site-packages/torchaudio/lib/*.so
	@.venv/bin/python -c 'import torch, torchaudio, huggingface_hub, onnxruntime; print("torch", torch.__version__)'
	@touch $@

# The main job.

FILES ?= out/demo/piece.wav

demo: .venv/.plot $(if $(filter file,$(origin FILES)),out/demo/piece.wav)
	@new=$$(mktemp -d); trap 'rm -rf "$$new"' EXIT; status=0; \
	nat-split $(value FILES) | $(PIPE) > "$$new/heard.ndjson" 2> "$$new/told" || status=$$?; \
	grep -v 'failed before they came here' "$$new/told" >&2 || true; rm "$$new/told"; \
	grep -q '"event":"end"' "$$new/heard.ndjson" || { echo 'make: nothing was heard; what earlier runs left stands' >&2; exit 1; }; \
	nat-pack -q --prompt "$$new/heard.ndjson" > "$$new/prompt.txt" || (( $$? == 1 && status == 1 )); \
	nat-plot -q "$$new/heard.ndjson" > "$$new/heard.png" || (( $$? == 1 && status == 1 )); \
	mv "$$new"/* .; head -n 12 heard.ndjson | cut -c 1-160; echo; \
	echo "$(CURDIR)/heard.ndjson: $$(wc -l < heard.ndjson) lines, for a language model"; \
	echo "$(CURDIR)/prompt.txt: the same as a prompt, to paste into a chatbot"; \
	echo "$(CURDIR)/heard.png: the same, to look at"; exit $$status

out/demo/piece.wav: natlib/demo.py | .venv/.plot
	@mkdir -p $(@D)
	@PYTHONPATH="$(CURDIR)" .venv/bin/python -P -m natlib.demo > $@

# The picture in README.md.

picture: .venv/.plot out/demo/piece.wav
	nat-split out/demo/piece.wav | $(PIPE) | nat-plot --size 9x7 --dpi 100 > out/demo/piece.png
	mv out/demo/piece.png natlib/data/piece.png

# A folder, or some files: natlib/batch/outputs.mk has what is made of each. Names never come to make, so they may hold anything.

OUT ?= out
OUTPUTS = PYTHONPATH="$$NAT_ROOT" "$$NAT_ROOT/.venv/bin/python" -P -m natlib.batch.jobs
NAMED = $(if $(filter file,$(origin FILES)),,$(value FILES))

export IN LIST OUT
export NAT_ROOT := $(CURDIR)

all-outputs batch: .venv/.plot
	+@jobs=$$(mktemp -d); trap 'rm -rf "$$jobs"' EXIT; mkdir -p -- "$$OUT"; \
	if [[ -n $$IN ]]; then [[ -d $$IN ]] || { echo "make: IN=$$IN: no such folder" >&2; exit 2; }; \
	  said=$$($(OUTPUTS) jobs "$$jobs" "$$OUT" "$$IN"); \
	elif [[ -n $$LIST ]]; then said=$$($(OUTPUTS) jobs "$$jobs" "$$OUT" - < "$$LIST"); \
	else set -- $(NAMED); (( $$# )) || { echo 'make $@ IN=folder, or FILES="a.wav b.mp3", or LIST=names' >&2; exit 2; }; \
	  said=$$($(OUTPUTS) jobs "$$jobs" "$$OUT" - "$$@"); fi; \
	read -r all places <<< "$$said"; \
	[[ ! -t 2 ]] || $(OUTPUTS) watch "$$jobs" & \
	$(MAKE) -k -s -C "$$jobs" -f "$$NAT_ROOT/natlib/batch/outputs.mk" JOBS=1 GOAL=$@ || true; \
	left=("$$jobs"/[0-9]*); [[ -e $${left[0]} ]] || left=(); rm -rf "$$jobs"; wait; \
	echo "$$(( all - $${#left[@]} )) of $$all files are in $$OUT$${places:+: $$places}"; (( ! $${#left[@]} )) || exit 1

# Commands with an environment of their own, in PREFIX/lib/nat, and manual pages, for `man nat-split`.

PREFIX ?= /usr/local

# A ~ that the shell left as it is, after PREFIX=, is the home folder here too.
AT_PREFIX = prefix="$(PREFIX)"; [[ $$prefix != '~' && $$prefix != '~/'* ]] || prefix=$$HOME$${prefix:1}

install:
	@$(AT_PREFIX); $(PYTHON) -m venv "$$prefix/lib/nat"; \
	"$$prefix/lib/nat/bin/"$(PIP) '.[plot]'; \
	mkdir -p "$$prefix/bin" "$$prefix/share/man/man"{1,5,7}; \
	for command in $(notdir $(wildcard bin/*)); do ln -sf "../lib/nat/bin/$$command" "$$prefix/bin/"; done; \
	for page in $(PAGES); do install -m 644 $$page "$$prefix/share/man/man$${page##*.}/"; done; \
	echo "installed in $$prefix/bin: $(notdir $(wildcard bin/*))"; \
	[[ :$$PATH: == *":$$prefix/bin:"* ]] || echo "PATH does not hold it: export PATH=\"$$prefix/bin:\$$PATH\""

uninstall:
	@$(AT_PREFIX); cd "$$prefix/bin" && rm -f $(notdir $(wildcard bin/*)); \
	for page in $(notdir $(PAGES)); do rm -f "$$prefix/share/man/man$${page##*.}/$$page"; done; \
	rm -rf "$$prefix/lib/nat"

# A codebook from a folder of sounds, in the order of their paths, and silence and noise: natlib/data/README.md. `sounds`
# fetches those of Debian's packages, of free licence.

MODEL ?= spectral
CODEBOOK ?= natlib/data/$(MODEL).safetensors
SOUNDS = -name '*.flac' -o -name '*.mp3' -o -name '*.ogg' -o -name '*.wav'

sounds:
	@test -n "$(TO)" || { echo 'make sounds TO=folder' >&2; exit 2; }
	$(PYTHON) natlib/data/packages.py "$(TO)"

codebook: .venv/.dev $(if $(filter spectral noise,$(MODEL)),,.venv/.neural)
	@test -d "$(CORPUS)" || { echo 'make codebook CORPUS=folder [MODEL=spectral] [CODEBOOK=file]' >&2; exit 2; }
	{ (cd "$(CORPUS)" && find . -type f \( $(SOUNDS) \) -printf '%P\0' | LC_ALL=C sort -z | xargs -0 nat-split); \
	  .venv/bin/python natlib/data/noises.py | nat-split; } | nat-decode | nat-embed --model $(MODEL) | nat-quantize \
	  --corpus 'audio, and silence and noise of natlib/data/noises.py' --fit "$(CODEBOOK)"
	cd "$$(dirname "$(CODEBOOK)")" && shopt -s nullglob && sha256sum *.safetensors *.weights > SHA256SUMS

# The small networks of the built-in ear, fitted to music that is made for it: natlib/data/README.md.

ear: out/bench/fit/env/.done
	@test -d "$(CORPUS)" || { echo 'make ear CORPUS=folder [COUNT=n] [EPOCHS=n]' >&2; exit 2; }
	@PYTHONPATH="$(CURDIR):$(CURDIR)/tests" $(<D)/bin/python -W ignore -P -m bench.ear "$(CORPUS)" \
	  $(if $(COUNT),--count $(COUNT)) $(if $(EPOCHS),--epochs $(EPOCHS))
	cd natlib/data && sha256sum *.safetensors *.weights > SHA256SUMS

# Those of lead sheets, fitted to what the ear measures of such music.

leadsheet: out/bench/fit/env/.done .venv/.dev
	@test -d "$(CORPUS)" || { echo 'make leadsheet CORPUS=folder [COUNT=n] [EPOCHS=n]' >&2; exit 2; }
	@PYTHONPATH="$(CURDIR):$(CURDIR)/tests" OPENBLAS_NUM_THREADS=1 $(<D)/bin/python -W ignore -P -m bench.leadsheet \
	  "$(CORPUS)" $(if $(COUNT),--count $(COUNT)) $(if $(EPOCHS),--epochs $(EPOCHS))
	cd natlib/data && sha256sum *.safetensors *.weights > SHA256SUMS

out/bench/fit/env/.done:
	$(PYTHON) -m venv $(@D) && $(@D)/bin/$(PIP) numpy soundfile soxr safetensors orjson mido pyworld 'setuptools<81' \
	  '$(TORCH)' && touch $@

# What README says in figures, measured again.

bench-figures: .venv/.dev
	.venv/bin/python tests/bench/figures.py

# How much each threshold lets by, of noise, of tones, of real clips.

bench-thresholds: .venv/.dev
	@.venv/bin/python tests/bench/thresholds.py

bench-tokens: .venv/.dev
	.venv/bin/python tests/bench/tokens.py "$(CORPUS)"

# How fast it is, beside others; QUICK=1 with a tenth of the sound, ONLY=split a part of it. Others' packages are in an
# environment each, so that one that can't be installed leaves the rest; .done tells their versions.

BESIDE = $(if $(filter-out embed,$(ONLY)),,librosa) $(if $(filter-out agents,$(ONLY)),,audio-mcp galdr)

bench: .venv/.dev $(BESIDE:%=out/bench/%/.done)
	.venv/bin/python tests/bench/speed.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

out/bench/librosa/.done out/bench/audio-mcp/.done out/bench/galdr/.done: out/bench/%/.done:
	-$(PYTHON) -m venv $(@D) && $(@D)/bin/$(PIP) $* && $(@D)/bin/python -m pip freeze > $@

# How well music is heard: pieces that are composed and played by fluidsynth, or NAME.wav with NAME.json in TRUTH=folder.
# VARIANTS="drift live" of each piece, or none; PEOPLE=n scores of music21's corpus, and n MIDI files of MIDI=folder.

MUSIC = SEED PIECES TRUTH FONT VARIANTS PEOPLE MIDI SONGS JOBS

bench-music: out/bench/music/env/.done .venv/.dev
	@PYTHONPATH="$(CURDIR):$(CURDIR)/tests" OPENBLAS_NUM_THREADS=1 $(<D)/bin/python -P -m bench.music \
	  $(foreach name,$(MUSIC),$(if $($(name)),--$(shell tr A-Z a-z <<< $(name)) "$($(name))"))

out/bench/music/env/.done:
	$(PYTHON) -m venv $(@D) && $(@D)/bin/$(PIP) mido mir_eval librosa music21 orjson && touch $@

# The pretrained encoders, beside calling them by hand; on a GPU, how far it is from the processor.

bench-neural: .venv/.dev .venv/.neural .venv/.rest
	.venv/bin/python tests/bench/pretrained.py
	.venv/bin/python tests/bench/devices.py

# What has to pass: `test` on every machine that hears; `test-rest` is what it leaves out, `test-all` both.

PYTEST = .venv/bin/python -m pytest -q -n auto --durations 10

test: .venv/.dev
	$(PYTEST)

test-rest: .venv/.dev .venv/.neural .venv/.rest
	$(PYTEST) --rest

test-all: test test-rest

lint: .venv/.dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	@! command -v mandoc > /dev/null || mandoc -T lint -W warning natlib/man/*.[1-9]

clean:
	rm -rf out heard.ndjson heard.png prompt.txt

.PHONY: help demo picture all-outputs batch install uninstall setup-neural bench bench-neural bench-music codebook sounds ear leadsheet bench-tokens bench-figures bench-thresholds test test-rest test-all lint clean
