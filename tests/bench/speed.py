"""How fast nat is, beside what others would use: python tests/bench/speed.py [--quick] [--only WORD].

Whole processes, taken in turns, the median of five rounds after one to warm up; every figure is a ratio of two such
times. `cpu` is the same of the processor times, which say more where other programs run. The table goes to standard
output, all figures to out/bench/speed.json. What is not installed (ffmpeg, aubio, librosa, audio-mcp, galdr) is left
out, and said.

`nat-split` is measured in the middle of two cats, `cat FILE | nat-split | cat > /dev/null`, beside a third cat there.
Projects that let language models hear, audio-mcp and galdr, get the same clip as the whole pipe, by their own commands,
in as many of the five rounds as begin within half a minute. What they say of it differs, and galdr draws pictures too.
`cores` has `nat-embed --jobs N`, for as many jobs as there are cores that the process may use.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out/bench"
OTHERS = f"{sys.executable} {ROOT}/tests/bench/others.py"
LIBROSA = OUT / "librosa"  # an environment of its own, made by `make bench`, as AGENTS have
# The command by which each tells most of a file. What galdr keeps, it keeps here and not in the home folder.
AGENTS = {
    "audio-mcp": "audio-mcp/bin/audio-mcp analyze {}",
    "galdr": 'env XDG_CACHE_HOME="$PWD/galdr/cache" '
    "galdr/bin/galdr listen {} --analysis-dir galdr/analysis --no-catalog",
}
STAGES = ("nat-split", "nat-decode", "nat-embed", "nat-quantize", "nat-pack")
PIPE = "nat-decode | nat-embed | nat-quantize | nat-pack"
ROUNDS = 5
PATIENCE = 30  # seconds in which a round with one of AGENTS may begin; one that takes twice as long is ended
JOBS = (1, 2, 4, 8)
os.environ["PATH"] = f"{ROOT}/bin:{os.environ['PATH']}"

results: list[dict[str, Any]] = []


def run(line: str) -> tuple[float, float, float]:
    """A line of bash: seconds, seconds of processor, and the most MB that one of its processes took."""
    start = time.perf_counter()
    process = subprocess.Popen(["bash", "-o", "pipefail", "-c", line], cwd=OUT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{line}: exit status {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def tell(name: str, text: str, **figures: Any) -> None:
    results.append({"name": name, **figures})
    print(f"{name:34} {text}", flush=True)


def beside(name: str, ours: str, theirs: str, asked: str, audio: float = 0.0, size: float = 0.0) -> None:
    """Two lines in turns. `asked` is "<4" (times as long, at most) or ">0.5" (times as fast, at least)."""
    rounds = [(run(ours), run(theirs)) for _ in range(ROUNDS + 1)][1:]
    (our, our_cpu, peak), (their, their_cpu, _) = (
        [median(figures) for figures in zip(*side, strict=True)] for side in zip(*rounds, strict=True)
    )
    ratios = [[a[k] / b[k] if asked[0] == "<" else b[k] / a[k] for a, b in rounds] for k in (0, 1)]
    wall, cpu = map(median, ratios)
    limit = float(asked[1:])
    good = wall <= limit if asked[0] == "<" else wall >= limit
    text = (
        f"{our:8.3f} s {their:8.3f} s  {wall:6.2f} (cpu {cpu:5.2f})  {asked[0]} {limit:<4g}{'   ' if good else ' NO'}"
    )
    text += f" {peak:4.0f} MB" + (f"  {audio / our:.0f} x real time" if audio else "")
    text += f"  {size / our / 1e6:.0f} MB/s" if size else ""
    tell(name, text, ours=ours, theirs=theirs, seconds=our, their_seconds=their, cpu_seconds=our_cpu,
         their_cpu_seconds=their_cpu, ratio=wall, cpu_ratio=cpu, asked=asked, good=good, peak_MB=peak,
         audio=audio or None, size=size or None)  # fmt: skip


def pipe(inputs: list[str]) -> dict[str, Any]:
    """The default pipe over FILEs: seconds, seconds to the first line, MB of each stage, bytes out."""
    start = time.perf_counter()
    stages: list[subprocess.Popen[bytes]] = []
    for name in STAGES:
        before = stages[-1].stdout if stages else None
        command = [name, *(inputs if name == "nat-split" else [])]
        stages.append(subprocess.Popen(command, cwd=OUT, stdin=before, stdout=subprocess.PIPE))
        if before:
            before.close()
    out = stages[-1].stdout
    assert out
    size = len(os.read(out.fileno(), 1 << 16))
    first = time.perf_counter() - start
    while data := os.read(out.fileno(), 1 << 16):
        size += len(data)
    usages = [os.wait4(stage.pid, 0) for stage in stages]
    if any(status for _, status, _ in usages):
        raise SystemExit(f"{inputs[:2]}: {[status for _, status, _ in usages]}")
    cpu = [usage.ru_utime + usage.ru_stime for _, _, usage in usages]
    memory = [usage.ru_maxrss / 1024 for _, _, usage in usages]
    return {"seconds": time.perf_counter() - start, "first": first, "cpu": cpu, "MB": memory, "bytes": size}


def whole(name: str, inputs: list[str], audio: float) -> None:
    """The default pipe over so many seconds of audio."""
    runs = [pipe(inputs) for _ in range(ROUNDS + 1)][1:]
    seconds, first = median(run["seconds"] for run in runs), median(run["first"] for run in runs)
    cpu, memory = ([median(run[key][k] for run in runs) for k in range(5)] for key in ("cpu", "MB"))
    text = f"{seconds:8.3f} s  {audio / seconds:6.0f} x real time, first line after {first:.2f} s; each stage: "
    text += f"{' '.join(f'{each:.2f}' for each in cpu)} s of cpu, {' '.join(f'{each:.0f}' for each in memory)} MB"
    tell(name, text, seconds=seconds, audio=audio, first=first, cpu=cpu, MB=memory, times_real=audio / seconds)


def missing(what: str) -> None:
    print(f"(not installed: {what})")


class Sizes(NamedTuple):
    """Seconds of sound, and how many files; --quick has a tenth."""

    minutes: int
    hour: int
    many: int
    quick: bool


def lengths(sizes: Sizes) -> list[tuple[str, int]]:
    """The WAVs, short and long, with their seconds."""
    return [("one.wav", 1), ("ten.wav", 10), ("minute.wav", 60), ("long.wav", sizes.minutes), ("hour.wav", sizes.hour)]


def sounds(sizes: Sizes) -> None:
    """What the parts are measured on."""
    OUT.mkdir(parents=True, exist_ok=True)
    run(f"cd {ROOT} && PYTHONPATH=. {sys.executable} -P -m natlib.demo > out/bench/piece.wav")
    for path, seconds in lengths(sizes):
        run(f"cd {ROOT} && {OTHERS} sound out/bench/{path} {seconds}")
    for kind in "flac", "mp3", "ogg":
        run(f"cd {ROOT} && {OTHERS} sound out/bench/long.{kind} {sizes.minutes}")


def start(sizes: Sizes) -> None:
    """How long each command takes to start."""
    python = sys.executable
    for stage in (*STAGES, "nat-plot"):
        beside(f"{stage} --help : python -c pass", f"{stage} --help", f"{python} -c pass", "<4")
    numpy = f"{python} -c 'import numpy'"
    run(f"cp one.wav one; nat-split one.wav | tee one.0 | {PIPE.replace(' |', ' | tee one.{} |').format(1, 2, 3)}")
    for k, stage in enumerate(STAGES):
        beside(f"{stage} of 1 s : import numpy", f"{stage} < one{f'.{k - 1}' if k else ''}", numpy, "<8")
    beside("all five of 1 s : import numpy", f"nat-split one.wav | {PIPE}", numpy, "<8")


def split(sizes: Sizes) -> None:
    """nat-split in the middle of two cats."""
    size = 500_000_000 if sizes.quick else 1_000_000_000
    run(f"cd {ROOT} && {OTHERS} sound out/bench/big.wav {size / 88200}")
    ours, theirs = "cat %s | nat-split | cat > /dev/null", "cat %s | cat | cat > /dev/null"
    beside("nat-split : cat, big WAV", ours % "big.wav", theirs % "big.wav", ">0.5", size=size)
    unsized = "head -c 4 {0}; printf '%b' {1}; head -c 40 {0} | tail -c 32; printf '%b' {1}; tail -c +45 {0}"
    run("{ " + unsized.format("hour.wav", r"'\377\377\377\377'") + "; } > unsized.wav")
    run("for k in {1..50}; do cat ../../natlib/*.py; done > text")
    for path in "unsized.wav", "long.mp3", "long.flac", "long.ogg", "text":
        beside(f"nat-split : cat, {path}", ours % path, theirs % path, ">0", size=(OUT / path).stat().st_size)
    (OUT / "big.wav").unlink()


def decode(sizes: Sizes) -> None:
    """nat-decode of each kind of file, alone and twice at once."""
    for kind, asked in ("wav", ">0.5"), ("flac", ">0.7"), ("mp3", ">0.7"), ("ogg", ">0.7"):
        run(f"nat-split long.{kind} > long.split")
        ours = "nat-decode < long.split | cat > /dev/null"
        theirs = f"{OTHERS} loop long.{kind} | cat > /dev/null"
        beside(f"nat-decode : soundfile loop, {kind}", ours, theirs, asked, audio=sizes.minutes)
        both = "{ %s & %s & wait; }"
        beside("  two at once", both % (ours, ours), both % (theirs, theirs), asked, audio=2 * sizes.minutes)
        if shutil.which("ffmpeg"):
            theirs = f"ffmpeg -nostdin -v error -i long.{kind} -f f32le pipe:1 | cat > /dev/null"
            beside(f"nat-decode : ffmpeg -f f32le, {kind}", ours, theirs, ">0", audio=sizes.minutes)
        else:
            missing("ffmpeg")


def embed(sizes: Sizes) -> None:
    """nat-embed beside what others measure of the same sound."""
    run("nat-split long.wav | nat-decode > long.pcm")
    if shutil.which("aubio"):
        beside("nat-embed : aubio mfcc", "nat-embed < long.pcm", "aubio mfcc long.wav", ">1", audio=sizes.minutes)
    else:
        missing("aubio-tools")
    if (LIBROSA / ".done").exists():
        theirs = f"librosa/bin/python {ROOT}/tests/bench/others.py librosa long.wav"
        beside("nat-embed : librosa, three features", "nat-embed < long.pcm", theirs, ">4", audio=sizes.minutes)
    else:
        missing("librosa")


def codes(sizes: Sizes) -> None:
    """nat-quantize and nat-pack, beside the least that each has to do."""
    run(f"nat-split hour.wav | nat-decode | nat-embed > hour.features; nat-quantize < hour.features > hour.tokens;"
        f"{OTHERS} payloads hour.features > hour.f4; {OTHERS} payloads hour.tokens > hour.u2")  # fmt: skip
    head = json.loads((OUT / "hour.tokens").open("rb").readline())
    width = sum(stream["width"] for stream in head["streams"]) + len(head["measures"])
    theirs = f"{OTHERS} products hour.f4 {width} {ROOT}/natlib/data/spectral.safetensors"
    beside("nat-quantize : matrix products", "nat-quantize < hour.features", theirs, ">0", audio=sizes.hour)
    theirs = f"{OTHERS} dumps hour.u2 {len(head['layers']) + len(head['measures'])}"
    beside("nat-pack : orjson alone", "nat-pack < hour.tokens", theirs, ">0", audio=sizes.hour)


def every(sizes: Sizes) -> None:
    """The whole pipe, over sounds short and long, and many of them."""
    for path, seconds in lengths(sizes):
        whole(f"the pipe, {seconds} s", [path], seconds)
    files = [f"ones/{k}.wav" for k in range(sizes.many)]
    run(f"mkdir -p ones; for k in {{0..{sizes.many - 1}}}; do cp one.wav ones/$k.wav; done")
    whole(f"the pipe, {sizes.many} files of 1 s", files, sizes.many)
    line = f"nat-split long.wav | {PIPE}"
    beside("the pipe, two at once : one", f"{{ {line} & {line} & wait; }}", line, "<2.5", audio=2 * sizes.minutes)
    if shutil.which("aubio"):
        beside("the pipe : aubio mfcc", line, "aubio mfcc long.wav", ">0.62", audio=sizes.minutes)
    else:
        missing("aubio-tools")


def front(sizes: Sizes) -> None:
    """`| head`: how much of the file is taken before the pipe is gone."""
    path, count, taken = OUT / "hour.wav", 20, []
    for _ in range(ROUNDS):
        start, size = time.perf_counter(), 0
        line = f"nat-split | {PIPE} | head -n {count}"
        process = subprocess.Popen(["bash", "-c", line], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin
        with open(path, "rb") as file:
            try:
                while data := file.read(1 << 16):
                    size += os.write(process.stdin.fileno(), data)
            except BrokenPipeError:
                pass
        process.wait()
        taken.append((size, time.perf_counter() - start))
    size, seconds = (median(values) for values in zip(*taken, strict=True))
    text = f"{seconds:8.3f} s, after {size / 1e6:.1f} MB of {path.stat().st_size / 1e6:.0f} were taken"
    tell(f"the pipe | head -n {count}", text, seconds=seconds, bytes=size)


def agent(name: str, theirs: str, seconds: int) -> None:
    """The pipe over the clip, and another project in turns with it."""
    ours, start = f"nat-split clip.wav | {PIPE}", time.perf_counter()
    run(theirs.format("one.wav"))  # it compiles, the first time, what later ones only load
    run(ours)
    rounds: list[tuple[tuple[float, float, float], tuple[float, float, float]]] = []
    while not rounds or (len(rounds) < ROUNDS and time.perf_counter() - start < PATIENCE):
        rounds.append((run(ours), run(f"timeout {2 * PATIENCE} {theirs.format('clip.wav')}")))
    (our, our_cpu, _), (their, their_cpu, peak) = (
        [median(figures) for figures in zip(*side, strict=True)] for side in zip(*rounds, strict=True)
    )
    ratio, cpu = (median(b[k] / a[k] for a, b in rounds) for k in (0, 1))
    pins = dict(pin.split("==") for pin in (OUT / name / ".done").read_text().split() if "==" in pin)
    text = f"{our:8.3f} s {their:8.3f} s  {ratio:6.2f} (cpu {cpu:5.2f})  {name} {pins.get(name, '')}: "
    text += f"{their_cpu:.2f} s of cpu, {peak:.0f} MB, {seconds / their:.1f} x real time; "
    text += f"nat: {our_cpu:.2f} s of cpu, {seconds / our:.1f} x real time"
    tell(f"the pipe, {seconds} s : {theirs.split('/bin/')[1].split(' {}')[0]}", text, ours=ours, theirs=theirs,
         version=pins.get(name), seconds=our, their_seconds=their, cpu_seconds=our_cpu, their_cpu_seconds=their_cpu,
         ratio=ratio, cpu_ratio=cpu, their_peak_MB=peak, rounds=len(rounds), audio=seconds)  # fmt: skip


def agents(sizes: Sizes) -> None:
    """Projects that let language models hear. One that fails is no reason to end."""
    seconds = 5 if sizes.quick else 30
    run(f"cd {ROOT} && {OTHERS} sound out/bench/clip.wav {seconds}")
    for name, theirs in AGENTS.items():
        if not (OUT / name / ".done").exists():
            missing(name)
            continue
        try:
            agent(name, theirs, seconds)
        except SystemExit as failed:
            print(f"(not measured: {name}: {failed})", flush=True)


def cores(sizes: Sizes) -> None:
    """nat-embed with more and more jobs, in turns, as far as there are cores."""
    run("nat-split long.wav | nat-decode > long.pcm")
    there = len(os.sched_getaffinity(0))
    counts = [jobs for jobs in JOBS if jobs <= there]
    rounds = [[run(f"nat-embed --jobs {jobs} < long.pcm") for jobs in counts] for _ in range(ROUNDS + 1)][1:]
    for k, jobs in enumerate(counts):
        seconds, cpu = (median(each[k][figure] for each in rounds) for figure in (0, 1))
        speed = median(each[0][0] / each[k][0] for each in rounds)
        text = f"{seconds:8.3f} s, {cpu:.3f} s of cpu, {speed:.2f} x as fast as one job"
        text += f"  {sizes.minutes / seconds:.0f} x real time"
        tell(f"nat-embed --jobs {jobs}", text, jobs=jobs, cores=there, seconds=seconds, cpu_seconds=cpu, speed=speed,
             audio=sizes.minutes)  # fmt: skip
    if more := [str(jobs) for jobs in JOBS if jobs > there]:
        print(f"(not measured: {', '.join(more)} jobs, on {there} cores)")


PARTS = {
    "start": start,
    "split": split,
    "decode": decode,
    "embed": embed,
    "quantize": codes,
    "pack": codes,
    "pipe": every,
    "front": front,
    "agents": agents,
    "cores": cores,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller inputs: a tenth")
    parser.add_argument("--only", choices=PARTS, help="this part alone")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    sizes = Sizes(600 // scale, 3600 // scale, 1000 // scale, options.quick)

    sounds(sizes)
    print(f"{'':34} {'nat':>8}   {'other':>8}     ratio             asked      peak")
    for part in [PARTS[options.only]] if options.only else dict.fromkeys(PARTS.values()):
        part(sizes)

    (OUT / "speed.json").write_text(
        json.dumps({"quick": options.quick, "rounds": ROUNDS, "results": results}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
