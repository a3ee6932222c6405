// What the page asks the service for. Errors are Error objects with the service's sentence.

let token = sessionStorage.getItem("token") ?? "";

export class TokenError extends Error {}

export function useToken(given) {
  token = given;
  sessionStorage.setItem("token", given);
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The service cannot be reached.");
  }
  if (response.ok) return response;
  let sentence = `The service answered ${response.status}.`;
  try {
    sentence = (await response.json()).error ?? sentence;
  } catch { /* no JSON: of something between */ }
  throw response.status === 401 ? new TokenError(sentence) : new Error(sentence);
}

export async function models() {
  return (await (await ask("predict")).json()).models;
}

export async function metrics() {
  return (await ask("metrics")).text();
}

// What the model finds in a picture file; of depth estimators with the distances.
export async function predict(model, file, signal) {
  if (model.task === "depth") return depth(model, file, signal);
  const path = `predict/${encodeURIComponent(model.name)}`;
  const headers = { "Content-Type": file.type || "application/octet-stream" };
  const found = await (await ask(path, { method: "POST", body: file, headers, signal })).json();
  return found.images[0];
}

async function depth(model, file, signal) {
  const input = { name: "image", datatype: "BYTES", shape: [1], parameters: { binary_data_size: file.size + 4 } };
  const head = new TextEncoder().encode(JSON.stringify({
    inputs: [input], outputs: [{ name: "sizes" }, { name: "depth", parameters: { binary_data: true } }],
  }));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, file.size, true);
  const response = await ask(`v2/models/${encodeURIComponent(model.name)}/infer`, {
    method: "POST", body: new Blob([head, length, file]), signal,
    headers: { "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": String(head.length) },
  });
  const body = await response.arrayBuffer();
  const size = Number(response.headers.get("Inference-Header-Content-Length"));
  const [height, width] = JSON.parse(new TextDecoder().decode(body.slice(0, size))).outputs[0].data;
  return { width, height, metres: new Float32Array(body.slice(size)) };
}
