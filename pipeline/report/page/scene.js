// Two surfaces with the same few strokes: the canvas on the page, and SVG text
// for the download.

const fontFamily = '"Liberation Sans", Arial, Helvetica, sans-serif';

class CanvasSurface {
  constructor(canvas, width, height, ratio) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    this.context = canvas.getContext("2d");
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  rect(x, y, w, h, fill) {
    this.context.fillStyle = fill;
    this.context.fillRect(x, y, w, h);
  }

  // lines strokes pieces of the form [x0, y0, x1, y1].
  lines(pieces, stroke, width) {
    const c = this.context;
    c.strokeStyle = stroke;
    c.lineWidth = width;
    c.beginPath();
    for (const [x0, y0, x1, y1] of pieces) {
      c.moveTo(x0, y0);
      c.lineTo(x1, y1);
    }
    c.stroke();
  }

  // area fills a polygon of points [x, y], in part see-through.
  area(points, fill, opacity) {
    const c = this.context;
    c.globalAlpha = opacity;
    c.fillStyle = fill;
    c.beginPath();
    points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.fill();
    c.globalAlpha = 1;
  }

  dot(x, y, r, fill, stroke, width) {
    const c = this.context;
    c.beginPath();
    c.arc(x, y, r, 0, 2 * Math.PI);
    if (fill) { c.fillStyle = fill; c.fill(); }
    if (stroke) { c.strokeStyle = stroke; c.lineWidth = width; c.stroke(); }
  }

  text(x, y, text, { size = 11, anchor = "start", fill, up = false, bold = false } = {}) {
    const c = this.context;
    c.save();
    c.translate(x, y);
    if (up) c.rotate(-Math.PI / 2);
    c.font = `${bold ? "bold " : ""}${size}px ${fontFamily}`;
    c.textAlign = { start: "left", middle: "center", end: "right" }[anchor];
    c.fillStyle = fill;
    c.fillText(text, 0, 0);
    c.restore();
  }
}

class SVGSurface {
  constructor(width, height, title) {
    this.parts = [`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family='${fontFamily.replaceAll('"', "")}'><title>${SVGSurface.escape(title)}</title>`];
  }

  static escape(text) {
    return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
  }

  static number(v) {
    return String(Math.round(v * 100) / 100);
  }

  rect(x, y, w, h, fill) {
    const n = SVGSurface.number;
    this.parts.push(`<path d="M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}z" fill="${fill}" shape-rendering="crispEdges"/>`);
  }

  lines(pieces, stroke, width) {
    const n = SVGSurface.number;
    const d = pieces.map(([x0, y0, x1, y1]) => `M${n(x0)} ${n(y0)}L${n(x1)} ${n(y1)}`).join("");
    if (d) this.parts.push(`<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`);
  }

  area(points, fill, opacity) {
    const n = SVGSurface.number;
    this.parts.push(`<path d="M${points.map(([x, y]) => `${n(x)} ${n(y)}`).join("L")}z" fill="${fill}" fill-opacity="${opacity}"/>`);
  }

  dot(x, y, r, fill, stroke, width) {
    const n = SVGSurface.number;
    this.parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${r}" fill="${fill ?? "none"}"${stroke ? ` stroke="${stroke}" stroke-width="${width}"` : ""}/>`);
  }

  text(x, y, text, { size = 11, anchor = "start", fill, up = false, bold = false } = {}) {
    const n = SVGSurface.number;
    const turn = up ? ` transform="rotate(-90 ${n(x)} ${n(y)})"` : "";
    this.parts.push(`<text x="${n(x)}" y="${n(y)}" font-size="${size}" text-anchor="${anchor}" fill="${fill}"${bold ? ' font-weight="bold"' : ""}${turn}>${SVGSurface.escape(text)}</text>`);
  }

  toString() {
    return this.parts.join("\n") + "\n</svg>\n";
  }
}

const measuring = document.createElement("canvas").getContext("2d");

function textWidth(text, size, bold) {
  measuring.font = `${bold ? "bold " : ""}${size}px ${fontFamily}`;
  return measuring.measureText(text).width;
}

// readMap turns a table of hexadecimal colours into "#rrggbb" strings.
const readMap = (table) => table.match(/.{6}/g).map((hex) => "#" + hex);

function inkOn(colour) {
  const linear = (at) => {
    const s = parseInt(colour.slice(at, at + 2), 16) / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  };
  const l = 0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5);
  return 1.05 / (l + 0.05) > (l + 0.05) / 0.05 ? "#ffffff" : "#000000";
}
