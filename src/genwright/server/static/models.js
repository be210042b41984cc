// Pulling models with progress, by server-sent events read from a POST.

import { problem, toast } from "./app.js";

async function pull(form) {
  const box = form.querySelector("[data-pulling]");
  const bar = box.querySelector("progress");
  const told = box.querySelector("[data-told]");
  const stop = box.querySelector("[data-stop]");
  const button = form.querySelector("button");
  const running = new AbortController();
  button.hidden = true;
  box.hidden = false;
  stop?.addEventListener("click", () => running.abort());
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { accept: "text/event-stream" },
      signal: running.signal,
    });
    if (!response.ok) throw new Error(await problem(response));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the connection broke off");
      rest += value;
      const whole = rest.split("\n\n");
      rest = whole.pop();
      for (const each of whole) {
        const kind = /^event: (.*)$/m.exec(each)?.[1];
        const data = JSON.parse(/^data: (.*)$/m.exec(each)?.[1] ?? "{}");
        if (kind === "progress") {
          if (data.total) bar.value = data.done / data.total;
          else bar.removeAttribute("value");
          told.textContent = data.what;
        } else if (kind === "done") {
          location.reload();
          return;
        } else if (kind === "failed") throw new Error(data.message);
      }
    }
  } catch (error) {
    toast(error.name === "AbortError" ? "Stopped; what was fetched is kept." : error.message, true);
    button.hidden = false;
    box.hidden = true;
  }
}

for (const form of document.querySelectorAll("[data-pull]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    pull(form);
  });
}
