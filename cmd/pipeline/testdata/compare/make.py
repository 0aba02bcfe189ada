"""The matrices of the compare scripts: python make.py representation_metrics.json, with numpy 2 and scikit-learn.

golden-*: X and Y of metrics/testdata. uniform-*: the inputs of a published comparison of 32 repositories. linnerud-*: the
exercise data of scikit-learn. vectors: a vector for each of 12 words, the word of row i being 7 i mod 12.
"""

import json
import sys

import numpy as np
from sklearn.datasets import load_linnerud

golden = json.load(open(sys.argv[1]))
np.save("golden-x.npy", np.array(golden["X"]))
np.save("golden-y.npy", np.array(golden["Y"]))

np.random.seed(0)
np.save("uniform-x.npy", np.random.uniform(size=(30, 25)))
np.save("uniform-y.npy", np.random.uniform(size=(30, 25)))

linnerud = load_linnerud()
np.save("linnerud-x.npy", linnerud.data)
np.save("linnerud-y.npy", linnerud.target)

vectors = np.random.RandomState(1).normal(size=(12, 5)).astype("f4")
np.save("vectors.npy", vectors[np.arange(60) * 7 % 12])
