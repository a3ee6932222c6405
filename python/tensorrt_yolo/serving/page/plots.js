// Small live plots of a model's metrics, from what /metrics says.

const LENGTH = 60; // points
const SECONDS = 1.5; // between two
const KINDS = [
  ["Pictures a second", (now, last, seconds) => (now.finished - last.finished) / seconds],
  ["Latency, ms in the mean", (now, last) => 1000 * mean(now, last, "latency")],
  ["Queue time, ms in the mean", (now, last) => 1000 * mean(now, last, "queue")],
  ["Waiting", (now) => now.waiting],
];

// Shows the metrics of the model that name() gives, of the text that fetchText() does.
export function startPlots(parent, fetchText, name) {
  const plots = KINDS.map(([title, value]) => ({ ...makePlot(parent, title), value, values: [] }));
  let last = null, lastTime = 0, lastName = "";
  async function step() {
    try {
      if (!document.hidden && name()) {
        const model = name(), now = parse(await fetchText(), model), time = performance.now() / 1000;
        if (model !== lastName) plots.forEach((plot) => plot.values.splice(0));
        else if (last) plots.forEach((plot) => add(plot, plot.value(now, last, time - lastTime)));
        [last, lastTime, lastName] = [now, time, model];
      }
    } catch {
      last = null; // without a token, or while the service is away
    }
    setTimeout(step, 1000 * SECONDS);
  }
  step();
}

function parse(text, model) {
  const values = {};
  const label = `pool="${model}"`;
  for (const line of text.split("\n")) {
    if (!line.startsWith("trtyolo_pool_") || !line.includes(label)) continue;
    const space = line.lastIndexOf(" ");
    values[line.slice("trtyolo_pool_".length, space)] = Number(line.slice(space + 1));
  }
  const value = (metric, more = "") => values[`${metric}{${label}${more}}`] ?? 0;
  return {
    finished: value("done_total", ',outcome="finished"'),
    waiting: value("waiting"),
    latency_sum: value("latency_seconds_sum"), latency_count: value("latency_seconds_count"),
    queue_sum: value("queue_seconds_sum"), queue_count: value("queue_seconds_count"),
  };
}

function mean(now, last, of) {
  const count = now[`${of}_count`] - last[`${of}_count`];
  return count > 0 ? (now[`${of}_sum`] - last[`${of}_sum`]) / count : 0;
}

function makePlot(parent, title) {
  const figure = document.createElement("figure"), caption = document.createElement("figcaption");
  const number = document.createElement("b"), words = document.createElement("span");
  figure.className = "plot";
  words.textContent = title;
  number.textContent = "–";
  caption.append(words, number);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  svg.setAttribute("viewBox", `0 0 ${LENGTH - 1} 10`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  figure.append(caption, svg);
  parent.append(figure);
  return { number, line };
}

function add(plot, value) {
  plot.values.push(value);
  if (plot.values.length > LENGTH) plot.values.shift();
  plot.number.textContent = value >= 100 ? value.toFixed(0) : value.toFixed(1);
  const top = Math.max(...plot.values, 1e-9), first = LENGTH - plot.values.length;
  const points = plot.values.map((one, index) => `${first + index},${(9.5 - (9 * one) / top).toFixed(2)}`);
  plot.line.setAttribute("points", points.join(" "));
}
