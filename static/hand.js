// Fast by hand: the palette, keys, the sheet of keys, a linked page as a dialog. All of it is a short cut to a link or a
// form of the page.

import { bodyOf, command, copyText, curl } from "./copy.js";

const palette = document.getElementById("palette");
const input = document.getElementById("palette-input");
const list = document.getElementById("palette-list");
const KEYS = [["⌘K or Ctrl K", "Find or do"], ["?", "This sheet"], ["/", "Filter or search"], ["j, k", "Next, previous row"], ["Enter", "Open the row"], ["Esc", "Close"]];
const tell = (text) => document.dispatchEvent(new CustomEvent("slipway:toast", { detail: text }));

// What this page offers
function pages() {
  return [...document.querySelectorAll(".side a.item")].map((a) => ({ kind: "Page", name: a.textContent.trim(), note: a.dataset.keys || "", run: () => a.click() }));
}
function actions() {
  const found = [];
  for (const one of document.querySelectorAll("#main [data-do], .top [data-do], #main [data-api]:not([data-do])")) {
    const name = one.dataset.name || wordsOf(one);
    const press = one.tagName === "FORM" ? () => one.requestSubmit(one.querySelector("button:not([type=button])")) : () => one.click();
    if (one.querySelector?.("button:disabled")) continue;
    if (one.dataset.do) found.push({ kind: "Do", name, note: "", run: press, to: one.getAttribute("action"), isOfRow: Boolean(one.closest("tr")) });
    if (one.dataset.api) found.push({ kind: "API", name: `Copy as API call: ${name}`, note: "", run: () => copyCall(one.dataset.api, one.elements ? bodyOf(one) : one.dataset.apiBody) });
    if (command(one)) found.push({ kind: "CLI", name: `Copy as CLI: ${name}`, note: "", run: () => copyCommand(one) });
  }
  return found;
}
// A button of a row says what it does, and the row to what.
function wordsOf(one) {
  const words = one.dataset.do || (one.querySelector("button:not([type=button])") || one).textContent.trim();
  const row = one.closest("tr")?.querySelector("b,a")?.textContent.trim() ?? "";
  return words.includes(row) ? words : `${words} ${row}`;
}
function copyCall(call, body) {
  copyText(curl(call, body)).then(() => tell(`Copied. Set SLIPWAY_TOKEN to a token of yours${body?.includes('"…"') ? ', and write each secret in place of its "…"' : ""}.`));
}
function copyCommand(one) {
  copyText(command(one)).then(() => tell(`Copied. Sign in once by: slipway login ${location.origin}`));
}
function post(address) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  form.append(document.querySelector("[name=csrfmiddlewaretoken]").cloneNode());
  document.body.append(form);
  form.submit();
}

// The palette
let items = [];
let at = 0;
let asked = null;
let later = null;
function fits(item, words) {
  return words.every((word) => `${item.name} ${item.note}`.toLowerCase().includes(word));
}
function inOrder(all) {
  const of = (...kinds) => all.filter((item) => !item.isOfRow && kinds.includes(item.kind));
  return [...of("Do"), ...of("Page"), ...of("Service", "Project", "Deployment"), ...all.filter((item) => item.isOfRow), ...of("API", "CLI")];
}
async function search() {
  const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const mine = [...actions(), ...pages()].filter((item) => fits(item, words));
  draw(inOrder(mine));
  asked?.abort();
  asked = new AbortController();
  const query = new URLSearchParams({ q: input.value.trim(), service: palette.dataset.service || "" });
  try {
    const answer = await fetch(`${palette.dataset.url}?${query}`, { signal: asked.signal, headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const told = (await answer.json()).items.filter((item) => !mine.some((own) => own.to && own.to === item.post));
    const theirs = told.map((item) => ({ ...item, run: () => (item.post ? post(item.post) : location.assign(item.href)) }));
    draw(inOrder([...mine, ...theirs]), at);
  } catch {
    // The next key asks again; what the page knows by itself stands there.
  }
}
function draw(found, keep = 0) {
  items = found;
  list.replaceChildren(...items.map((item, index) => option(item, index)));
  if (!items.length) list.append(Object.assign(document.createElement("li"), { textContent: "Nothing fits. Try a name, a commit or a word of its message.", className: "dim", role: "option", ariaDisabled: "true" }));
  choose(Math.min(keep, items.length - 1));
}
function option(item, index) {
  const made = document.createElement("li");
  made.role = "option";
  made.id = `option-${index}`;
  for (const [name, text] of [["kind", item.kind], ["", item.name], ["say", item.note]]) {
    const part = document.createElement(name ? "span" : "b");
    part.className = name;
    part.textContent = text;
    made.append(part);
  }
  made.addEventListener("click", () => take(index));
  made.addEventListener("pointermove", () => choose(index));
  return made;
}
function choose(index) {
  at = Math.max(0, index);
  for (const [place, one] of [...list.children].entries()) one.setAttribute("aria-selected", place === at);
  input.setAttribute("aria-activedescendant", items.length ? `option-${at}` : "");
  if (items.length) list.children[at].scrollIntoView({ block: "nearest" });
}
function take(index) {
  if (!items[index]) return;
  palette.close();
  items[index].run();
}
function openPalette() {
  if (!palette || palette.open) return palette?.close();
  input.value = "";
  palette.showModal();
  search();
}
input?.addEventListener("input", () => {
  at = 0;
  clearTimeout(later);
  later = setTimeout(search, 60);
});
input?.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) choose((at + step + items.length) % Math.max(1, items.length));
  else if (event.key === "Enter") take(at);
  else if (event.key === "Escape") palette.close(); // A browser would empty the field first.
  else return;
  event.preventDefault();
});

