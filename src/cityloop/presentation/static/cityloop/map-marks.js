// Draws the patterns of areas and the shapes of points, once for the map and once for its legend.

export const PATTERNS = ["plain", "hatch", "cross", "dots", "outline"];
export const SHAPES = ["circle", "square", "triangle", "diamond", "cross"];
export const TONES = ["blue", "green", "yellow", "red", "grey", "purple", "black"];
const TILE = 16; // pixels; a pattern repeats after so many
const MARK = 20;

export const patternName = (tone, pattern) => `area-${tone}-${pattern}`;
export const shapeName = (tone, shape) => `point-${tone}-${shape}`;

/** Yield [name, image data] of every look, in the colours of a palette; `ratio` is that of the screen. */
export function* images(palette, ratio) {
  for (const tone of TONES) {
    for (const pattern of PATTERNS) yield [patternName(tone, pattern), drawn(TILE, ratio, (pen) => drawPattern(pen, palette[tone], pattern))];
    for (const shape of SHAPES) yield [shapeName(tone, shape), drawn(MARK, ratio, (pen) => drawShape(pen, palette[tone], palette.halo, shape))];
  }
}

/** Return a canvas that shows a look in the legend. */
export function swatch(palette, look, isPoint) {
  const canvas = document.createElement("canvas");
  const ratio = devicePixelRatio || 1;
  canvas.width = canvas.height = MARK * ratio;
  canvas.setAttribute("aria-hidden", "true");
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const colour = palette[look.tone];
  if (isPoint) {
    drawShape(pen, colour, palette.halo, look.shape);
  } else {
    pen.beginPath();
    pen.rect(2, 2, TILE, TILE);
    pen.save();
    pen.clip();
    pen.translate(2, 2);
    drawPattern(pen, colour, look.pattern);
    pen.restore();
    pen.beginPath();
    pen.rect(2, 2, TILE, TILE);
    pen.strokeStyle = colour;
    pen.lineWidth = look.pattern === "outline" ? 2.5 : 1.5;
    pen.stroke();
  }
  return canvas;
}

function drawn(size, ratio, draw) {
  const canvas = new OffscreenCanvas(size * ratio, size * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  draw(pen);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function drawPattern(pen, colour, pattern) {
  if (pattern === "outline") return;
  pen.fillStyle = pen.strokeStyle = colour;
  pen.globalAlpha = pattern === "plain" ? 0.28 : 0.12;
  pen.fillRect(0, 0, TILE, TILE);
  pen.globalAlpha = 0.85;
  pen.lineWidth = 2;
  if (pattern === "hatch" || pattern === "cross") stripes(pen, 1);
  if (pattern === "cross") stripes(pen, -1);
  if (pattern === "dots") for (const [x, y] of [[4, 4], [12, 12]]) disc(pen, x, y, 2);
}

// Each stripe is drawn three times, a tile apart, so that the pattern meets itself at the edges.
function stripes(pen, slope) {
  pen.beginPath();
  for (const start of [-TILE, -TILE / 2, 0, TILE / 2, TILE, 1.5 * TILE]) {
    pen.moveTo(slope > 0 ? start : TILE - start, TILE);
    pen.lineTo(slope > 0 ? start + TILE : -start, 0);
  }
  pen.lineWidth = 1.5;
  pen.stroke();
}

function disc(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

const corners = {
  square: [[4, 4], [16, 4], [16, 16], [4, 16]],
  triangle: [[10, 3], [17.5, 16], [2.5, 16]],
  diamond: [[10, 2], [18, 10], [10, 18], [2, 10]],
  cross: [[7, 3], [13, 3], [13, 7], [17, 7], [17, 13], [13, 13], [13, 17], [7, 17], [7, 13], [3, 13], [3, 7], [7, 7]],
};

function drawShape(pen, colour, halo, shape) {
  pen.beginPath();
  if (corners[shape]) for (const [x, y] of corners[shape]) pen.lineTo(x, y);
  else pen.arc(10, 10, 6.5, 0, 2 * Math.PI);
  pen.closePath();
  pen.lineJoin = "round";
  pen.strokeStyle = halo;
  pen.lineWidth = 4;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}
