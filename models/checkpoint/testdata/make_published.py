"""Makes the checkpoints of w2v-BERT and BEATs of this folder, and what the originals compute for them.

    .venv-export/bin/python models/checkpoint/testdata/make_published.py

As make.py: tiny, with random weights under which nothing is uniform. w2v-bert/ is a folder of transformers, and its original is
all of transformers, with the filter bank. beats-plain.pt is a file of BEATs' authors with what the published models do not have (a bias of
the convolution, no projection, no deep norm, few buckets of distances); its original is the module of models/export, which is tested
against the authors' own.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import transformers as tf
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "export"))

from make import randomise, signal  # noqa: E402


def w2v_bert():
    torch.manual_seed(0)
    config = tf.Wav2Vec2BertConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, conv_depthwise_kernel_size=5,
        left_max_position_embeddings=6, right_max_position_embeddings=3, vocab_size=12,
    )  # fmt: skip
    config._attn_implementation = "eager"
    model = tf.Wav2Vec2BertForCTC(config).eval()
    randomise(model)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "linear_q" in name or "linear_k" in name or "distance_embedding" in name:
                p.mul_(2)
    folder = HERE / "w2v-bert"
    folder.mkdir(exist_ok=True)
    config.save_pretrained(folder)
    extractor = tf.SeamlessM4TFeatureExtractor(feature_size=80, num_mel_bins=80, sampling_rate=16000, padding_value=1, stride=2)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({k: getattr(extractor, k) for k in ("feature_size", "num_mel_bins", "padding_value", "sampling_rate", "stride")}) + "\n"
    )
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors", metadata={"format": "pt"})
    arrays = {}
    # An even number of rows of the filter bank, an odd one, and more frames than the positions reach.
    for k, length in enumerate((400 + 11 * 160, 400 + 18 * 160 + 7, 400 + 59 * 160 + 159)):
        x = signal(length, k)
        fed = extractor(x, sampling_rate=16000, return_tensors="pt")
        with torch.no_grad():
            out = model.wav2vec2_bert(**fed, output_hidden_states=True, output_attentions=True)
        real = int(fed["attention_mask"].sum())
        arrays[f"{k}.input"] = x
        arrays |= {f"{k}.hidden_states.{i}": h[0, :real].numpy() for i, h in enumerate(out.hidden_states)}
        arrays |= {f"{k}.attentions.{i}": a[0, :, :real, :real].numpy() for i, a in enumerate(out.attentions)}
        print(k, fed["input_features"].shape, real, {key: v.shape for key, v in arrays.items() if key.startswith(f"{k}.h")})
    np.savez_compressed(HERE / "w2v-bert.npz", **arrays)


def beats():
    import beats as ours
    import fbank

    torch.manual_seed(0)
    cfg = dict(
        encoder_layers=2, encoder_embed_dim=24, encoder_ffn_embed_dim=40, encoder_attention_heads=3, activation_fn="gelu", embed_dim=24,
        conv_bias=True, conv_pos=9, conv_pos_groups=4, relative_position_embedding=True, num_buckets=16, max_distance=12, gru_rel_pos=True,
        deep_norm=False, input_patch_size=16, layer_norm_first=False,
    )  # fmt: skip
    encoder = ours.Encoder(cfg).eval()
    randomise(encoder)
    state = {k: v for k, v in encoder.state_dict().items() if k != "encoder.relative_attention_bias.weight"}
    table = encoder.encoder.relative_attention_bias.weight.detach()
    state |= {f"encoder.layers.{i}.self_attn.relative_attention_bias.weight": table.clone() for i in range(2)}
    torch.save({"cfg": cfg, "model": state}, HERE / "beats-plain.pt")
    original = ours.original(ours.load(cfg, state, "beats"), "beats", "beats")
    arrays = {}
    for k, length in enumerate((400 + 15 * 160, 400 + 40 * 160 + 7, 400 + 70 * 160)):
        x = signal(length, k)
        arrays[f"{k}.input"] = x
        arrays |= {f"{k}.{name}": v[0].numpy() for name, v in original.run({"fbank": torch.from_numpy(fbank.beats(x))[None]}).items()}
    np.savez_compressed(HERE / "beats-plain.npz", **arrays)


if __name__ == "__main__":
    w2v_bert()
    beats()