// The sheet
function openSheet() {
  const named = [...document.querySelectorAll(".side [data-keys], [data-what]")].map((a) => [a.dataset.keys, a.dataset.what || a.textContent.trim()]);
  const rows = [...KEYS, ...named].map(([keys, what]) => {
    const row = document.createElement("div");
    row.append(Object.assign(document.createElement("dt"), { textContent: what }), document.createElement("dd"));
    row.lastChild.append(Object.assign(document.createElement("kbd"), { textContent: keys }));
    return row;
  });
  document.getElementById("sheet-keys").replaceChildren(...rows);
  document.getElementById("single-keys").checked = singles();
  document.getElementById("sheet").showModal();
}
const singles = () => localStorage.getItem("slipway-keys") !== "off";
document.getElementById("single-keys")?.addEventListener("change", (event) => localStorage.setItem("slipway-keys", event.target.checked ? "on" : "off"));

// Keys
let jump = -Infinity; // When g was pressed, not when a busy page came to it.
function row(step) {
  const links = [...document.querySelectorAll("[data-rows] > *")].filter((one) => !one.hidden).map((one) => one.querySelector("a")).filter(Boolean);
  if (!links.length) return false;
  const here = links.findIndex((one) => one.parentElement.closest("[data-rows] > *")?.contains(document.activeElement));
  links[Math.max(0, Math.min(links.length - 1, here + step))].focus();
  return true;
}
function press(key, at) {
  if (at - jump < 1000) {
    jump = -Infinity;
    const link = document.querySelector(`[data-keys="g ${CSS.escape(key)}"]`);
    link?.click();
    return Boolean(link);
  }
  if (key === "g") return (jump = at), true;
  if (key === "?") return openSheet(), true;
  if (key === "j" || key === "k") return row(key === "j" ? 1 : -1);
  const field = key === "/" && document.querySelector("[data-filter]");
  if (field) field.focus();
  return Boolean(field);
}
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openPalette();
  }
  const typing = event.target.closest("input,select,textarea,[contenteditable]");
  if (!palette || typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]") || !singles()) return;
  if (press(event.key, event.timeStamp)) event.preventDefault();
});

// Filters: the page's own list at once, and again when it was fetched anew; the address for all of it
function filter(field) {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...document.querySelectorAll(`${field.dataset.filter} > *`)];
  for (const one of rows) one.hidden = !words.every((word) => one.textContent.toLowerCase().includes(word));
  const none = document.querySelector(`${field.dataset.filter}-none`);
  if (none) none.hidden = rows.some((one) => !one.hidden);
}
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-filter]");
  if (!field) return;
  filter(field);
  const here = new URL(location.href); // So that it is there after a reload.
  here.searchParams.set(field.name, field.value);
  history.replaceState(history.state, "", here);
});
document.addEventListener("htmx:after:swap", () => {
  for (const field of document.querySelectorAll("[data-filter]")) if (field.value !== field.defaultValue) filter(field);
});

document.addEventListener("change", (event) => event.target.closest("form[data-auto]")?.requestSubmit());

// Clicks
document.addEventListener("click", (event) => {
  const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.button);
  const button = event.target.closest("[data-palette],[data-sheet],[data-curl],button[data-cli],a[data-dialog]");
  if (!button || !plain) return;
  if (button.dataset.palette !== undefined) openPalette();
  else if (button.dataset.sheet !== undefined) openSheet();
  else if (button.dataset.curl) copyCall(button.dataset.curl, button.dataset.curlBody);
  else if (button.dataset.cli) copyCommand(button);
  else {
    event.preventDefault();
    openPage(button.href);
  }
});

// A page that asks, as a dialog over the one that led to it
async function openPage(address) {
  try {
    const answer = await fetch(address);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#main > .stack");
    if (!answer.ok || answer.redirected || !found) return location.assign(address);
    for (const form of found.querySelectorAll("form")) if (!form.getAttribute("action")) form.action = address;
    const backs = [...found.querySelectorAll("form a.bare")];
    if (!backs.length) backs.push(closing(found));
    for (const back of backs) back.dataset.close = "";
    const dialog = document.getElementById("page-dialog");
    document.getElementById("page-dialog-body").replaceChildren(found);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") ?? dialog.querySelector("input:not([type=hidden])"))?.focus();
  } catch {
    location.assign(address);
  }
}
function closing(found) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn bare", textContent: "Close" });
  ([...found.querySelectorAll(".actions")].pop() ?? found).append(made);
  return made;
}
document.addEventListener("click", (event) => {
  const close = event.target.closest("#page-dialog [data-close]");
  if (!close) return;
  event.preventDefault();
  document.getElementById("page-dialog").close();
});
