"""Reading PyTorch checkpoints and putting them into modules, with errors that name the tensor."""

from pathlib import Path

import torch
from torch import nn

from model import ExportError


def read(path: Path) -> dict:
    """The dictionary in a checkpoint file. No code in the file is run."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as e:
        raise ExportError(f"{path}: no such file") from e
    except Exception as e:  # truncated archives, pickles with code and plain text all raise different types
        raise ExportError(
            f"{path}: not a checkpoint of tensors alone, or truncated ({_reason(e)}); "
            "if you trust it, load it with torch and save its state_dict again"
        ) from e
    if not isinstance(content, dict):
        raise ExportError(f"{path}: holds a {type(content).__name__}, want a dictionary of tensors")
    return content


def _reason(e: Exception) -> str:
    return (str(e).strip() or type(e).__name__).splitlines()[0].split(". ")[0]


def fold_weight_norm(state: dict[str, torch.Tensor], key: str) -> dict[str, torch.Tensor]:
    """Replaces KEY_g and KEY_v by the weight they stand for: v scaled to norm g along the axes that g does not have."""
    if key + "_g" not in state or key + "_v" not in state:
        return state
    state = dict(state)
    g, v = state.pop(key + "_g"), state.pop(key + "_v")
    axes = [i for i in range(v.ndim) if g.shape[i] == 1]
    state[key] = v * (g / v.double().pow(2).sum(dim=axes, keepdim=True).sqrt().to(v.dtype))
    return state


def fill(module: nn.Module, state: dict[str, torch.Tensor], source: str) -> None:
    """load_state_dict that names what is wrong."""
    own = module.state_dict()
    if missing := sorted(own.keys() - state.keys()):
        raise ExportError(f"{source}: the checkpoint lacks {len(missing)} tensors: {missing[:3]}")
    if unknown := sorted(state.keys() - own.keys()):
        raise ExportError(f"{source}: {len(unknown)} tensors that this family does not have: {unknown[:3]}")
    for key, want in own.items():
        if state[key].shape != want.shape:
            raise ExportError(
                f"{source}: {key} has shape {tuple(state[key].shape)}, its configuration says {tuple(want.shape)}"
            )
    module.load_state_dict({k: v.float() for k, v in state.items()})
