"""How time, memory and disk of a run grow with the audio, with layers and with groups.

    make bench-growth                          about 8 minutes on two idle cores; draws docs/images/growth.svg and prints the tables
    python docs/growth.py --largest 16         without the largest corpus

The speech is the demo's, 1 to 64 times (corpus/demo/large: other speakers and another loudness each time), the models are the demo's small ones. What
grows is the number of things, which is what is measured; real models take more time each. Runs start from an empty store. Time is that of processors,
user and system, so that other programs matter less; memory is the peak of the process, disk the store when the run is done.

Audio:  every frame of HuBERT's five layers with each other, words of these with BERT's four, intervals and a null on words.
Layers: the same model under more and more names, each with five layers, all pairs on frames, of 4 times the speech.
Groups: as audio, of 16 times the speech, whose speakers are put into more and more groups.
Shards: as audio, of 16 times the speech, whole and in four shards with their merge.

From the shards' rates and those of benchmarks.md, --librispeech prints what LibriSpeech's 960 hours take with a base model.
"""

import argparse
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = REPOSITORY / "bin/pipeline"
DEMO = REPOSITORY / "models/demo"

CONFIG = """name: growth
formats: [svg]
corpus: {librispeech: {root: %(root)s, subset: dev-clean, groups: %(groups)s}}
models:
%(models)s
comparisons:
%(comparisons)s
"""
HUBERT = "  - {name: %s, onnx: %s/hubert.onnx}" % ("%s", DEMO)
BERT = "  - {name: bert, onnx: %s/bert.onnx, vocabulary: %s/bert-vocab.txt}" % (DEMO, DEMO)
AUDIO = {
    "models": HUBERT % "hubert" + "\n" + BERT,
    "comparisons": "  - {name: frames, models: [hubert], metrics: [cka]}\n"
    "  - {name: words, rows: {unit: word}, x: [hubert], y: [bert], metrics: [cka], null: {permute: group, draws: 199}}",
}


def config(at, root, groups, models, comparisons):
    at.write_text(CONFIG % {"root": root, "groups": groups, "models": models, "comparisons": comparisons})
    return at


def corpus(folder, times):
    root = folder / f"x{times}"
    if not root.exists():
        subprocess.run(["go", "run", "./corpus/demo/large", "-utterances", str(65 * times), root], cwd=REPOSITORY, check=True)
    return root


def groups(root, count):
    """Puts the speakers of a corpus into so many groups."""
    path = root / f"groups-{count}.csv"
    speakers = sorted(f.name for f in (root / "dev-clean").iterdir())
    with open(path, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["speaker", "group"])
        table.writerows([s, f"g{k % count}"] for k, s in enumerate(speakers))
    return path


def run(verb, path, at, *arguments):
    """Runs the program and returns seconds of processors, peak MB of memory and MB of store."""
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    command = [PROGRAM, verb, path, "--store", at / "store", "--runs", at / "runs", *arguments]
    with open(at.with_suffix(".log"), "w+") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            log.seek(0)
            sys.exit(f"{' '.join(map(str, command))}\n{log.read()}")
    stored = sum(f.stat().st_size for f in (at / "store").rglob("*") if f.is_file())
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, stored / 1e6


def table(title, head, rows):
    print(f"\n{title}\n\n| {head} | s of processors | peak MB | MB of store |\n| --- | --- | --- | --- |")
    for x, (cpu, peak, disk) in rows:
        print(f"| {x} | {cpu:.1f} | {peak:.0f} | {disk:.0f} |")
    sys.stdout.flush()


def hours(times):
    return times * 186.9 / 3600


def against_audio(folder, largest):
    rows = []
    for times in (t for t in (1, 4, 16, 64) if t <= largest):
        root = corpus(folder, times)
        rows.append((hours(times), run("run", config(folder / "c.yaml", root, groups(root, 13), **AUDIO), folder / f"audio-{times}")))
    table("Audio", "hours", [(f"{x:.2f}", y) for x, y in rows])
    return rows


