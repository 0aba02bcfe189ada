"""Our metrics compared with what one would use instead, on the same data, in one run.

    make bench-peers                 full size: 12 x 12 layers, 46 906 rows, 768 units
    python metrics/bench/peers.py --rows 4000 --layers 3 --units 128 --words 50 --cca-rows 600

Each program runs in a process of its own, one after the other, and says how long it took without reading its data, what
processor time, and the most memory that the process held. Where a peer would take hours it does some pairs of layers and
the rest is extrapolated, which the table marks with "~". "error" is the largest difference from float64 products (CKA, CCA)
or from ours (the three CCA metrics of contextual-correlation, which computes in float32).

The data is random, from a fixed seed: layers with something in common, whose variance falls with the rank of the component
(1/k), as that of trained models does.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy

HERE = pathlib.Path(__file__).resolve()
REPOSITORY = HERE.parents[2]
PEERS = {}


def peer(function):
    PEERS[function.__name__.replace("_", "-")] = function
    return function


class Clock:
    """Adds up the wall and processor time spent inside."""

    wall = cpu = 0.0

    def __enter__(self):
        self.start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exception):
        self.wall += time.perf_counter() - self.start[0]
        self.cpu += time.process_time() - self.start[1]


# --- the data


def write_data(folder, meta):
    random = numpy.random.default_rng(1)
    rows, units = meta["rows"], meta["units"]
    spectrum = (1 / numpy.sqrt(numpy.arange(1, units + 1))).astype(numpy.float32)
    common = random.standard_normal((rows, 64), dtype=numpy.float32)
    for side in "xy":
        for layer in range(meta["layers"]):
            part = common @ random.standard_normal((64, units), dtype=numpy.float32) * numpy.float32(0.05)
            part += random.standard_normal((rows, units), dtype=numpy.float32)
            (part * spectrum + numpy.float32(0.5)).tofile(folder / f"{side}{layer}.f32")
    words = random.standard_normal((rows, meta["words"]), dtype=numpy.float32)
    words[:, : min(64, meta["words"])] += common[:, : min(64, meta["words"])]
    words.tofile(folder / "words.f32")
    (folder / "meta.json").write_text(json.dumps(meta))


def load(folder, meta, name):
    return numpy.fromfile(folder / f"{name}.f32", numpy.float32).reshape(meta["rows"], -1)


# --- the peers: each returns (clock, values, factor that extrapolates its time)


@peer
def numpy_cka(folder, meta):
    """Linear CKA of two matrices the usual way, in float64: three products a pair."""
    clock, biased, debiased = Clock(), [], []
    pairs = [(0, 0), (meta["layers"] - 1, 0)]
    for i, j in pairs:
        x, y = load(folder, meta, f"x{i}").astype(float), load(folder, meta, f"y{j}").astype(float)
        with clock:
            x = x - x.mean(0)
            y = y - y.mean(0)
            xy = numpy.linalg.norm(x.T @ y) ** 2
            xx = numpy.linalg.norm(x.T @ x)
            yy = numpy.linalg.norm(y.T @ y)
            biased.append(xy / (xx * yy))
        a, b, n = (x * x).sum(1), (y * y).sum(1), len(x)

        def song(frobenius, a, b):
            return frobenius - a @ b + a.sum() * b.sum() / ((n - 1) * (n - 2)) - 2 * (a @ b) / (n - 2)

        debiased.append(song(xy, a, b) / numpy.sqrt(song(xx**2, a, a) * song(yy**2, b, b)))
    return clock, {"pairs": pairs, "biased": biased, "debiased": debiased}, meta["layers"] ** 2 / len(pairs)


def minibatch_cka(folder, meta, batch):
    """PyPI's pytorch-cka on features that are there already: its models only hand them out."""
    import cka
    import torch

    class Layer(torch.nn.Module):
        def __init__(self, features):
            super().__init__()
            self.features = features

        def forward(self, rows):
            return self.features[rows[0] : rows[-1] + 1]

    class Model(torch.nn.Module):
        def __init__(self, side):
            super().__init__()
            self.parts = torch.nn.ModuleList(
                Layer(torch.from_numpy(load(folder, meta, f"{side}{i}"))) for i in range(meta["layers"])
            )

        def forward(self, rows):
            for part in self.parts:
                part(rows)

    x, y = Model("x"), Model("y")
    names = [f"parts.{i}" for i in range(meta["layers"])]
    loader = torch.utils.data.DataLoader(torch.arange(meta["rows"] // batch * batch), batch_size=batch)
    clock = Clock()
    with clock:
        (values,) = cka.compute_cka(x, y, loader, layers=names, model2_layers=names, device="cpu", progress=False)
    return clock, {"cka debiased": values.tolist()}, 1


@peer
def pytorch_cka_256(folder, meta):
    return minibatch_cka(folder, meta, 256)


@peer
def pytorch_cka_1024(folder, meta):
    return minibatch_cka(folder, meta, 1024)


@peer
def sklearn_cca(folder, meta):
    """All canonical correlations of as many rows as one has patience for. Also, exactly, the same rows and all rows."""
    from sklearn.cross_decomposition import CCA

    x, y = load(folder, meta, "x0"), load(folder, meta, "words")
    k, few = min(meta["words"], meta["units"]), meta["cca_rows"]
    clock = Clock()
    with clock:
        u, v = CCA(n_components=k, scale=False, max_iter=1000).fit_transform(x[:few], y[:few])
    theirs = numpy.mean([abs(numpy.corrcoef(u[:, c], v[:, c])[0, 1]) for c in range(k)])

    def exact(x, y):
        bases = [numpy.linalg.qr(m - m.mean(0))[0] for m in (x.astype(float), y.astype(float))]
        return numpy.linalg.svd(bases[0].T @ bases[1], compute_uv=False)[:k].mean()

    return clock, {"value": theirs, "exact": exact(x[:few], y[:few]), "all rows": exact(x, y)}, 1


@peer
def torch_correlations(folder, meta):
    """SVCCA, PWCCA and linear regression as contextual-correlation computes them, float32: a decomposition of each layer's
    rows, kept, and products of [rows, components] a pair. Two layers and one pair are timed; the rest is extrapolated."""
    import torch

    layers, per_layer, per_pair = [], Clock(), Clock()
    for name in ("x0", "y0"):
        raw = torch.from_numpy(load(folder, meta, name))
        with per_layer:
            z = (raw - raw.mean(0)) / raw.std(0)
            u, s, _ = torch.linalg.svd(z, full_matrices=False)
            sums = torch.cumsum(s**2, 0)
            k = int((sums < 0.99 * sums[-1]).sum())
        layers.append((raw, z, u, k))
    (raw, z, ux, kx), (_, _, uy, ky) = layers
    with per_pair:
        left, s, _ = torch.linalg.svd(ux[:, :kx].T @ uy[:, :ky], full_matrices=False)
        weights = ((ux[:, :kx] @ left).T @ raw).abs().sum(1)
        explained = torch.linalg.norm(uy.T @ z, dim=0) / torch.linalg.norm(z, dim=0)
        values = s.mean().item(), (weights @ s / weights.sum()).item(), explained.mean().item()
    names = "svcca elkheir2024", "pwcca elkheir2024", "neuron_layer r"
    clock, count = Clock(), meta["layers"]
    clock.wall = per_layer.wall * count + per_pair.wall * count**2
    clock.cpu = per_layer.cpu * count + per_pair.cpu * count**2
    return clock, dict(zip(names, values)), 1.0


@peer
def dense_products(folder, meta):
    """The similarities that ASIF needs, all of them, without selecting any: the least that dense matrices can take."""
    clock, block = Clock(), 2048
    for name, first in (("x0", 0), ("y0", meta["queries"])):
        x = load(folder, meta, name)
        with clock:
            x /= numpy.linalg.norm(x, axis=1, keepdims=True)
            anchors = x[meta["queries"] :]
            stop = meta["queries"] if first == 0 else len(x)
            for row in range(first, stop, block):
                x[row : min(row + block, stop)] @ anchors.T
    return clock, None, 1


# --- running


def child(name, folder):
    meta = json.loads((folder / "meta.json").read_text())
    clock, values, factor = PEERS[name](folder, meta)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    line = {"seconds": clock.wall * factor, "cpu": clock.cpu * factor, "peak_mb": peak, "values": values}
    line["extrapolated"] = isinstance(factor, float)
    print(json.dumps(line))


def run(command, **environment):
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"} | environment
    out = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def fast_mkl(folder):
    """A library that makes MKL take its fast path on processors of another maker, or None without a C compiler."""
    library = folder / "fast_mkl.so"
    source = b"int mkl_serv_intel_cpu_true(void) { return 1; }"
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=source, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return library


def largest(a, b):
    return float(numpy.abs(numpy.array(a) - numpy.array(b)).max())


class Comparison:
    """Runs ours and the peers on one folder of data and prints the rows of the table."""

    def __init__(self, folder, meta):
        self.folder, self.meta, self.found = folder, meta, {}
        self.square = f"{meta['layers']} x {meta['layers']}"
        write_data(folder, meta)
        self.binary = folder / "bench"
        subprocess.run(["go", "build", "-o", self.binary, "./metrics/bench"], cwd=REPOSITORY, check=True)
        preload = fast_mkl(folder)
        self.torches = {"torch as it is": {}}
        if preload:
            self.torches["torch, MKL's fast path"] = {"LD_PRELOAD": str(preload)}

    def ours(self, work):
        if work not in self.found:
            self.found[work] = run([self.binary, "-data", self.folder, "-work", work, "-lib", REPOSITORY / "lib"])
        return self.found[work]

    def theirs(self, name, **environment):
        (line,) = run([sys.executable, HERE, "--peer", name, "--data", self.folder], **environment)
        return line

    def row(self, work, program, line, base, error=None):
        sign = "~" if line.get("extrapolated") else ""
        figures = f"{sign}{line['seconds']:.3g} | {line['cpu']:.3g} | {line['peak_mb']:.0f} | {line['seconds'] / base['seconds']:.2f}"
        print(f"| {work} | {program} | {figures} | {'' if error is None else f'{error:.1g}'} |", flush=True)

    def cka(self):
        work, exact, usual = f"CKA, {self.square}", self.ours("maps")[0], self.theirs("numpy-cka")
        error = 0
        for variant in ("biased", "debiased"):
            mine = [exact["values"]["cka " + variant][i][j] for i, j in usual["values"]["pairs"]]
            error = max(error, largest(mine, usual["values"][variant]))
        self.row(work, "ours, exact", exact, exact, error)
        self.row(work, "numpy float64", usual, exact, 0)
        (own,) = self.ours("own")
        self.row(f"CKA of one model, {self.square}", "ours, exact", own, own)
        self.row(f"CKA of one model, {self.square}", "numpy float64, every pair", usual, own)
        (sketched,) = self.ours("sketched")
        debiased = exact["values"]["cka debiased"]
        self.row(work, "ours, sketched", sketched, exact, largest(sketched["values"]["cka sketched"], debiased))
        for batch in (256, 1024):
            for how, environment in self.torches.items():
                line = self.theirs(f"pytorch-cka-{batch}", **environment)
                self.row(work, f"pytorch-cka 1.1, batch {batch}, {how}", line, exact, largest(line["values"]["cka debiased"], debiased))

    def cca(self):
        (mine,), line = self.ours("cca"), self.theirs("sklearn-cca")
        values = line["values"]
        self.row("CCA", f"ours, {self.meta['rows']} rows", mine, mine, abs(mine["values"] - values["all rows"]))
        self.row("CCA", f"scikit-learn, {self.meta['cca_rows']} rows", line, mine, abs(values["value"] - values["exact"]))

    def correlations(self):
        work, mine = f"svcca, pwcca, neuron_layer, {self.square}", self.ours("maps")[1]
        self.row(work, "ours, from the moments of CKA", mine, mine)
        for how, environment in self.torches.items():
            line = self.theirs("torch-correlations", **environment)
            error = max(abs(mine["values"][k][0][0] - v) for k, v in line["values"].items())
            self.row(work, f"contextual-correlation's way, {how}", line, mine, error)

    def asif(self):
        (mine,) = self.ours("asif")
        self.row("ASIF", "ours, all of it", mine, mine)
        self.row("ASIF", "numpy float32, the dense products alone", self.theirs("dense-products"), mine)


WORK = {"cka": Comparison.cka, "cca": Comparison.cca, "correlations": Comparison.correlations, "asif": Comparison.asif}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in dict(rows=46906, layers=12, units=768, words=300, cca_rows=3000).items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    parser.add_argument("--work", nargs="+", choices=WORK, default=list(WORK), help="rows of the table (default: all)")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=pathlib.Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return child(args.peer, args.data)
    meta = {k: getattr(args, k) for k in ("rows", "layers", "units", "words", "cca_rows")}
    meta["queries"] = int(0.15 * args.rows)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(pathlib.Path(folder), meta)
        print("| work | program | seconds | CPU seconds | peak MB | x ours | error |\n| --- | --- | --- | --- | --- | --- | --- |", flush=True)
        for name in args.work:
            WORK[name](comparison)


if __name__ == "__main__":
    main()
