"""The matrices of the compare scripts: python make.py representation_metrics.json, with numpy 2 and scikit-learn.

golden-*: X and Y of metrics/testdata. uniform-*: the inputs of a published comparison of 32 repositories. linnerud-*: the
exercise data of scikit-learn. The rest is one small matrix in every form that can be read, and in some that can't.
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
