// What every page does by itself: fragments, title and icon follow their state, durations tick, toasts go, buttons keep
// their width while busy, menus stay on the screen. Every form and link works without it. Keys and palette: hand.js.

import { live } from "./live.js";
import { copyText } from "./copy.js";
import "./hand.js";

const QUICK_MS = 250; // Changes that come together are fetched together.
const SAFETY_MS = 10000; // A lost message is made good by this.
const TOAST_MS = 6000;
const UNDO_MS = 15000;
const page = document.documentElement;

// Fragments
const parts = () => document.querySelectorAll("[hx-trigger~=changed]");
if (parts().length || document.querySelector("[hx-get],[hx-post]")) {
  const script = document.createElement("script");
  script.src = new URL("vendor/htmx-4.0.1.min.js", import.meta.url);
  script.addEventListener("load", () => missed && refresh());
  document.head.append(script);
}
let missed = false; // What came before htmx did.
function refresh() {
  missed = !window.htmx;
  if (!missed) for (const part of parts()) window.htmx.trigger(part, "changed");
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

// A row of tabs that is wider than a phone shows the one that is open.
for (const tab of document.querySelectorAll(".inner-tabs [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.getBoundingClientRect().right - row.getBoundingClientRect().right + 40;
}

if (live) {
  live.onChanged = refreshSoon;
  setInterval(() => document.hidden || live.ended || refreshSoon(), SAFETY_MS);
  document.addEventListener("visibilitychange", () => document.hidden || refreshSoon());
}
for (const part of document.querySelectorAll("[data-every]")) {
  setInterval(() => document.hidden || refreshSoon(), Number(part.dataset.every));
}

// Title, icon, and how old what is shown may be
let fresh = Date.now();
let link = "";
function show() {
  const title = document.querySelector("[data-title]");
  if (title) document.title = title.dataset.title;
  const status = document.querySelector("[data-status]");
  if (status) document.getElementById("favicon").href = new URL(`icons/${status.dataset.status}.svg`, import.meta.url);
  if (document.querySelector("#deployment_status:not([data-running])")) {
    for (const undo of document.querySelectorAll('#toasts form[action$="/cancel"]')) undo.closest(".toast").remove(); // It has ended.
  }
}
function sayLink() {
  const chip = document.querySelector("[data-link]");
  if (!chip) return;
  const age = Math.round((Date.now() - fresh) / 1000);
  const text = link && age > 12 ? `Connection lost, as of ${duration(age)} ago` : link;
  if (chip.textContent !== text) chip.textContent = text;
}
show();
document.addEventListener("htmx:after:swap", () => {
  fresh = Date.now();
  show();
});
document.addEventListener("slipway:link", (event) => {
  link = event.detail === "Live" ? "" : event.detail;
  sayLink();
});

function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
const since = (moment) => duration(Math.max(0, (Date.now() - Date.parse(moment)) / 1000));
setInterval(() => {
  for (const part of document.querySelectorAll("[data-since]")) {
    part.textContent = since(part.dataset.since);
  }
  for (const time of document.querySelectorAll("[data-ago] time")) time.textContent = `${since(time.dateTime)} ago`; // Without a server too.
  sayLink();
}, 1000);

// Forms: ask first, then keep the button's width while it works
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.dataset.confirm && !form.dataset.confirmed) {
    event.preventDefault();
    return ask(form, event.submitter);
  }
  delete form.dataset.confirmed;
  const button = event.submitter;
  if (!button || form.method !== "post") return;
  // After the event, so that the button still counts for what is sent.
  setTimeout(() => {
    button.style.width = `${button.offsetWidth}px`;
    button.setAttribute("aria-busy", "true");
    button.setAttribute("aria-label", button.dataset.busy || form.dataset.busy || `${button.textContent.trim()}…`);
    button.disabled = true;
  });
});

function ask(form, button) {
  const dialog = document.getElementById("ask");
  document.getElementById("ask-title").textContent = form.dataset.confirm;
  document.getElementById("ask-consequence").textContent = form.dataset.consequence || "";
  const [yes, no] = ["yes", "no"].map((word) => document.getElementById(`ask-${word}`));
  const mends = button?.classList.contains("go"); // It takes nothing away.
  yes.textContent = button?.textContent.trim() || "Do it";
  yes.className = mends ? "btn go" : "btn danger";
  no.textContent = mends ? "Not now" : "Keep it";
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return button?.focus();
    form.dataset.confirmed = "yes";
    form.requestSubmit(button);
  }, { once: true });
  dialog.showModal();
}

window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // Back from the cache: states may have changed.
});

// Toasts
const toasts = document.getElementById("toasts");
export function toast(text, kind = "") {
  if (!toasts) return;
  const made = document.createElement("div");
  made.className = `toast ${kind}`;
  made.textContent = text;
  toasts.append(made);
  fade(made);
}
function fade(one) {
  const wait = one.querySelector("form") ? UNDO_MS : TOAST_MS;
  let timer = setTimeout(() => one.remove(), wait);
  for (const held of ["mouseenter", "focusin"]) one.addEventListener(held, () => clearTimeout(timer));
  for (const left of ["mouseleave", "focusout"]) {
    one.addEventListener(left, () => {
      clearTimeout(timer);
      timer = setTimeout(() => one.remove(), wait);
    });
  }
}
for (const one of toasts?.children ?? []) fade(one);
document.addEventListener("slipway:toast", (event) => toast(event.detail));

// Clicks
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy],[data-copy-text],[data-dismiss],[name=theme]");
  if (!button) return;
  if (button.dataset.dismiss !== undefined) button.closest(".toast").remove();
  else if (button.name === "theme") {
    event.preventDefault();
    setTheme(button.value);
  } else {
    const from = button.dataset.copy;
    copyText(from ? document.querySelector(from).textContent : button.dataset.copyText).then(() => {
      const said = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = said), 1500);
    });
  }
});
for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;

// Colours
function setTheme(name) {
  page.dataset.theme = name;
  document.cookie = `slipway-theme=${name}; path=/; max-age=31536000; samesite=lax`;
  localStorage.setItem("slipway-theme", name);
  document.querySelector("meta[name=color-scheme]").content = name === "system" ? "light dark" : name;
  for (const button of document.querySelectorAll("[name=theme]")) button.setAttribute("aria-pressed", button.value === name);
}
const kept = localStorage.getItem("slipway-theme");
if (kept && !document.cookie.includes("slipway-theme=")) setTheme(kept);

// Menus: beside their button; at the bottom of a phone by the style sheet
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (event.newState !== "open" || !menu.classList?.contains("menu")) return;
  const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  const below = button.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.top = `${below ? button.bottom + 4 : Math.max(8, button.top - 4 - menu.offsetHeight)}px`;
  menu.style.left = `${Math.max(8, Math.min(button.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
}, true);
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu:popover-open");
  const walk = event.target.closest?.("[data-walk]");
  const keys = menu ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
  if (!(menu || walk) || !keys.includes(event.key)) return;
  const stops = [...(menu || walk).querySelectorAll("a,button")];
  const next = stops.indexOf(document.activeElement) + (event.key === keys[1] ? 1 : -1);
  stops[(next + stops.length) % stops.length].focus();
  event.preventDefault();
});
