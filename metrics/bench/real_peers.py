"""This program and what one would do without it, on the same real speech with the same trained model, from audio to the map.

    make bench-real                  six processes one after the other, about 5 minutes on two idle cores

Each row of the table is a process of its own that reads the FLAC files of corpus/real (41 utterances of LibriSpeech, 3 minutes), runs Whisper
tiny.en (make real fetches it) and compares its five layers with each other on every frame:

    ours                this program, from an empty store, with the config below
    loop + numpy        transformers, layers in memory, linear CKA pair by pair in float64
    dump + numpy        the same with a file an utterance and layer, as s3prl's dumps and the papers' codes do
    loop + pytorch-cka  transformers, then PyPI's pytorch-cka on batches of 256 frames
    loop + CCA          transformers, then mean CCA after the description of Pasad et al. 2021: covariances, inverse roots, SVD
    loop + correlations transformers, then SVCCA, PWCCA and regression after that of Wu et al. 2020: an SVD of each layer's rows

No code of others is copied: what is in no package registry is written here after its paper. "lines" are those that a user writes: of the functions
that run, without imports; of ours, the config. "difference" is the largest from our values of the same metric. Processor time is that of the
whole process, imports too. Every peer runs the encoder once; ours computes all the metrics of the table at once.
"""

import argparse
import inspect
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import numpy

HERE = pathlib.Path(__file__).resolve()
REPOSITORY = HERE.parents[2]
SPEECH = REPOSITORY / "corpus/real/LibriSpeech/test-other"
WEIGHTS = REPOSITORY / "models/real/whisper-tiny.en/model.bin"
LAYERS = 5

CONFIG = """name: real-peers
corpus: {librispeech: {root: %s, subset: test-other}}
models:
  - {name: whisper, checkpoint: %s}
comparisons:
  - name: frames
    models: [whisper]
    metrics: [%s]
    interval: none
"""
# What each peer computes, as a metric of ours: what its values are called, and what the config asks for.
CKA = {"cka biased": "{cka: {variant: biased}}"}
DEBIASED = {"cka debiased": "cka"}
CCA = {"cca mean": "cca"}
CORRELATIONS = {"svcca elkheir2024": "{svcca: {variant: elkheir2024}}", "pwcca elkheir2024": "{pwcca: {variant: elkheir2024}}", "neuron_layer r": "neuron_layer"}


# --- Whisper in transformers, from the weights that faster-whisper keeps: no part of what is timed by lines


