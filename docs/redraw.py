# Draws a figure of curves again from a run's results.csv: python docs/redraw.py runs/demo/results.csv word-identity cka OUT.png
import sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd

path, comparison, metric, out = sys.argv[1:]
cells = pd.read_csv(path)
cells = cells[(cells.comparison == comparison) & (cells.metric == metric) & cells.value.notna()]
figure, axes = plt.subplots(figsize=(80 / 25.4, 60 / 25.4), layout="constrained")
for model, line in cells.groupby("x_model", sort=False):
    x = line.x_layer.astype(str)
    axes.plot(x, line.value, marker="o", markersize=3, label=model)
    axes.fill_between(x, line.lo, line.hi, alpha=0.2, linewidth=0)
axes.set_xlabel("layer")
axes.set_ylabel(f"{metric}, {cells.variant.iloc[0]}")
axes.legend(fontsize=6, frameon=False)
figure.savefig(out, dpi=300)
