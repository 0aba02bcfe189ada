// The clips that are packed into the page: their samples, and pictures of them.

const wavHeader = 44;

// Clips reads the WAV file in the page when a clip is first asked for.
class Clips {
  constructor() { this.packed = $("clips"); }

  get bytes() {
    if (!this.read) {
      this.read = fromBase64(this.packed.textContent);
      this.rate = new DataView(this.read.buffer).getUint32(24, true);
    }
    return this.read;
  }

  has([from, to]) { return this.packed != null && to > from; }

  samples([from, to]) {
    const view = new DataView(this.bytes.buffer, wavHeader + 2 * from, 2 * (to - from));
    return Float32Array.from({ length: to - from }, (_, i) => view.getInt16(2 * i, true) / 32768);
  }

  // sound is a WAV file of one clip.
  sound([from, to]) {
    const head = this.bytes.slice(0, wavHeader), view = new DataView(head.buffer), length = 2 * (to - from);
    view.setUint32(4, wavHeader - 8 + length, true);
    view.setUint32(40, length, true);
    return new Blob([head, this.bytes.subarray(wavHeader + 2 * from, wavHeader + 2 * to)], { type: "audio/wav" });
  }
}

// transform is the fast Fourier transform of a power of two of numbers, in place.
function transform(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2, angle = (-2 * Math.PI) / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < half; k++) {
        const c = Math.cos(angle * k), s = Math.sin(angle * k), a = start + k, b = a + half;
        const x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        [re[b], im[b], re[a], im[a]] = [re[a] - x, im[a] - y, re[a] + x, im[a] + y];
      }
    }
  }
}

const pictureHigh = 40, pictureRange = 60; // pixels; decibels below the loudest

// spectrogram draws samples on a canvas: 25 ms windows, 0 Hz to half the rate upward, the louder the darker.
function spectrogram(canvas, samples, rate) {
  const size = 512, window = Math.min(size, Math.round(0.025 * rate)), wide = Math.min(160, Math.max(24, Math.round((120 * samples.length) / rate)));
  const bins = Math.floor(size / 2 / pictureHigh), loud = [];
  for (let column = 0; column < wide; column++) {
    const re = new Float64Array(size), im = new Float64Array(size), from = Math.round(((column + 0.5) * samples.length) / wide - window / 2);
    for (let i = 0; i < window; i++) re[i] = (samples[from + i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window));
    transform(re, im);
    for (let row = 0; row < pictureHigh; row++) {
      let power = 1e-12;
      for (let k = row * bins; k < (row + 1) * bins; k++) power += re[k] ** 2 + im[k] ** 2;
      loud.push(10 * Math.log10(power));
    }
  }
  const most = loud.reduce((a, b) => Math.max(a, b), -Infinity);
  canvas.width = wide;
  canvas.height = pictureHigh;
  const context = canvas.getContext("2d"), picture = context.createImageData(wide, pictureHigh);
  loud.forEach((v, i) => {
    const column = Math.floor(i / pictureHigh), row = i % pictureHigh, grey = 255 * Math.min(1, Math.max(0, (most - v) / pictureRange));
    picture.data.set([grey, grey, grey, 255], 4 * ((pictureHigh - 1 - row) * wide + column));
  });
  context.putImageData(picture, 0, 0);
}