def whisper():
    import torch
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    data, at = WEIGHTS.read_bytes(), 0

    def number(kind):
        nonlocal at
        (value,) = struct.unpack_from("<" + kind, data, at)
        at += struct.calcsize("<" + kind)
        return value

    def text():
        nonlocal at
        length = number("H")
        at += length
        return data[at - length : at - 1].decode()

    number("I"), text(), number("I")
    weights = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = number("B"), number("I")
        if kind in (0, 4):
            array = numpy.frombuffer(data, {0: "<f4", 4: "<f2"}[kind], size // {0: 4, 4: 2}[kind], at).reshape(shape)
            weights[name] = torch.from_numpy(array.astype(numpy.float32))
        at += size
    config = WhisperConfig(d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536, num_mel_bins=80)
    model, state = WhisperEncoder(config).eval(), {}
    state["embed_positions.weight"] = weights["encoder/position_encodings/encodings"]
    for part in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            state[f"{part}.{kind}"] = weights[f"encoder/{part}/{kind}"]

    def norm(ours, theirs):
        state[ours + ".weight"], state[ours + ".bias"] = weights[f"encoder/{theirs}/gamma"], weights[f"encoder/{theirs}/beta"]

    norm("layer_norm", "layer_norm")
    for i in range(4):
        ours, theirs = f"layers.{i}", f"layer_{i}"
        norm(f"{ours}.self_attn_layer_norm", f"{theirs}/self_attention/layer_norm")
        norm(f"{ours}.final_layer_norm", f"{theirs}/ffn/layer_norm")
        for kind in ("weight", "bias"):
            qkv = weights[f"encoder/{theirs}/self_attention/linear_0/{kind}"].chunk(3)
            for name, part in zip("qkv", qkv):
                if (name, kind) != ("k", "bias"):  # Whisper has none
                    state[f"{ours}.self_attn.{name}_proj.{kind}"] = part
            state[f"{ours}.self_attn.out_proj.{kind}"] = weights[f"encoder/{theirs}/self_attention/linear_1/{kind}"]
            for k in (0, 1):
                state[f"{ours}.fc{k + 1}.{kind}"] = weights[f"encoder/{theirs}/ffn/linear_{k}/{kind}"]
    model.load_state_dict(state)
    return model


# --- what a researcher writes


def frames_of(model):
    import soundfile
    import torch
    from transformers import WhisperFeatureExtractor

    extractor = WhisperFeatureExtractor()
    for path in sorted(SPEECH.glob("*/*/*.flac")):
        audio, rate = soundfile.read(path, dtype="float32")
        features = extractor(audio, sampling_rate=rate, return_tensors="pt").input_features
        with torch.no_grad():
            states = model(features, output_hidden_states=True).hidden_states
        frames = -(-len(audio) // 320)
        yield path.stem, [s[0, :frames].numpy() for s in states]


def in_memory(model):
    layers = [[] for _ in range(LAYERS)]
    for _, states in frames_of(model):
        for layer, state in zip(layers, states):
            layer.append(state)
    return [numpy.concatenate(layer) for layer in layers]


def from_disk(model, folder):
    for name, states in frames_of(model):
        for i, state in enumerate(states):
            numpy.save(folder / f"{name}.{i}.npy", state)
    return [numpy.concatenate([numpy.load(f) for f in sorted(folder.glob(f"*.{i}.npy"))]) for i in range(LAYERS)]


def linear_cka(layers):
    values = numpy.zeros((LAYERS, LAYERS))
    for i, x in enumerate(layers):
        for j, y in enumerate(layers):
            x = x.astype(float) - x.mean(0, dtype=float)
            y = y.astype(float) - y.mean(0, dtype=float)
            values[i, j] = numpy.linalg.norm(x.T @ y) ** 2 / (numpy.linalg.norm(x.T @ x) * numpy.linalg.norm(y.T @ y))
    return {"cka biased": values.tolist()}


def minibatch_cka(layers):
    import cka
    import torch

    class Layer(torch.nn.Module):
        def __init__(self, features):
            super().__init__()
            self.features = torch.from_numpy(features)

        def forward(self, rows):
            return self.features[rows[0] : rows[-1] + 1]

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = torch.nn.ModuleList(Layer(x) for x in layers)

        def forward(self, rows):
            for part in self.parts:
                part(rows)

    names = [f"parts.{i}" for i in range(LAYERS)]
    loader = torch.utils.data.DataLoader(torch.arange(len(layers[0]) // 256 * 256), batch_size=256)
    (values,) = cka.compute_cka(Model(), Model(), loader, layers=names, model2_layers=names, device="cpu", progress=False)
    return {"cka debiased": values.tolist()}


def mean_cca(layers):
    whitened = []
    for x in layers:
        x = x.astype(float) - x.mean(0, dtype=float)
        variance, directions = numpy.linalg.eigh(x.T @ x)
        kept = variance > 1e-5 * variance.mean()
        whitened.append(x @ (directions[:, kept] / numpy.sqrt(variance[kept])))
    values = [[numpy.linalg.svd(x.T @ y, compute_uv=False).mean() for y in whitened] for x in whitened]
    return {"cca mean": values}


def correlations(layers):
    import torch

    raw = [torch.from_numpy(x) for x in layers]
    scaled = [(x - x.mean(0)) / x.std(0) for x in raw]
    kept, whole = [], []
    for z in scaled:
        u, s, _ = torch.linalg.svd(z, full_matrices=False)
        share = torch.cumsum(s**2, 0) / (s**2).sum()
        kept.append(u[:, : int((share < 0.99).sum())])
        whole.append(u)
    values = {name: numpy.zeros((LAYERS, LAYERS)) for name in CORRELATIONS}
    for i in range(LAYERS):
        for j in range(LAYERS):
            left, s, _ = torch.linalg.svd(kept[i].T @ kept[j], full_matrices=False)
            weights = ((kept[i] @ left).T @ raw[i]).abs().sum(1)
            explained = torch.linalg.norm(whole[j].T @ scaled[i], dim=0) / torch.linalg.norm(scaled[i], dim=0)
            found = s.mean(), (weights @ s / weights.sum()), explained.mean()
            for name, value in zip(CORRELATIONS, found):
                values[name][i, j] = value
    return {name: v.tolist() for name, v in values.items()}


# --- running: name -> how frames are had, what is computed of them, metrics of ours, what the row is called

PEERS = {
    "numpy": (in_memory, linear_cka, CKA, "transformers' loop + numpy, float64"),
    "dump": (from_disk, linear_cka, CKA, "the same by way of files"),
    "pytorch-cka": (in_memory, minibatch_cka, DEBIASED, "the loop + pytorch-cka 1.1, batches of 256"),
    "cca": (in_memory, mean_cca, CCA, "the loop + CCA as in Pasad et al. 2021"),
    "correlations": (in_memory, correlations, CORRELATIONS, "the loop + SVCCA, PWCCA, regression as in Wu et al. 2020"),
}


def child(name, folder):
    layers_of, compute, _, _ = PEERS[name]
    layers = layers_of(whisper(), folder) if layers_of is from_disk else layers_of(whisper())
    print(json.dumps(compute(layers)))


def lines(*functions):
    """Lines that are written: neither empty nor imports."""
    source = "\n".join(inspect.getsource(f) for f in functions)
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith(("import ", "from ")))


def used(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def run(command):
    """Runs a command and returns what it printed, the seconds by the clock and of processors, and the peak of its memory in MB."""
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, said = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"{command} failed:\n{said}")
    return out, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def ours(folder, asked):
    config = CONFIG % (SPEECH.parent, WEIGHTS.parent, ", ".join(asked.values()))
    (folder / "config.yaml").write_text(config)
    at = folder / "ours"
    _, wall, cpu, peak = run([REPOSITORY / "bin/pipeline", "run", folder / "config.yaml", "--store", at / "store", "--runs", at / "runs"])
    values = {name: numpy.full((LAYERS, LAYERS), numpy.nan) for name in asked}
    for line in open(at / "runs/real-peers/results.jsonl"):
        cell = json.loads(line)
        name = f"{cell['metric']} {cell['variant']}"
        values[name][int(cell["x"]["layer"]), int(cell["y"]["layer"])] = cell["value"]
    return values, len(config.splitlines()), wall, cpu, peak, used(at)


def row(what, metrics, wall, cpu, peak, disk, length, difference):
    print(f"| {what} | {', '.join(metrics)} | {wall:.0f} | {cpu:.0f} | {peak:.0f} | {disk:.0f} | {length} | {difference} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="rows of the table (default: all)")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return child(args.peer, args.folder)
    if not WEIGHTS.exists():
        sys.exit(f"{WEIGHTS} is not there: make real fetches it")
    load = os.getloadavg()[0]
    print("| what | computes | s by the clock | s of processors | peak MB | MB on disk | lines | largest difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mine, *numbers = ours(folder, CKA | DEBIASED | CCA | CORRELATIONS)
        length, numbers = numbers[0], numbers[1:]
        row("this program", mine, *numbers, length, "")
        for name in args.peers:
            layers_of, compute, metrics, about = PEERS[name]
            at = folder / name
            at.mkdir()
            out, wall, cpu, peak = run([sys.executable, HERE, "--peer", name, "--folder", at])
            theirs = json.loads(out.splitlines()[-1])
            apart = max(numpy.nanmax(numpy.abs(mine[m] - numpy.array(theirs[m]))) for m in metrics)
            row(about, metrics, wall, cpu, peak, used(at), lines(frames_of, layers_of, compute), f"{apart:.1g}")
    print(f"\nload of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
