"""Writes the archives of this folder, and what Kaldi reads of them.

    pip install kaldi-native-io==1.23.0 numpy==2.4.6
    python make.py
"""
import kaldi_native_io as kio
import numpy as np

random = np.random.default_rng(7)
matrices = {"anna_1": random.normal(size=(5, 3)), "bert/2": random.normal(size=(9, 3)) * 100, "one": np.full((1, 3), 0.25)}

for name in ("text", "binary"):
    mode = "ark,t,scp" if name == "text" else "ark,scp"
    with kio.FloatMatrixWriter(f"{mode}:{name}.ark,{name}.scp") as w:
        for key, x in matrices.items():
            w.write(key, x.astype(np.float32))
with kio.DoubleMatrixWriter("ark,scp:double.ark,double.scp") as w:
    for key, x in matrices.items():
        w.write(key, x)
for number, method in ((1, "kSpeechFeature"), (2, "kTwoByteAuto"), (3, "kOneByteAuto")):
    with kio.CompressedMatrixWriter(f"ark:compressed{number}.ark") as w:
        for key, x in matrices.items():
            w.write(key, x.astype(np.float32), getattr(kio.CompressionMethod, method))
with kio.FloatVectorWriter("ark:vector.ark") as w:
    w.write("anna_1", np.zeros(3, dtype=np.float32))
with kio.Int32VectorWriter("ark:alignment.ark") as w:
    w.write("anna_1", [1, 2, 3])

read = {}
for number in (1, 2, 3):
    with kio.SequentialFloatMatrixReader(f"ark:compressed{number}.ark") as r:
        for key, x in r:
            read[f"compressed{number}", key] = np.array(x)
for key, x in matrices.items():
    read["plain", key] = x.astype(np.float32)
with open("read.txt", "w") as f:
    for (name, key), x in read.items():
        print(name, key, *x.shape, *(repr(float(v)) for v in np.asarray(x, dtype=np.float32).ravel()), file=f)
