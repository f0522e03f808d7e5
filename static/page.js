// Small comforts of every page: fragments follow their state, durations tick, copy, confirm, busy buttons.
// Every form and link works without it.

import { live } from "./live.js";

const QUICK_MS = 250; // Changes that come together are fetched together.
const SAFETY_MS = 10000; // A lost message is made good by this.

function refresh() {
  for (const part of document.querySelectorAll("[hx-trigger=changed]")) window.htmx.trigger(part, "changed");
}

let waiting = null;
let last = 0;
function refreshSoon() {
  if (waiting) return;
  waiting = setTimeout(() => {
    waiting = null;
    last = Date.now();
    refresh();
  }, Math.max(0, last + QUICK_MS - Date.now()));
}

if (live) {
  live.onChanged = refreshSoon;
  setInterval(() => document.hidden || live.ended || refreshSoon(), SAFETY_MS);
}
for (const part of document.querySelectorAll("[data-every]")) {
  setInterval(() => document.hidden || refreshSoon(), Number(part.dataset.every));
}

document.addEventListener("htmx:after:swap", () => {
  const title = document.querySelector("[data-title]");
  if (title) document.title = title.dataset.title;
});

function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
setInterval(() => {
  for (const part of document.querySelectorAll("[data-since]")) {
    part.textContent = duration(Math.max(0, (Date.now() - Date.parse(part.dataset.since)) / 1000));
  }
}, 1000);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) return event.preventDefault();
  const button = event.submitter;
  if (!button || form.method !== "post") return;
  // After the event, so that the button still counts for what is sent.
  setTimeout(() => {
    button.disabled = true;
    if (form.dataset.busy) button.textContent = form.dataset.busy;
  });
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // Back from the cache: states may have changed.
});

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}
