// The log viewer of deployments and services: follows the end, loads both ways, filters, finds, links to lines.
// The rows are log-pane.js's, finding log-find.js's, the connection live.js's.

import { live } from "./live.js";
import { Find } from "./log-find.js";
import { unfold } from "./log-fold.js";
import { Links } from "./log-links.js";
import { Pane } from "./log-pane.js";
import { kept, plainOf, toggleFold } from "./log-rows.js";

const FOLLOWED = 20000; // Lines that stay on the page while it follows; older ones are loaded again at need.
const MOST = 120000; // While one reads; beyond, the far end leaves.
const PAGE = 1000;
const NEAR_PX = 800;
const SAY_MS = 5000;
const NEVER = 10 ** 15 - 1;

const root = document.getElementById("logs");
const log = document.getElementById("log");
const form = root.querySelector("form");
const part = (name) => root.querySelector(`[data-${name}]`);
const tell = (text) => document.dispatchEvent(new CustomEvent("slipway:toast", { detail: text }));
export const pane = new Pane(log, Number(root.dataset.first), Number(root.dataset.last));
const q = form.elements.q;

let newest = Number(root.dataset.newest);
let isTail = !root.hasAttribute("data-still");
let following = isTail && !location.hash.startsWith("#L") && !q.value;
let connection = ["away", "Connecting"];
let isEnded = root.hasAttribute("data-ended");
let fresh = 0; // Lines below that were not looked at.
let queue = [];
let loads = 0; // Every new stretch of the log is one more; answers for an older one are dropped.
let isLoading = false;
let lastTop = 0;

// Filters: the form is what is wanted, also in the address.

function filters() {
  const told = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value && name !== "q") told.append(name, value);
  if (told.get("range") === "between") told.delete("range");
  if (isOnly() && q.value) told.set("q", q.value);
  return told;
}

const isOnly = () => part("only").getAttribute("aria-pressed") === "true";

function isWanted(line) {
  const told = filters();
  const levels = told.getAll("level");
  const at = Date.parse(line.at);
  if (line.kind === "gap") return true;
  if (levels.length && !levels.includes(line.severity)) return false;
  if (told.has("source") && told.get("source") !== line.source) return false;
  if (told.has("from") && at < Date.parse(`${told.get("from")}Z`)) return false;
  if (told.has("to") && at > Date.parse(`${told.get("to")}Z`)) return false;
  return !told.has("q") || plainOf(kept(line)).toLowerCase().includes(told.get("q").toLowerCase());
}

function addressed() {
  const told = filters();
  part("download").href = `${root.dataset.log}/download?${told}${told.size ? "&" : ""}times=1`;
  if (q.value) told.set("q", q.value);
  history.replaceState(history.state, "", `${location.pathname}${told.size ? `?${told}` : ""}${location.hash}`);
}

