// Draws a picture and what was found in it, at the resolution of the screen.

import { eachPixel } from "./masks.js";

const LIMBS = [ // of a person with COCO's 17 points
  [15, 13], [13, 11], [16, 14], [14, 12], [11, 12], [5, 11], [6, 12], [5, 6], [5, 7], [6, 8], [7, 9], [8, 10], [1, 2],
  [0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [4, 6],
];
const NEAR = [253, 231, 37], MIDDLE = [33, 145, 140], FAR = [68, 1, 84];

export function colour(index) {
  return `rgb(${rgb(index).join(" ")})`;
}

// Far apart for neighbours, bright enough for black text.
function rgb(index) {
  const hue = (index * 137.508) % 360, part = (n) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (0.6 - 0.38 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

// The picture may be null: where the browser cannot decode what the service can.
export function draw(canvas, picture, found, shown, most) {
  const { width, height } = found ?? picture;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const wide = Math.max(1, Math.min(canvas.parentElement.clientWidth * ratio, most));
  canvas.width = Math.round(wide);
  canvas.height = Math.max(1, Math.round((wide * height) / width));
  const context = canvas.getContext("2d"), scale = canvas.width / width;
  if (picture) {
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  } else {
    context.fillStyle = "#888";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  if (!found) return;
  const pen = Math.max(2, 2 * ratio);
  if (found.metres) drawMap(context, depthMap(found));
  if (found.semantic) drawMap(context, classMap(found.semantic, shown));
  const masks = shown.filter((one) => one.mask);
  if (masks.length) drawMap(context, maskMap(masks));
  for (const one of [...shown].reverse()) drawObject(context, one, scale, pen, ratio);
}

function drawMap(context, map) {
  const scratch = document.createElement("canvas");
  [scratch.width, scratch.height] = [map.width, map.height];
  scratch.getContext("2d").putImageData(map, 0, 0);
  context.drawImage(scratch, 0, 0, context.canvas.width, context.canvas.height);
}

function maskMap(objects) {
  const [height, width] = objects[0].mask.size;
  const map = new ImageData(width, height);
  for (const one of [...objects].reverse()) fill(map, one.mask, rgb(one.class), 130);
  return map;
}

function classMap({ size, classes }, shown) {
  const map = new ImageData(size[1], size[0]);
  for (const one of shown) fill(map, { size, counts: classes[one.class] }, rgb(one.class), 150);
  return map;
}

function fill(map, mask, [red, green, blue], alpha) {
  eachPixel(mask, (pixel) => map.data.set([red, green, blue, alpha], pixel * 4));
}

// The least and the largest distance.
export function rangeOf(metres) {
  let least = Infinity, largest = 0;
  for (const value of metres) {
    if (!(value > 0) || !Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return [least, largest];
}

function depthMap({ width, height, metres }) {
  const map = new ImageData(width, height);
  const [least, largest] = rangeOf(metres);
  metres.forEach((value, pixel) => {
    if (!(value > 0) || !Number.isFinite(value)) return;
    const share = largest > least ? (value - least) / (largest - least) : 0;
    const [from, to, at] = share < 0.5 ? [NEAR, MIDDLE, share * 2] : [MIDDLE, FAR, share * 2 - 1];
    map.data.set([...from.map((one, i) => Math.round(one + (to[i] - one) * at)), 255], pixel * 4);
  });
  return map;
}

function drawObject(context, one, scale, pen, ratio) {
  context.strokeStyle = context.fillStyle = colour(one.class);
  context.lineWidth = pen;
  context.lineJoin = "round";
  const corners = one.corners ?? (one.box && cornersOf(one.box));
  if (!corners) return;
  const points = corners.map(([x, y]) => [x * scale, y * scale]);
  context.beginPath();
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.stroke();
  if (one.keypoints) drawKeypoints(context, one.keypoints, scale, pen);
  const top = points.reduce((best, point) => (point[1] < best[1] ? point : best));
  drawLabel(context, `${one.name} ${one.score.toFixed(2)}`, one.box ? points[0] : top, ratio);
}

function cornersOf([left, top, right, bottom]) {
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

function drawKeypoints(context, keypoints, scale, pen) {
  const seen = (point) => point.length < 3 || point[2] > 0.5;
  for (const [from, to] of keypoints.length === 17 ? LIMBS : []) {
    if (!seen(keypoints[from]) || !seen(keypoints[to])) continue;
    context.beginPath();
    context.moveTo(keypoints[from][0] * scale, keypoints[from][1] * scale);
    context.lineTo(keypoints[to][0] * scale, keypoints[to][1] * scale);
    context.stroke();
  }
  for (const point of keypoints.filter(seen)) {
    context.beginPath();
    context.arc(point[0] * scale, point[1] * scale, pen * 1.6, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawLabel(context, text, [x, y], ratio) {
  const size = 14 * ratio, pad = 3 * ratio, canvas = context.canvas;
  context.font = `${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 2 * pad, height = size + 2 * pad;
  const left = Math.max(0, Math.min(x, canvas.width - width));
  const top = y - height < 0 ? Math.min(y, canvas.height - height) : y - height;
  context.fillRect(left, top, width, height);
  context.fillStyle = "#000";
  context.textBaseline = "middle";
  context.fillText(text, left + pad, top + height / 2);
}
