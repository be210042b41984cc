// What every page has: the theme, the navigation on phones, dialogs, confirmations, toasts.

const root = document.documentElement;
root.classList.add("scripted");

export function toast(text, bad = false) {
  const box = document.createElement("div");
  box.className = bad ? "toast bad" : "toast";
  box.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), bad ? 8000 : 4000);
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** What a failed reply says, from JSON in OpenAI's shape or in its status line. */
export async function problem(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

/** Events of a stream, as { kind, data }. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const whole = rest.split("\n\n");
    rest = whole.pop();
    for (const each of whole) {
      const kind = /^event: (.*)$/m.exec(each)?.[1] ?? "message";
      const data = /^data: (.*)$/m.exec(each)?.[1];
      if (data) yield { kind, data: JSON.parse(data) };
    }
  }
}

function switchTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `genwright_theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Strict${secure}`;
}

function closeMenu() {
  if (location.hash !== "#sidebar") return;
  location.hash = "main";
  history.replaceState(null, "", location.pathname + location.search);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("button, a");
  if (!target) return;
  if (target.matches("[data-theme-toggle]")) switchTheme();
  if (target.matches("[data-dialog]")) document.getElementById(target.dataset.dialog).showModal();
  if (target.matches("[data-dialog-close]")) target.closest("dialog").close();
});

document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (asked && !confirm(asked)) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenu();
});

addEventListener("hashchange", () => {
  if (location.hash === "#sidebar") document.querySelector("#sidebar a")?.focus();
});

/** Put questions to begin with where a page has a place for them; the server tries them first. */
export async function showSuggestions() {
  const place = document.querySelector("[data-suggestions]");
  const response = place && (await fetch("/chat/suggestions").catch(() => null));
  if (response?.ok) place.innerHTML = await response.text();
}
