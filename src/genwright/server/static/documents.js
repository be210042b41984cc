// Uploading by drag and drop: one request a file, each with its progress and outcome.

import { toast } from "./app.js";

document.documentElement.classList.add("scripted");

export function watchDrop(form, done = () => {}) {
  const input = form.querySelector("input[type=file]");
  const outcomes = form.querySelector("[data-outcomes]");
  const collection = () => form.querySelector("[name=collection]").value;

  const row = (name) => {
    const line = document.createElement("li");
    line.className = "outcome";
    const label = document.createElement("span");
    label.className = "clip";
    label.textContent = name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Adding ${name}`);
    const told = document.createElement("span");
    told.className = "told muted";
    told.textContent = "waiting";
    line.append(label, bar, told);
    outcomes.append(line);
    return { line, bar, told };
  };

  const send = (file, { line, bar, told }) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const body = new FormData();
      body.append("collection", collection());
      body.append("files", file, file.name);
      const end = (text, bad) => {
        bar.hidden = true;
        told.textContent = text;
        line.classList.add(bad ? "bad" : "good");
        resolve(!bad);
      };
      request.upload.onprogress = (event) => {
        bar.value = event.total ? (event.loaded / event.total) * 0.5 : 0;
        told.textContent = event.loaded < event.total ? "sending" : "reading";
        if (event.loaded >= event.total) bar.removeAttribute("value");
      };
      request.onload = () => {
        try {
          const reply = JSON.parse(request.responseText);
          const each = reply.files?.[0];
          if (each) end(each.reason || "added", Boolean(each.reason));
          else end(reply.error?.message ?? `${request.status}`, true);
        } catch {
          end(`${request.status} ${request.statusText}`, true);
        }
      };
      request.onerror = () => end("the connection broke off", true);
      request.open("POST", form.action);
      request.setRequestHeader("accept", "application/json");
      request.send(body);
    });

  const add = async (files) => {
    const rows = [...files].map((file) => [file, row(file.name)]);
    let added = 0;
    for (const [file, shown] of rows) added += await send(file, shown);
    toast(`${added} of ${rows.length} added`, added < rows.length);
    input.value = "";
    if (added) done(added);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) add(input.files);
  });
  input.addEventListener("change", () => {
    if (input.files.length) add(input.files);
  });
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) add(event.dataTransfer.files);
  });
}

if (document.querySelector("[data-documents-page], .page [data-drop]") && !document.querySelector(".home")) {
  for (const form of document.querySelectorAll("[data-drop]")) {
    watchDrop(form, () => setTimeout(() => location.reload(), 900));
  }
}
