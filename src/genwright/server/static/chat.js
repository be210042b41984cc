// The chat: asking, reading the stream, opening sources, feedback.
// All HTML that is put into the page was made and escaped by the server.

import { events, problem, showSuggestions, toast } from "./app.js";
import { hideMissingImages } from "./sources.js";

const frame = document.querySelector("[data-chat]");
const turns = frame.querySelector("[data-turns]");
const composer = frame.querySelector("[data-composer]");
const panel = frame.querySelector("[data-panel]");
const said = frame.querySelector("[data-said]");
const question = composer?.elements.text;
const replaces = composer?.elements.replaces;
let running = null;
let opener = null;

const add = (parent, tag, name, text = "") => {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  parent.append(made);
  return made;
};

function begin(text) {
  frame.querySelector("[data-welcome]")?.remove();
  const asked = add(turns, "article", "turn question");
  add(asked, "div", "bubble", text);
  const answer = add(turns, "article", "turn answer writing");
  const waiting = add(answer, "p", "waiting");
  add(waiting, "span", "spinner");
  add(waiting, "span", "", "Looking in your documents");
  const written = add(answer, "div", "answer-text");
  asked.scrollIntoView({ behavior: "smooth", block: "start" });
  return { asked, answer, waiting, written };
}

function working(on) {
  composer.querySelector("[data-send]").hidden = on;
  composer.querySelector("[data-stop]").hidden = !on;
}

function became(conversation) {
  frame.dataset.conversation = conversation;
  composer.action = `/chat/${conversation}/messages`;
  if (!location.pathname.endsWith(`/${conversation}`)) {
    history.replaceState(null, "", `/chat/${conversation}`);
  }
}

/** Read the turns again as the server keeps them. */
async function refresh() {
  const response = await fetch(`/chat/${frame.dataset.conversation}?part=turns`);
  if (response.ok) turns.innerHTML = await response.text();
}