async function ask(path, params) {
  const told = filters();
  for (const [name, value] of Object.entries(params)) told.set(name, value);
  const answer = await fetch(`${root.dataset.log}${path}?${told}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

// Loading: a new stretch, or more at either end.

async function show(params) {
  loads += 1;
  const load = loads;
  isLoading = true;
  queue = [];
  try {
    const told = await ask("", { limit: PAGE, ...params });
    if (load !== loads) return false;
    pane.clear(told.first, told.last);
    pane.append(told.lines, told.last);
    arrived(told);
  } catch {
    say();
    return false;
  } finally {
    if (load === loads) isLoading = false;
  }
  return true;
}

function arrived(told) {
  newest = Math.max(newest, told.newest);
  isTail = pane.last >= newest;
  isEnded ||= told.finished;
  if (isTail) fresh = 0;
  learnSources(told.lines);
  say();
  markSoon();
}

async function more(isOlder) {
  if (isLoading || (isOlder ? pane.first <= 1 : isTail)) return;
  isLoading = true;
  const load = loads;
  try {
    const told = await ask("", { limit: PAGE, ...(isOlder ? { before: pane.first } : { after: pane.last }) });
    if (load !== loads) return;
    if (isOlder) {
      pane.prepend(told.lines, told.first);
      pane.dropNewer(MOST);
    } else {
      pane.append(told.lines, told.last);
      pane.dropOlder(MOST);
    }
    arrived(told);
    isLoading = false;
    setTimeout(moreIfNear);
  } catch {
    say(); // The next scroll, or the link itself, tries again.
  } finally {
    if (load === loads) isLoading = false;
  }
}

function moreIfNear() {
  const below = log.scrollHeight - log.scrollTop - log.clientHeight;
  if (!following && log.scrollTop < NEAR_PX) more(true);
  else if (!following && below < NEAR_PX) more(false);
  else if (following && log.scrollHeight <= log.clientHeight) more(true);
}

// What comes live: gathered, and put on the page once a frame.

function heard(lines) {
  newest = Math.max(newest, lines[lines.length - 1].seq);
  find.heard(lines);
  if (!isTail || isLoading) {
    isTail = false;
    fresh += lines.filter(isWanted).length;
    if (following && !isLoading) return toNewest();
    return say();
  }
  if (!queue.length) requestAnimationFrame(flush);
  for (const line of lines) queue.push(line);
  if (queue.length <= FOLLOWED) return;
  queue = queue.slice(-FOLLOWED / 2); // A flood, or a page in the background: what is left out is loaded at need.
  pane.clear(queue[0].seq, queue[0].seq - 1);
}

function flush() {
  const batch = queue.splice(0, 2 * PAGE);
  if (!batch.length) return;
  if (queue.length) requestAnimationFrame(flush);
  if (batch[0].seq > pane.last + 1 && pane.count) {
    isTail = false; // A hole: read it instead.
    queue = [];
    return following ? toNewest() : say();
  }
  const wanted = batch.filter(isWanted);
  pane.append(wanted, batch[batch.length - 1].seq);
  learnSources(wanted);
  if (following) {
    pane.dropOlder(FOLLOWED);
    toEnd();
  } else {
    fresh += wanted.length;
    if (pane.count > MOST) {
      pane.dropNewer(MOST);
      isTail = false;
    }
  }
  announce(wanted);
  say();
  markSoon();
}

function learnSources(lines) {
  const { options } = form.elements.source;
  const known = new Set([...options].map((option) => option.value));
  for (const source of new Set(lines.map((line) => line.source))) if (!known.has(source)) options.add(new Option(source, source));
}

// Following the end, until a person goes up.

function toEnd() {
  log.scrollTop = log.scrollHeight;
  pane.settle();
  lastTop = log.scrollTop;
}

function follow(on) {
  if (following === on) return;
  following = on;
  if (on) {
    fresh = 0;
    if (isTail) toEnd();
    else toNewest();
  } else links.heldAt = log.scrollTop; // The scroll to the end may be on its way: it is no wish to follow again.
  say();
}

async function toNewest() {
  following = true;
  if (await show({ before: NEVER })) toEnd();
}

let isScrolled = false;
// Once a frame: asking for heights more often would lay out the rows each time.
function scrollSoon() {
  if (isScrolled) return;
  isScrolled = true;
  requestAnimationFrame(() => {
    isScrolled = false;
    scrolled();
  });
}

function scrolled() {
  const isUp = log.scrollTop < lastTop - 2;
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  lastTop = log.scrollTop;
  pane.settle();
  if (log.scrollTop !== links.heldAt) links.heldAt = -1;
  if (isAtEnd && isTail && links.heldAt < 0) follow(true);
  else if (isUp) follow(false);
  moreIfNear();
  markSoon();
}

// What is said about it.

function say() {
  const state = part("state");
  const [kind, word] = connection;
  const isOn = kind === "live" || word === "Polling";
  root.toggleAttribute("data-ended", isEnded);
  const shown = isEnded && kind === "live" ? ["", "Ended"] : isOn && !following ? ["paused", "Paused"] : [kind, word];
  state.className = `state ${shown[0]}`;
  if (state.textContent !== shown[1]) state.textContent = shown[1];
  const button = part("follow");
  button.textContent = following ? "Following" : "Follow";
  button.setAttribute("aria-pressed", String(following));
  part("older").hidden = pane.first <= 1;
  part("newer").hidden = isTail;
  part("fresh").hidden = following || !fresh;
  part("fresh").textContent = `${fresh.toLocaleString("en")} new ${fresh === 1 ? "line" : "lines"} ↓`;
}

let unsaid = { lines: 0, errors: 0 };
let saying = null;
// For those who hear the page: not every line, but how many, now and then.
function announce(lines) {
  unsaid.lines += lines.length;
  unsaid.errors += lines.filter((line) => line.severity === "error").length;
  saying ??= setTimeout(() => {
    const errors = unsaid.errors ? `, ${unsaid.errors} of them errors` : "";
    part("said").textContent = unsaid.lines ? `${unsaid.lines} new lines${errors}` : "";
    unsaid = { lines: 0, errors: 0 };
    saying = null;
  }, SAY_MS);
}

let marking = null;
function markSoon() {
  marking ??= setTimeout(() => {
    marking = null;
    find.mark();
  }, 60);
}

// Finding.

const find = new Find(pane, (params) => ask("/search", params), () => {
  part("count").textContent = find.words;
  markSoon();
});

async function look() {
  addressed();
  pane.dressAll({ current: null });
  if (isOnly()) await show({ before: NEVER });
  await find.look(q.value);
}

async function step(by) {
  const number = find.step(by);
  if (number !== null) await links.show(number);
  pane.dressAll({ current: number });
}

function showBetween() {
  part("between").toggleAttribute("data-open", form.elements.range.value === "between");
}

async function filtered() {
  addressed();
  showBetween();
  if (await show({ before: NEVER })) toEnd();
  following = isTail;
  say();
  moreIfNear();
  if (q.value) find.look(q.value);
}

function unfiltered() {
  for (const box of form.querySelectorAll("[name=level]")) box.checked = false;
  for (const name of ["source", "range", "from", "to"]) form.elements[name].value = "";
  part("only").setAttribute("aria-pressed", "false");
  showBetween();
  addressed();
}

const links = new Links(pane, part("copy-lines"), async (number) => {
  follow(false);
  following = false;
  let isRead = pane.has(number) || (await show({ around: number }));
  if (!pane.has(number) && filters().size) {
    unfiltered();
    isRead = await show({ around: number });
  }
  if (isRead && !pane.has(number)) tell(number > newest ? `Nobody has said line ${number} yet.` : `Line ${number} is no longer kept.`);
  say();
});

// Wiring.

log.addEventListener("scroll", scrollSoon, { passive: true });
// The lines grow; the log itself shrinks when a phone shows its keyboard.
const sizes = new ResizeObserver(() => following && toEnd());
sizes.observe(pane.lines);
sizes.observe(log);
part("follow").addEventListener("click", () => follow(!following));
part("fresh").addEventListener("click", () => follow(true));
for (const [name, isOlder] of [["older", true], ["newer", false]]) {
  part(name).addEventListener("click", (event) => {
    event.preventDefault();
    more(isOlder);
  });
}
log.addEventListener("click", (event) => {
  const button = event.target.closest("button.fold");
  if (button) toggleFold(button);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (document.activeElement === q) step(find.at < 0 ? 0 : 1);
  else filtered();
});
q.addEventListener("input", look);
q.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  } else if (event.key === "Escape") {
    q.value = "";
    look();
    log.focus();
  }
});
form.addEventListener("change", (event) => event.target !== q && filtered());
for (const button of form.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => step(Number(button.dataset.step)));
}
part("only").addEventListener("click", () => {
  part("only").setAttribute("aria-pressed", String(!isOnly()));
  filtered();
});

function looks(name, isOn) {
  root.querySelector(`[data-look=${name}]`).setAttribute("aria-pressed", String(isOn));
  log.classList.toggle(`no-${name}`, !isOn);
  if (following) toEnd();
}
function switchLook(name) {
  const isOn = log.classList.contains(`no-${name}`);
  localStorage.setItem(`slipway.log.${name}`, isOn ? "on" : "off");
  looks(name, isOn);
}
for (const button of root.querySelectorAll("[data-look]")) {
  looks(button.dataset.look, localStorage.getItem(`slipway.log.${button.dataset.look}`) !== "off");
  button.addEventListener("click", () => switchLook(button.dataset.look));
}

const KEYS = {
  "/": () => {
    unfold();
    q.select();
  },
  n: () => step(1),
  N: () => step(-1),
  f: () => follow(!following),
  w: () => switchLook("wrap"),
  t: () => switchLook("times"),
};
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, [contenteditable], dialog");
  if (isTyping || localStorage.getItem("slipway-keys") === "off" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key];
  if (!act || (/^[nN]$/.test(event.key) && !q.value)) return;
  event.preventDefault();
  act();
});

// A deployment's state is fetched by the page; the log asks whether it has ended when that changed.
document.addEventListener("htmx:after:swap", async () => {
  if (isEnded) return;
  isEnded = (await ask("", { after: newest, limit: 1 }).catch(() => ({}))).finished === true;
  say();
});

live.after = newest;
live.onLines = heard;
live.onState = (...told) => {
  connection = told;
  say();
};
showBetween();
if (following) toEnd();
say();
if (q.value) {
  // Without a script the address shows only the lines that are found; with one they stand among the others.
  await show({ before: NEVER });
  await look();
  if (!location.hash) await step(-1);
}
links.open();

