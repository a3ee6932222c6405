// COCO's run-length strings: runs of pixels down the columns, from left to right, those outside first.

// Calls paint(pixel) for each pixel inside, numbered row after row.
export function eachPixel({ size: [height, width], counts }, paint) {
  const runs = [];
  for (let at = 0; at < counts.length;) {
    let value = 0, shift = 0, more = true, code = 0;
    while (more) {
      code = counts.charCodeAt(at++) - 48;
      value |= (code & 31) << shift;
      more = (code & 32) !== 0;
      shift += 5;
    }
    if (code & 16) value |= -1 << shift;
    if (runs.length > 2) value += runs[runs.length - 2];
    runs.push(value);
  }
  let pixel = 0;
  runs.forEach((run, index) => {
    if (index % 2 === 1) {
      for (let i = pixel; i < pixel + run; i++) paint((i % height) * width + Math.floor(i / height));
    }
    pixel += run;
  });
}
