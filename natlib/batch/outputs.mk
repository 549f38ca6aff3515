# What make all-outputs and make batch do. Twice called by make: in a folder of jobs, which natlib/batch/jobs.py wrote, one
# for each file, so that make sees numbers where there are names; and by each job in the folder for the file's outputs.
# A job that is done is deleted; what is left has failed.

SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DELETE_ON_ERROR:
MAKEFLAGS += -rR --no-print-directory
TOOL = PYTHONPATH="$$NAT_ROOT" "$$NAT_ROOT/.venv/bin/python" -P -m

ifdef JOBS

JOBS_LEFT := $(wildcard [0-9]*)

.PHONY: all $(JOBS_LEFT)
all: $(JOBS_LEFT)

$(JOBS_LEFT):
	+@{ IFS= read -r -d '' FROM; IFS= read -r -d '' NAME; IFS= read -r -d '' PLACE; } < $@; export FROM NAME; \
	mkdir -p -- "$$PLACE/.made"; source=$$FROM/$$NAME; [[ $$NAME != /* ]] || source=$$NAME; \
	[[ $$(readlink -- "$$PLACE/source" && echo x) == "$$source"$$'\n'x ]] || ln -sfn -- "$$source" "$$PLACE/source"; \
	[[ -e $$PLACE/source ]] || { echo "make: $$source: no such file" >&2; exit 0; }; \
	status=0; $(MAKE) -s -L -C "$$PLACE" -f "$$NAT_ROOT/natlib/batch/outputs.mk" $(GOAL) JOBS= 2> "$$PLACE/.made/make" || status=$$?; \
	cd -- "$$PLACE"; [[ -s messages.txt ]] || rm -f messages.txt; \
	[[ ! messages.txt -nt "$$OLDPWD/$@" ]] || { [[ ! -t 2 ]] || printf '\r\033[K' >&2; cat messages.txt >&2; }; \
	if (( ! status )); then rm "$$OLDPWD/$@"; elif [[ ! -e messages.txt ]]; then cat .made/make >&2; fi

else

# Options of each command: a change of them makes anew what they had a part in.
COMMANDS := SPLIT DECODE EMBED QUANTIZE PACK PROMPT PLOT
$(foreach command,$(COMMANDS),$(if $(subst x$(file < .made/$(command))x,,x=$($(command))x),$(file > .made/$(command),=$($(command)))))

# A target gets its name when it is whole. Exit status 1 with all there is of a damaged file is no reason to drop it.
damaged = tail -n 8 $(1) | grep -a '"event":"end",.*"damaged":true' > /dev/null
ended = { [[ -z $$(tail -c 1 $@.part) ]] || tail -c 12 $@.part | grep -a IEND > /dev/null; } && \
	! tail -n 8 $@.part | grep -a '"event":"error"' > /dev/null
part = status=0; { $(1); } > $@.part 2>> messages.txt || status=$$?; \
	(( status == 0 )) || { (( status == 1 )) && $(call damaged,$(firstword $(2) pcm)) && $(ended); } || { rm -f $@.part; exit 1; }; \
	mv $@.part $@
timed = $(TOOL) natlib.batch.jobs time .made/nat-$(1) $(2) nat-$(1)
tool = $(TOOL) $(1) 2>> messages.txt

all-outputs: pcm features tokens heard.ndjson prompt.txt pcm.png features.png tokens.png heard.png report.html \
	features.npy codes.npy metrics.json
batch: heard.ndjson $(if $(filter --view% --prompt,$(PACK)),,prompt.txt) # which can be made of NDJSON alone

ifeq ($(GOAL),batch)

heard.ndjson: source .made/SPLIT .made/DECODE .made/EMBED .made/QUANTIZE .made/PACK
	: > messages.txt
	$(call part,(cd -- "$$FROM"; nat-split $(SPLIT) -- "$$NAME") | nat-decode $(DECODE) | nat-embed --jobs 1 $(EMBED) | \
	nat-quantize $(QUANTIZE) | nat-pack $(PACK),heard.ndjson.part)

else

heard.ndjson: tokens .made/PACK
	$(call part,$(call timed,pack,.) $(PACK) tokens)

endif

pcm: source .made/SPLIT .made/DECODE
	: > messages.txt
	$(call part,$(call timed,split,"$$FROM") $(SPLIT) -- "$$NAME" | $(call timed,decode,.) $(DECODE),pcm.part)
features: pcm .made/EMBED
	$(call part,$(call timed,embed,.) --jobs 1 $(EMBED) pcm)
tokens: features .made/QUANTIZE
	$(call part,$(call timed,quantize,.) $(QUANTIZE) features)
prompt.txt: heard.ndjson .made/PROMPT
	$(call part,nat-pack --prompt $(PROMPT) heard.ndjson,heard.ndjson)
%.png: % .made/PLOT
	$(call part,nat-plot $(PLOT) $<)
heard.png: heard.ndjson .made/PLOT
	$(call part,nat-plot $(PLOT) heard.ndjson)
report.html: pcm heard.ndjson .made/PLOT
	status=0; nat-plot $(PLOT) --report $@ pcm heard.ndjson 2>> messages.txt || status=$$?; \
	(( status == 0 )) || { (( status == 1 )) && $(call damaged,pcm); }
features.npy: features
	$(call tool,natlib.batch.jobs npy features $@)
codes.npy: tokens
	$(call tool,natlib.batch.jobs npy tokens $@)
metrics.json: pcm features tokens heard.ndjson
	$(call tool,natlib.batch.file_metrics . > $@.part); mv $@.part $@

endif
