"""Times models in this program and in transformers, eager and sdpa, with the slow and the fast path of Intel's MKL.

    .venv-export/bin/python models/export/bench.py [--models wav2vec2-base wav2vec2-large] [--rounds 3]

One table a model, in Markdown, of medians over rounds in turns: a shared machine drifts, so quote the ratios. Every row gives
all hidden states of one utterance, and all attention maps but for sdpa, which has none to give; all use the same number of
threads (ours as so many utterances at a time, one thread each, which is how the program fills a machine). On processors
that are not Intel's, MKL, which torch multiplies with, takes a slow path unless its question for the maker is answered
with yes: "fast" rows preload a library that does. Models have random weights, which take the same time as others.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["wav2vec2-base", "wav2vec2-large"], help="presets of export.py")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="where their ONNX files are, or are made")
    parser.add_argument("--seconds", type=int, default=10, choices=[2, 10], help="of the utterance")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--utterances", type=int, default=4, help="in each round, after one that is not counted")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", nargs=2, metavar=("MODEL", "ATTENTION"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        print(transformers_seconds(*args.peer, args))
        return
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "models.test"
        subprocess.run(["go", "test", "-c", "-o", program, "./models"], cwd=ROOT, check=True)
        fast = fast_path(Path(scratch))
        for model in args.models:
            table(model, program, fast, args)


def table(model: str, program: Path, fast: Path, args: argparse.Namespace) -> None:
    onnx = args.folder / f"{model}.onnx"
    if not onnx.exists():
        exporter = [sys.executable, ROOT / "models" / "export" / "export.py", "--random", model, "--out", onnx]
        subprocess.run(exporter, check=True, stdout=sys.stderr)
    rows = {"this program": lambda: ours(model, program, args)}
    for attention in ("eager", "sdpa"):
        rows[f"transformers, {attention}"] = lambda a=attention: peer(model, a, None, args)
        rows[f"transformers, {attention}, MKL fast"] = lambda a=attention: peer(model, a, fast, args)
    times: dict[str, list[float]] = {name: [] for name in rows}
    for number in range(args.rounds):
        for name, run in rows.items():
            times[name].append(run())
            print(f"{model}, round {number + 1}, {name}: {times[name][-1]:.3f} s", file=sys.stderr, flush=True)
    base = statistics.median(times["this program"])
    print(f"\n| {model}, {args.seconds} s of audio, {args.threads} threads | s | x real time | time, ours = 1 |\n| --- | --- | --- | --- |")
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        print(f"| {name} | {middle:.3f} | {args.seconds / middle:.1f} | {middle / base:.2f} |", flush=True)


def ours(model: str, program: Path, args: argparse.Namespace) -> float:
    """Seconds an utterance, by BenchmarkModel of package models."""
    name = f"^BenchmarkModel$/^{model}$/^{args.seconds}s$/^runs={args.threads}$/^threads=1$"
    count = f"{args.utterances * args.threads}x"
    out = subprocess.run(
        [program, "-test.run", "^$", "-test.bench", name, "-test.benchtime", count],
        cwd=ROOT / "models", check=True, capture_output=True, text=True,
        env=os.environ | {"SPEECHSIM_BENCH_MODELS": str(args.folder.resolve())},
    ).stdout  # fmt: skip
    found = re.search(r"([\d.]+) ns/op", out)
    if not found:
        raise SystemExit(f"the benchmark {name} did not run:\n{out}")
    return float(found[1]) / 1e9


def peer(model: str, attention: str, preload: Path | None, args: argparse.Namespace) -> float:
    """Seconds an utterance in a process of its own: what MKL asks, it asks once."""
    command = [sys.executable, __file__, "--peer", model, attention, "--seconds", args.seconds, "--utterances", args.utterances,
               "--threads", args.threads]  # fmt: skip
    env = os.environ | ({"LD_PRELOAD": str(preload)} if preload else {})
    return float(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, env=env).stdout)


def transformers_seconds(name: str, attention: str, args: argparse.Namespace) -> float:
    import torch
    from transformers import AutoModel

    import presets

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    model = AutoModel.from_config(presets.config(name), attn_implementation=attention).eval()
    x = torch.randn(1, args.seconds * 16000)
    with torch.inference_mode():
        model(x)
        start = time.perf_counter()
        for _ in range(args.utterances):
            model(x, output_hidden_states=True, output_attentions=attention == "eager")
        return (time.perf_counter() - start) / args.utterances


def fast_path(folder: Path) -> Path:
    source, library = folder / "mkl.c", folder / "mkl.so"
    source.write_text("int mkl_serv_intel_cpu_true(void) { return 1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


if __name__ == "__main__":
    main()
