// The arena: both answers as they are written, and votes by key. The server holds the names back.

import { events, problem, toast } from "./app.js";

const frame = document.querySelector("[data-arena]");
const turns = frame.querySelector("[data-turns]");
const form = frame.querySelector("[data-ask]");
const vote = frame.querySelector("[data-vote]");
const said = frame.querySelector("[data-said]");
const KEYS = { 1: "left", 2: "right", 3: "tie", 4: "bothbad" };
const NAMES = { left: "Left", right: "Right" };

const add = (parent, tag, name, text = "") => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = text;
  parent.append(made);
  return made;
};

function begin(question) {
  const turn = add(turns, "section", "arena-turn");
  add(turn, "h2", "arena-question", question);
  const sides = add(turn, "div", "sides");
  const shown = {};
  for (const side of Object.keys(NAMES)) {
    const card = add(sides, "article", "card side writing");
    card.setAttribute("aria-label", `${NAMES[side]} answer`);
    add(card, "h3", "", NAMES[side]);
    shown[side] = { card, text: add(card, "p", "side-text") };
  }
  turn.scrollIntoView({ behavior: "smooth", block: "nearest" });
  return shown;
}

function became(match) {
  frame.dataset.match = match;
  form.action = `/arena/${match}/turns`;
  vote.action = `/arena/${match}/vote`;
  history.replaceState(null, "", `/arena/${match}`);
}

async function ask(question) {
  const shown = begin(question);
  const send = form.querySelector("[data-send]");
  send.disabled = true;
  vote.hidden = true;
  said.textContent = "Both are answering";
  let ended = false;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams({ question }),
      headers: { accept: "text/event-stream" },
    });
    if (!response.ok) throw new Error(await problem(response));
    for await (const { kind, data } of events(response)) {
      if (kind === "started") became(data.match);
      if (kind === "text") shown[data.side].text.textContent += data.text;
      if (kind === "answered") {
        shown[data.side].text.textContent = data.text;
        shown[data.side].card.classList.remove("writing");
      }
      if (kind === "done") ended = true;
      if (data.error) throw new Error(data.error.message);
    }
    if (!ended) throw new Error("The connection ended before both answers did.");
    vote.hidden = false;
    said.textContent = "Both have answered. Which is better?";
    vote.querySelector("button").focus();
  } catch (error) {
    toast(error.message, true);
    said.textContent = error.message;
    for (const { card } of Object.values(shown)) card.classList.remove("writing");
  } finally {
    send.disabled = false;
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = form.elements.question;
  const question = field.value.trim();
  if (!question) return;
  field.value = "";
  ask(question);
});

form?.elements.question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("textarea, input, select");
  if (typing || vote.hidden || event.metaKey || event.ctrlKey || event.altKey) return;
  const winner = KEYS[event.key];
  if (winner) vote.requestSubmit(vote.querySelector(`[value="${winner}"]`));
});
