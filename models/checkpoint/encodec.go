package checkpoint

import (
	"strconv"
	"strings"

	"speechsim/models/internal/network"
)

// encodecStrides are those of Encodec's convolutions that shorten the signal.
var encodecStrides = [...]int{2, 4, 5, 8}

// encodec is the encoder of Encodec (Defossez et al. 2022, arXiv:2210.13438): samples, [batch, samples], become
// [batch, ceil(samples/320), units]. The first convolution has so many channels. See encodec/modules/seanet.py of facebookresearch/encodec.
func encodec(m network.Module, samples network.Tensor, channels, units int) network.Tensor {
	place := -1 // in the row of modules
	next := func() network.Module {
		place++
		return m.Module(strconv.Itoa(place))
	}
	x := encodecConv(next(), m.Unsqueeze(samples, 1), 1, channels, 7, 1)
	for _, stride := range encodecStrides {
		x = encodecResidual(next(), x, channels)
		x = next().Activation("elu", x)
		x = encodecConv(next(), x, channels, 2*channels, 2*stride, stride)
		channels *= 2
	}
	recurrent := next()
	y := recurrent.Transpose(x, 2, 0, 1)
	for k := range 2 {
		y = recurrent.Module("lstm").LSTM(y, k, channels)
	}
	x = recurrent.Add(recurrent.Transpose(y, 1, 2, 0), x)
	x = next().Activation("elu", x)
	return m.Transpose(encodecConv(next(), x, channels, units, 7, 1), 0, 2, 1)
}

// encodecConv is causal: all that a window lacks stands before the signal, and behind it what makes the last window full.
func encodecConv(m network.Module, x network.Tensor, in, out, kernel, stride int) network.Tensor {
	m = m.Module("conv")
	x = m.Reflected(x, kernel-stride, stride)
	return m.Module("conv").Conv1d(x, network.Conv{In: in, Out: out, Kernel: kernel, Stride: stride, Bias: true, NormOfOutputs: true})
}

func encodecResidual(m network.Module, x network.Tensor, channels int) network.Tensor {
	block := m.Module("block")
	y := encodecConv(block.Module("1"), block.Module("0").Activation("elu", x), channels, channels/2, 3, 1)
	y = encodecConv(block.Module("3"), block.Module("2").Activation("elu", y), channels/2, channels, 1, 1)
	return m.Add(encodecConv(m.Module("shortcut"), x, channels, channels, 1, 1), y)
}

// encodecFanIn is how many numbers of the input the convolution with a bias of that name sees at once.
func encodecFanIn(name string, channels int) int {
	_, rest, _ := strings.Cut(name, "wav_encoder.model.model.")
	number, rest, _ := strings.Cut(rest, ".")
	place, _ := strconv.Atoi(number)
	stage := (place - 1) / 3
	switch {
	case place == 0:
		return 7
	case place > 3*len(encodecStrides): // the last
		return 7 * channels << len(encodecStrides)
	case place%3 == 0:
		return channels << stage * 2 * encodecStrides[stage]
	case strings.HasPrefix(rest, "block.1."):
		return 3 * channels << stage
	case strings.HasPrefix(rest, "block.3."):
		return channels << stage / 2
	}
	return channels << stage
}
