// Small PNGs: a palette of 256 colours is enough for text on white.

import { deflateSync, crc32 } from "node:zlib";

/** In a page: the picture's size, its 256 most frequent colours, and for each row the nearest of them by number. */
export async function pixels(base64) {
  const image = new Image();
  image.src = `data:image/png;base64,${base64}`;
  await image.decode();
  const { width, height } = image;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const counts = new Map();
  const colours = new Int32Array(width * height);
  for (let i = 0; i < colours.length; i++) {
    colours[i] = (data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2];
    counts.set(colours[i], (counts.get(colours[i]) ?? 0) + 1);
  }
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([colour]) => colour);
  const channels = (c) => [c >> 16, (c >> 8) & 255, c & 255];
  const index = new Map(palette.map((colour, i) => [colour, i]));
  const known = palette.map(channels);
  for (const colour of counts.keys()) {
    if (index.has(colour)) continue;
    const [r, g, b] = channels(colour);
    const distances = known.map(([r2, g2, b2]) => (r - r2) ** 2 + (g - g2) ** 2 + (b - b2) ** 2);
    index.set(colour, distances.indexOf(Math.min(...distances)));
  }
  // As text, which crosses over to Node much faster than numbers do.
  const rows = Array.from({ length: height }, (_, y) => String.fromCharCode(...colours.subarray(y * width, (y + 1) * width).map((c) => index.get(c))));
  return { width, height, palette: known, rows };
}

/** A PNG of what pixels gives. https://www.w3.org/TR/png-3/ */
export function encode({ width, height, palette, rows }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // eight bits, a palette
  const raw = Buffer.concat(rows.map((row) => Buffer.from(`\0${row}`, "latin1")));
  const chunks = [["IHDR", header], ["PLTE", Buffer.from(palette.flat())], ["IDAT", deflateSync(raw, { level: 9 })], ["IEND", Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks.map(([type, data]) => chunk(type, data))]);
}

function chunk(type, data) {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  const sum = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}
