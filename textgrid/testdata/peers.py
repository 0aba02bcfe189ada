"""Reads TextGrids with the Python packages praatio and textgrid.

    peers.py read FILE...         what each package finds, as JSON, one line a package and file
    peers.py time PACKAGE FOLDER  the seconds that a package needs for every file of a folder

The Go tests and BenchmarkRead run it with the Python named in
SPEECHSIM_PEERS_PYTHON (pip install praatio textgrid).
"""

import json
import pathlib
import sys
import time

import textgrid
from praatio import textgrid as praatio


def read_praatio(path):
    grid = praatio.openTextgrid(str(path), includeEmptyIntervals=True)
    return [
        [name, [[float(v) for v in entry[:-1]] + [entry[-1]] for entry in grid.getTier(name).entries]]
        for name in grid.tierNames
    ]


def read_textgrid(path):
    grid = textgrid.TextGrid.fromFile(str(path))
    tiers = []
    for tier in grid:
        if isinstance(tier, textgrid.PointTier):
            tiers.append([tier.name, [[point.time, point.mark] for point in tier]])
        else:
            tiers.append([tier.name, [[i.minTime, i.maxTime, i.mark] for i in tier]])
    return tiers


# Only the reading is timed: what the packages return, not the lists made above.
READ = {"praatio": read_praatio, "textgrid": read_textgrid}
OPEN = {
    "praatio": lambda path: praatio.openTextgrid(path, includeEmptyIntervals=True),
    "textgrid": textgrid.TextGrid.fromFile,
}


def main(arguments):
    if arguments[0] == "read":
        for path in arguments[1:]:
            for package, read in READ.items():
                print(json.dumps({"package": package, "path": path, "tiers": read(path)}))
        return
    _, package, folder = arguments
    paths = sorted(str(path) for path in pathlib.Path(folder).iterdir())
    start = time.perf_counter()
    for path in paths:
        OPEN[package](path)
    print(time.perf_counter() - start)


main(sys.argv[1:])