def against_layers(folder):
    rows, root = [], corpus(folder, 4)
    for models in (1, 2, 4, 8):
        names = [f"m{k}" for k in range(models)]
        comparison = f"  - {{name: frames, models: [{', '.join(names)}], metrics: [cka]}}"
        path = config(folder / "c.yaml", root, groups(root, 13), "\n".join(HUBERT % n for n in names), comparison)
        rows.append((5 * models, run("run", path, folder / f"layers-{models}")))
    table("Layers", "layers", rows)
    return rows


def against_groups(folder):
    rows, root = [], corpus(folder, 16)
    for count in (5, 10, 20, 40, 80):
        rows.append((count, run("run", config(folder / "c.yaml", root, groups(root, count), **AUDIO), folder / f"groups-{count}")))
    table("Groups", "groups", rows)
    return rows


def in_shards(folder):
    root, n = corpus(folder, 16), 4
    path, at = config(folder / "c.yaml", root, groups(root, 40), **AUDIO), folder / "shards"
    rows = [("whole", run("run", path, folder / "whole"))]
    rows += [(f"shard {k} of {n}", run("run", path, at, "--shard", f"{k}/{n}")) for k in range(1, n + 1)]
    rows.append(("merge", run("merge", path, at)))
    table("Shards", "of 16 times the speech", rows)


def draw(panels):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "growth"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(panels), figsize=(3.6 * len(panels), 3.2), constrained_layout=True)
    for axis, (name, rows) in zip(axes, panels.items()):
        x = [r[0] for r in rows]
        for k, (what, marker) in enumerate((("processor time, s", "o"), ("peak memory, MB", "s"), ("store, MB", "^"))):
            axis.plot(x, [r[1][k] for r in rows], marker=marker, label=what)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks(x, [f"{v:.2g}" for v in x])
        axis.minorticks_off()
        axis.set_xlabel(name)
        axis.grid(alpha=0.3)
    axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(REPOSITORY / "docs/images/growth.svg", metadata={"Date": None})


# Of a base model (13 layers of 768 units), all pairs of layers on frames; rates of two cores, from benchmarks.md.
AUDIO_HOURS, REALTIME, FRAMES, PARTS = 960.9, 9.0, 50, 50
PRODUCTS = 385e9 / 1.12  # of single precision a second, in moments
NUMBERS = 250e6  # added a second, when moments of parts are read and added
TIMES_READ = 3  # the whole, and twice for intervals


def librispeech():
    def moments(units):
        """Products and bytes of all pairs of 13 layers."""
        pairs = 13 * 14 / 2
        return 2 * AUDIO_HOURS * 3600 * FRAMES * pairs * units**2, 8 * pairs * units**2

    print("\n| 960 h, 13 x 13 layers on frames | shards | h of extraction | h of products | h of the merge | h in all | GB of moments |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, units in (("exact", 768), ("sketched", 192)):
        flops, size = moments(units)
        if units < 768:
            flops += 2 * AUDIO_HOURS * 3600 * FRAMES * 13 * 768 * units
        merge = TIMES_READ * PARTS * size / 8 / NUMBERS / 3600
        for shards in (1, 16, 64):
            parts = -(-PARTS // shards)  # the largest share: parts are not cut
            share = parts / PARTS
            extraction, products = share * AUDIO_HOURS / REALTIME, share * flops / PRODUCTS / 3600
            print(f"| {name} | {shards} | {extraction:.1f} | {products:.1f} | {merge:.2f} | {extraction + products + merge:.1f} | {PARTS * size / 1e9:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=64, help="times the demo's speech (default 64)")
    parser.add_argument("--librispeech", action="store_true", help="what 960 hours take, by simulation; runs nothing")
    args = parser.parse_args()
    if args.librispeech:
        return librispeech()
    start, load = time.time(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        panels = {"hours of audio": against_audio(folder, args.largest), "layers": against_layers(folder), "groups": against_groups(folder)}
        in_shards(folder)
    draw(panels)
    print(f"\n{time.time() - start:.0f} s; load of the machine {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    librispeech()


if __name__ == "__main__":
    main()
