"""The peer of BenchmarkModel: the loop one writes with the onnxruntime package.

    python peer_onnxruntime.py MODELS/wav2vec2-base.onnx [--threads 2] [--rounds 10]

prints one line a length in the form of Go's benchmarks, so that benchstat compares the two:

    go test -run '^$' -bench Model/wav2vec2-base/.*/runs=2 -benchtime 10x ./models > ours.txt
    python models/testdata/peer_onnxruntime.py MODELS/wav2vec2-base.onnx > peer.txt
    benchstat peer.txt ours.txt

Every output of the file is computed: give it one whose outputs are the layers and attention maps.
"""

import argparse
import pathlib
import time

import numpy
import onnxruntime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, nargs="+", default=[10, 2])
    args = parser.parse_args()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    name = pathlib.Path(args.model).stem
    session = onnxruntime.InferenceSession(args.model, options, providers=["CPUExecutionProvider"])
    for seconds in args.seconds:
        samples = numpy.random.default_rng(1).standard_normal(16000 * seconds).astype(numpy.float32) / 8

        def utterance():
            x = (samples - samples.mean()) / numpy.sqrt(samples.var() + 1e-7)
            return session.run(None, {"input_values": x[None]})

        for _ in range(3):
            utterance()
        start = time.perf_counter()
        for _ in range(args.rounds):
            utterance()
        each = (time.perf_counter() - start) / args.rounds
        print(f"BenchmarkModel/{name}/{seconds}s/runs=1/threads={args.threads} "
              f"{args.rounds} {each * 1e9:.0f} ns/op {seconds / each:.2f} x-realtime", flush=True)


if __name__ == "__main__":
    main()
