// One log line as it is kept, as a row, and back. Text nodes only: nothing that was logged is ever read as HTML.

const raws = new WeakMap(); // What a line of JSON said, word for word.
const NAMES = ["message", "msg", "event"];

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const empty = element("div", "line");
empty.append(element("a"), element("time"), element("span"));
const emptyBySource = element("div", "line");
emptyBySource.append(element("a"), element("time"), element("i", "who"), element("span"));

// What is kept of a line: of every line of a long log, so nothing twice. `said` is its runs, or its text if that is plain.
export const kept = ({ seq, at, source, severity, level, kind, text, runs }) => ({ seq, at, source, severity, level, kind, said: runs ?? text });

// The same from a row that the server made and nobody has touched.
export function lineIn(row) {
  const [, severity, level, kind] = row.className.split(" ");
  const [time, span] = [row.querySelector("time"), row.lastElementChild];
  const runs = [...span.childNodes].map((node) => [node.className ?? "", node.textContent]);
  const said = span.childElementCount ? runs : span.textContent;
  return { seq: Number(row.id.slice(1)), at: time.dateTime, source: row.querySelector(".who")?.textContent, severity, level, kind, said };
}

// A line that is kept, as plain text.
export const plainOf = ({ said }) => (typeof said === "string" ? said : said.map((run) => run[1]).join(""));

export function rowOf(line, bySource) {
  const row = (bySource ? emptyBySource : empty).cloneNode(true);
  for (const word of [line.severity, line.level, line.kind]) if (/^[a-z]+$/.test(word)) row.classList.add(word);
  row.id = `L${line.seq}`;
  const [number, time] = row.children;
  number.href = `#L${line.seq}`;
  number.textContent = line.seq;
  time.dateTime = line.at;
  time.textContent = line.at.slice(11, 23);
  if (bySource) row.children[2].textContent = line.source;
  write(row.lastElementChild, typeof line.said === "string" ? [["", line.said]] : line.said);
  fold(row);
  return row;
}

function write(span, runs) {
  for (const [classes, text] of runs) span.append(classes ? element("b", classes, text) : text);
}

// A line of JSON is shown as its message and `key: value`; the button opens it whole.
export function fold(row) {
  const span = row.lastElementChild;
  const text = span.textContent;
  if (text[0] !== "{" || text[text.length - 1] !== "}") return;
  const told = parsed(text);
  if (!told) return;
  raws.set(row, text);
  const button = element("button", "fold", "{ }");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-label", "The whole JSON");
  span.replaceChildren(button, ...summary(told));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function summary(told) {
  const message = NAMES.find((name) => typeof told[name] === "string");
  const parts = message ? [told[message]] : [];
  for (const [name, value] of Object.entries(told)) {
    if (name === message) continue;
    const said = typeof value === "string" ? value : JSON.stringify(value);
    parts.push(" ", element("i", "key", `${name}:`), ` ${said}`);
  }
  return parts;
}

export function toggleFold(button) {
  const row = button.closest(".line");
  const span = row.lastElementChild;
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) span.querySelector("pre").remove();
  else span.append(element("pre", "", JSON.stringify(JSON.parse(raws.get(row)), null, 2)));
}
