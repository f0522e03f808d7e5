// The log viewer of deployments and services: appends numbered lines as text, follows the end, links to lines.

import { live } from "./live.js";

const BLOCK = 200; // Lines that the browser lays out, or skips, as one.
const BLOCKS = 250; // Older ones leave the page; "Earlier lines" brings them back.
const ESCAPES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f]/g;

const log = document.getElementById("log");
const state = document.querySelector("[data-state]");
const button = document.querySelector("[data-follow]");
const bySource = log.classList.contains("by-source");
const blocks = log.getElementsByClassName("block");
let following = !log.hasAttribute("data-still") && !location.hash;
let connection = ["away", "Connecting"];

function plain(text) {
  const shown = text.replace(/\r+$/, "");
  return shown.slice(shown.lastIndexOf("\r") + 1).replace(ESCAPES, "");
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(line) {
  const made = element("div", "line");
  for (const word of [line.level, line.kind]) if (/^[a-z]+$/.test(word)) made.classList.add(word);
  made.id = `L${line.seq}`;
  const number = element("a", "", line.seq);
  number.href = `#L${line.seq}`;
  const time = element("time", "", line.at.slice(11, 23));
  time.dateTime = line.at;
  made.append(number, time);
  if (bySource) made.append(element("i", "who", line.source));
  made.append(element("span", "", plain(line.text)));
  return made;
}

function append(lines) {
  log.querySelector(".none")?.remove();
  let block = blocks[blocks.length - 1];
  for (const line of lines) {
    if (block.childElementCount >= BLOCK) {
      block = element("div", "block");
      log.append(block);
    }
    block.append(row(line));
  }
  while (blocks.length > BLOCKS) blocks[0].remove();
  if (following) toEnd();
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function say() {
  const [kind, word] = connection;
  state.hidden = false;
  state.className = `state ${kind}`;
  state.textContent = kind === "live" && !following ? "Paused" : word;
  button.hidden = false;
  button.textContent = following ? "Following" : "Follow";
  button.setAttribute("aria-pressed", String(following));
}

function follow(on) {
  if (following === on) return;
  following = on;
  if (on) toEnd();
  say();
}

log.addEventListener("scroll", () => follow(log.scrollHeight - log.scrollTop - log.clientHeight < 40), { passive: true });
button.addEventListener("click", () => follow(!following));

function showLinked() {
  const wanted = /^#L(\d+)$/.exec(location.hash);
  if (!wanted) return;
  following = false;
  const line = document.getElementById(wanted[0].slice(1));
  const first = Number(log.dataset.first);
  if (line) line.scrollIntoView({ block: "center" });
  else if (Number(wanted[1]) < first) location.search = `?before=${Number(wanted[1]) + 100}`;
}
window.addEventListener("hashchange", () => {
  showLinked();
  say();
});

if (log.hasAttribute("data-still")) {
  showLinked();
} else {
  const shown = log.querySelectorAll(".line");
  live.after = shown.length ? Number(shown[shown.length - 1].id.slice(1)) : 0;
  live.onLines = append;
  live.onState = (...told) => {
    connection = told;
    say();
  };
  if (following) toEnd();
  showLinked();
  say();
}