/** After its first answer a conversation has a title, a place in the history, and its dialogs. */
async function settle() {
  const response = await fetch(`/chat/${frame.dataset.conversation}`, { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of [".chat-head", ".history nav"]) {
    document.querySelector(part).replaceWith(page.querySelector(part));
  }
  turns.replaceChildren(...page.querySelector("[data-turns]").childNodes);
  document.body.append(...page.querySelectorAll("dialog"));
  document.title = page.title;
}

async function ask(text, from = "") {
  const body = new URLSearchParams({ text, assistant: composer.elements.assistant.value });
  if (from) {
    body.set("replaces", from);
    cutFrom(from);
  }
  const shown = begin(text);
  const began = !frame.dataset.conversation;
  running = new AbortController();
  working(true);
  said.textContent = "Looking in your documents";
  let ended = false;
  try {
    const response = await fetch(composer.action, {
      method: "POST", body, signal: running.signal, headers: { accept: "text/event-stream" },
    });
    if (!response.ok) throw new Error(await problem(response));
    for await (const { kind, data } of events(response)) {
      if (kind === "started") became(data.conversation);
      if (kind === "sentence") write(shown, data);
      if (kind === "done") ended = true;
      if (data.error) throw new Error(data.error.message);
    }
    if (!ended) throw new Error("The connection ended before the answer did.");
    await (began ? settle() : refresh());
    said.textContent = lastAnswer();
  } catch (error) {
    await failed(shown, text, error);
  } finally {
    running = null;
    working(false);
  }
}

function write(shown, { html, goes_on }) {
  shown.waiting.remove();
  const template = document.createElement("template");
  template.innerHTML = html;
  const begun = shown.written.lastElementChild;
  if (goes_on && begun) begun.append(...template.content.firstElementChild.childNodes);
  else shown.written.append(template.content);
  const sentences = shown.written.querySelectorAll(".sentence");
  said.textContent = sentences[sentences.length - 1]?.innerText ?? "";
}

function lastAnswer() {
  const all = turns.querySelectorAll("[data-answer]");
  return all.length ? `Answer: ${all[all.length - 1].innerText}` : "";
}

async function failed(shown, text, error) {
  shown.waiting.remove();
  shown.answer.classList.remove("writing");
  if (error.name === "AbortError") {
    said.textContent = "Stopped";
    add(shown.answer, "p", "muted small", "Stopped.");
    if (!frame.dataset.conversation) return restore(text);
    await takeKept();
    return;
  }
  const notice = add(shown.answer, "div", "notice bad");
  notice.setAttribute("role", "alert");
  add(notice, "p", "", error.message);
  restore(text);
}

/** Show a stopped answer as the server keeps it, which takes it a moment. */
async function takeKept() {
  const before = turns.querySelectorAll(".question[data-message]").length;
  for (const wait of [300, 700, 1500, 3000]) {
    await new Promise((done) => setTimeout(done, wait));
    const response = await fetch(`/chat/${frame.dataset.conversation}?part=turns`);
    const template = document.createElement("template");
    template.innerHTML = response.ok ? await response.text() : "";
    if (template.content.querySelectorAll(".question[data-message]").length > before) {
      turns.replaceChildren(template.content);
      return;
    }
  }
}

function restore(text) {
  if (!question.value) question.value = text;
}

function cutFrom(message) {
  let each = turns.querySelector(`[data-message="${CSS.escape(message)}"]`);
  while (each) {
    const next = each.nextElementSibling;
    each.remove();
    each = next;
  }
}

function edit(turn) {
  question.value = turn.querySelector("[data-text]").textContent;
  replaces.value = turn.dataset.message;
  composer.querySelector("[data-editing]").hidden = false;
  question.focus();
}

function stopEditing() {
  replaces.value = "";
  composer.querySelector("[data-editing]").hidden = true;
}

/** The question above an answer. */
function questionOf(answer) {
  let each = answer.previousElementSibling;
  while (each && !each.matches(".question")) each = each.previousElementSibling;
  return each;
}

async function openSource(link) {
  const response = await fetch(link.dataset.source);
  if (!response.ok) return toast(await problem(response), true);
  closeSource();
  opener = link;
  link.setAttribute("aria-expanded", "true");
  panel.innerHTML = await response.text();
  hideMissingImages(panel);
  panel.hidden = false;
  panel.focus({ preventScroll: true });
  panel.querySelector("mark")?.scrollIntoView({ block: "center" });
  panel.scrollLeft = 0;
}

function closeSource() {
  if (panel.hidden) return;
  panel.hidden = true;
  panel.replaceChildren();
  opener?.removeAttribute("aria-expanded");
  opener?.focus({ preventScroll: true });
  opener = null;
}

async function copy(answer) {
  const words = answer.querySelector("[data-answer]").cloneNode(true);
  words.querySelectorAll(".badge").forEach((each) => each.remove());
  words.querySelectorAll(".cite").forEach((each) => each.replaceWith(` [${each.textContent}]`));
  const parts = [...words.children].map(plainText);
  await navigator.clipboard.writeText(parts.join("\n\n") || oneLine(words));
  toast("Copied");
}

const oneLine = (element) => element.textContent.replace(/\s+/g, " ").trim();

/** A paragraph, list or block as text: items and lines of code on lines of their own. */
function plainText(part) {
  if (part.matches("p")) return oneLine(part);
  if (!part.matches("ul, ol")) return part.textContent.trim();
  const mark = (item) => (part.matches("ol") ? `${item.value}.` : "-");
  return [...part.children].map((item) => `${mark(item)} ${oneLine(item)}`).join("\n");
}

async function sendFeedback(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const response = await fetch(form.action, { method: "POST", body });
  if (!response.ok) return toast(await problem(response), true);
  for (const each of form.querySelectorAll("[aria-pressed]")) {
    each.setAttribute("aria-pressed", String(each === submitter));
  }
  form.closest("details")?.removeAttribute("open");
  toast("Thank you: it is kept with the answer.");
}

frame.addEventListener("click", (event) => {
  const target = event.target.closest("button, a");
  if (!target) return;
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.button;
  if (target.matches("[data-source]") && !modified) {
    event.preventDefault();
    openSource(target);
  } else if (target.matches("[data-panel-close]")) {
    closeSource();
  } else if (target.matches("[data-copy]")) {
    copy(target.closest(".answer"));
  } else if (target.matches("[data-edit]")) {
    edit(target.closest(".turn"));
  } else if (target.matches("[data-edit-cancel]")) {
    stopEditing();
    question.value = "";
  } else if (target.matches("[data-again]") && !running) {
    const asked = questionOf(target.closest(".answer"));
    ask(asked.querySelector("[data-text]").textContent, asked.dataset.message);
  } else if (target.matches("[data-suggest]") && !modified) {
    event.preventDefault();
    question.value = target.dataset.suggest;
    composer.requestSubmit();
  } else if (target.matches("[data-stop]")) {
    running?.abort();
  }
});

composer?.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || running) return;
  const from = replaces.value;
  question.value = "";
  stopEditing();
  ask(text, from);
});

question?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

frame.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-feedback]")) return;
  event.preventDefault();
  sendFeedback(event.target, event.submitter);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (!panel.hidden) closeSource();
  else running?.abort();
});

if (location.hash === "#sharing") document.getElementById("sharing")?.showModal();

// A link from elsewhere may fill in a question; only the site's own first page has it sent at once.
if (question?.matches("[data-ask-now]") && document.referrer.startsWith(`${location.origin}/`)) {
  history.replaceState(null, "", "/chat");
  composer.requestSubmit();
}

showSuggestions();
