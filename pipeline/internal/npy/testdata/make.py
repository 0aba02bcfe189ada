"""The same 7 x 3 matrix in every form that is read, and arrays that are refused. Written with numpy 2.4: python make.py"""

import numpy as np
from numpy.lib import format

x = np.arange(21, dtype="f8").reshape(7, 3) / 8 - 1  # exact in float16


def save(name, array, version=None):
    with open(name, "wb") as f:
        format.write_array(f, array, version=version)


for size in "248":
    save(f"f{size}.npy", x.astype(f"<f{size}"))
    save(f"big-f{size}.npy", x.astype(f">f{size}"))
    save(f"fortran-f{size}.npy", np.asfortranarray(x.astype(f"<f{size}")))
save("version2.npy", x.astype("f4"), (2, 0))
save("version3.npy", x.astype("f4"), (3, 0))
np.savez("stored.npz", one=x.astype("f4"), two=x)
np.savez_compressed("compressed.npz", only=x.astype("f4"))

save("refused-vector.npy", x[0])
save("refused-batch.npy", x[None])
save("refused-empty.npy", x[:0])
save("refused-integers.npy", x.astype("i8"))
save("refused-complex.npy", x.astype("c8"))
save("refused-fields.npy", np.zeros((7, 3), dtype=[("a", "f4"), ("b", "f4")]))
np.save("refused-objects.npy", np.array([["a", 1]], dtype=object))
nan, several = x.copy(), x.copy()
nan[4, 1] = np.nan
several[2, 2], several[5, 0], several[3, 1] = np.inf, -np.inf, np.nan
save("refused-nan.npy", nan)
save("refused-several.npy", np.asfortranarray(several.astype("f2")))
np.savez("refused-none.npz")
