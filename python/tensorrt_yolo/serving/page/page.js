// The page: a picture goes to the service, what it finds is drawn, and thresholds choose among it.

import { colour, draw, rangeOf } from "./drawing.js";
import { startPlots } from "./plots.js";
import { TokenError, metrics, models, predict, useToken } from "./requests.js";

const MOST_PIXELS_WIDE = 3000; // of the canvas
const $ = (id) => document.getElementById(id);
const state = { models: [], file: null, picture: null, found: null, asked: null, left_out: new Set(), seconds: 0 };

const model = () => state.models.find((one) => one.name === $("model").value);

// --- models

async function loadModels() {
  try {
    state.models = await models();
    $("access").hidden = true;
    showError("");
  } catch (error) {
    return fail(error);
  }
  $("model").replaceChildren(...state.models.map((one) => new Option(`${one.name} (${one.task})`, one.name)));
  if (!state.models.length) showError("The service has no model yet.");
  chooseModel();
}

function chooseModel() {
  const parameters = model()?.parameters ?? {};
  setSlider("conf", parameters.conf, 1, parameters.conf);
  setSlider("most", 1, parameters.max_det ?? parameters.topk, parameters.max_det ?? parameters.topk);
  $("conf-row").hidden = parameters.conf === undefined;
  $("most-words").textContent = model()?.task === "classify" ? "Classes" : "Objects";
  $("list").hidden = model()?.task === "depth";
  $("most-row").hidden = parameters.max_det === undefined && parameters.topk === undefined;
  $("classes-row").hidden = parameters.max_det === undefined && model()?.task !== "semantic";
  $("thresholds").hidden = $("conf-row").hidden && $("most-row").hidden && $("classes-row").hidden;
  state.left_out.clear();
  state.found = null;
  if (state.file) ask();
  else show();
}

function setSlider(id, min, max, value) {
  if (min === undefined || max === undefined) return;
  Object.assign($(id), { min, max, value });
}

// --- pictures

async function take(file) {
  if (!file) return;
  state.file = file;
  state.found = null;
  state.picture = await createImageBitmap(file).catch(() => null); // the service may know formats that browsers do not
  show();
  await ask();
}

async function ask() {
  if (!model()) return;
  state.asked?.abort();
  const asked = (state.asked = new AbortController());
  showError("");
  $("status").textContent = "Looking …";
  const began = performance.now();
  try {
    const found = await predict(model(), state.file, asked.signal);
    if (asked.signal.aborted) return;
    state.found = found;
    state.seconds = (performance.now() - began) / 1000;
    state.left_out.clear();
  } catch (error) {
    if (error.name === "AbortError") return;
    state.found = null;
    fail(error);
  }
  show();
}

// --- what is shown

function objects() {
  const found = state.found;
  if (!found) return [];
  if (found.top) return found.top;
  if (found.semantic) return classesOfPixels(found.semantic);
  return found.objects ?? [];
}

function classesOfPixels(semantic) {
  const names = model().names;
  return Object.keys(semantic.classes).map((key) => ({ class: Number(key), name: names[key] ?? key }));
}

function chosen() {
  const conf = $("conf-row").hidden ? -1 : Number($("conf").value);
  const lowest = Number($("conf").min);
  return objects()
    .filter((one) => (conf <= lowest || one.score > conf) && !state.left_out.has(one.class))
    .slice(0, $("most-row").hidden ? undefined : Number($("most").value));
}

function show() {
  $("conf-value").textContent = Number($("conf").value).toFixed(2);
  $("most-value").textContent = $("most").value;
  const shown = chosen();
  const ready = state.picture || state.found;
  $("hint").hidden = Boolean(ready);
  if (ready) draw($("canvas"), state.picture, state.found, shown, MOST_PIXELS_WIDE);
  else Object.assign($("canvas"), { width: 960, height: 480 }); // empty again
  showClasses();
  showFound(shown);
  if (state.found) showStatus(shown);
  else if (!$("error").hidden || !state.file) $("status").textContent = "";
}

function showStatus(shown) {
  const { width, height, metres } = state.found;
  $("status").textContent = `${metres ? distances(metres) : counted(shown)}; ${width} × ${height} pixels; ${state.seconds.toFixed(2)} s`;
  const names = [...new Set(shown.map((one) => one.name))].join(", ");
  $("canvas").setAttribute("aria-label", metres ? "Depth of the picture" : `The picture, with: ${names || "nothing found"}`);
}

function counted(shown) {
  const all = objects().length, [one, several] = state.found.objects ? ["object", "objects"] : ["class", "classes"];
  return `${shown.length} of ${all} ${all === 1 ? one : several}`;
}

function distances(metres) {
  const [least, largest] = rangeOf(metres);
  return `Yellow is near (${least.toFixed(1)} m), violet far (${largest.toFixed(1)} m)`;
}

function showClasses() {
  const counts = new Map();
  for (const one of objects()) counts.set(one.class, { name: one.name, count: (counts.get(one.class)?.count ?? 0) + 1 });
  $("no-classes").hidden = counts.size > 0;
  const focused = document.activeElement?.value;
  $("classes").replaceChildren(...[...counts].sort(([a], [b]) => a - b).map(([index, { name, count }]) => {
    const item = document.createElement("li"), label = document.createElement("label"), box = document.createElement("input");
    Object.assign(box, { type: "checkbox", value: `class ${index}`, checked: !state.left_out.has(index) });
    box.addEventListener("change", () => {
      if (box.checked) state.left_out.delete(index);
      else state.left_out.add(index);
      show();
    });
    label.append(box, swatch(index), state.found.objects ? `${name} (${count})` : name);
    item.append(label);
    return item;
  }));
  if (focused) [...$("classes").querySelectorAll("input")].find((box) => box.value === focused)?.focus();
}

function showFound(shown) {
  $("found").replaceChildren(...shown.map((one) => {
    const item = document.createElement("li"), name = document.createElement("span"), score = document.createElement("span");
    name.className = "name";
    name.textContent = one.name;
    score.className = "score";
    score.textContent = one.score === undefined ? "" : one.score.toFixed(3);
    item.append(swatch(one.class), name, score);
    return item;
  }));
}

function swatch(index) {
  const spot = document.createElement("span");
  spot.className = "swatch";
  spot.style.background = colour(index); // by the object model, which the policy of the page allows
  return spot;
}

function showError(sentence) {
  $("error").textContent = sentence;
  $("error").hidden = !sentence;
}

function fail(error) {
  showError(error.message);
  if (error instanceof TokenError) {
    $("access").hidden = false;
    $("token").focus();
  }
}

// --- what the person does

for (const id of ["file", "photo"]) {
  $(id).addEventListener("change", (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // the same file can be chosen again
  });
}
for (const id of ["conf", "most"]) $(id).addEventListener("input", show);
$("model").addEventListener("change", chooseModel);
$("access").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken($("token").value);
  loadModels();
});
window.addEventListener("resize", show);
window.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  window.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") take(event.dataTransfer.files[0]);
  });
}

loadModels();
startPlots($("plots"), metrics, () => model()?.name);
