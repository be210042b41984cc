// The first page: models are pulled with their progress; files that are dropped or chosen are sent
// one by one, each with its outcome.

import { events, icon, problem, showSuggestions, toast } from "./app.js";

const form = document.querySelector("[data-drop]");

function outcome(list, name, reason) {
  const line = document.createElement("li");
  line.className = reason ? "bad" : "good";
  const words = document.createElement("span");
  words.textContent = reason ? `${name}: ${reason}` : `${name} was added`;
  line.append(icon(reason ? "warning" : "check"), words);
  list.append(line);
}

/** Send one file; what became of it as { name, reason }. */
function send(file, progress) {
  return new Promise((done) => {
    const body = new FormData();
    body.set("collection", form.elements.collection.value);
    body.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      // Once all is sent, the server reads and embeds it: that takes a while of its own.
      if (event.loaded < event.total) progress.value = event.loaded / event.total;
      else progress.removeAttribute("value");
    });
    request.addEventListener("loadend", () => {
      const told = request.response;
      const reason = told?.error?.message ?? (request.status === 200 ? "" : "it could not be sent");
      done(told?.files?.[0] ?? { name: file.name, reason });
    });
    request.send(body);
  });
}

async function add(files) {
  const list = form.querySelector("[data-outcomes]");
  const progress = form.querySelector("progress");
  const button = form.querySelector("button");
  list.replaceChildren();
  progress.hidden = false;
  button.disabled = true;
  let added = 0;
  for (const file of files) {
    progress.value = 0;
    const { name, reason } = await send(file, progress);
    outcome(list, name || file.name, reason);
    if (!reason) added += 1;
  }
  progress.hidden = true;
  button.disabled = false;
  form.elements.files.value = "";
  if (added && added === files.length) location.reload();
  else if (added) toast("Some files were not added: the list says why.");
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add([...form.elements.files.files]);
  });
  form.elements.files.addEventListener("change", () => form.requestSubmit());
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    form.addEventListener(kind, () => form.classList.remove("over"));
  }
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) add([...event.dataTransfer.files]);
  });
}

const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

async function pull(pulling) {
  const box = pulling.querySelector("[data-pulling]");
  const told = pulling.querySelector("[data-told]");
  const progress = pulling.querySelector("progress");
  const button = pulling.querySelector("button");
  button.disabled = true;
  box.hidden = false;
  try {
    const response = await fetch(pulling.action, {
      method: "POST", headers: { accept: "text/event-stream" },
    });
    if (!response.ok) throw new Error(await problem(response));
    for await (const { kind, data } of events(response)) {
      if (kind === "failed") throw new Error(data.message);
      if (kind === "done") return location.reload();
      if (data.total) {
        progress.value = data.done / data.total;
        told.textContent = `${data.what}: ${megabytes(data.done)} of ${megabytes(data.total)}`;
      } else if (data.what) {
        told.textContent = data.what;
      }
    }
    throw new Error("The connection ended before the model was there.");
  } catch (error) {
    told.textContent = error.message;
    button.disabled = false;
  }
}

for (const pulling of document.querySelectorAll("[data-pull]")) {
  pulling.addEventListener("submit", (event) => {
    event.preventDefault();
    pull(pulling);
  });
}

showSuggestions();
