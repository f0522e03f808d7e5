// Links to lines, `#L42` and `#L42-L50`: picking them by their numbers, showing them; and copying what lines say, also where their rows are away.

import { plainOf } from "./log-rows.js";

const ADDRESS = /^#L(\d{1,15})(?:-L(\d{1,15}))?$/;

export class Links {
  // `load(number)` brings the line onto the page if it is not there.
  constructor(pane, button, load) {
    Object.assign(this, { pane, button, load });
    this.heldAt = -1; // Where the view was put for a line: that this may be the end is no wish to follow it.
    pane.log.addEventListener("click", (event) => this.clicked(event));
    button.addEventListener("click", () => this.copy());
    document.addEventListener("copy", (event) => this.copied(event));
    window.addEventListener("hashchange", () => this.open());
  }

  get range() {
    const told = ADDRESS.exec(location.hash);
    if (!told) return null;
    const ends = [Number(told[1]), Number(told[2] ?? told[1])];
    return [Math.min(...ends), Math.max(...ends)];
  }

  clicked(event) {
    const number = event.target.closest(".line > a");
    if (!number || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const here = Number(number.textContent);
    const first = event.shiftKey && this.range ? this.range[0] : here;
    const [from, to] = [Math.min(first, here), Math.max(first, here)];
    history.replaceState(history.state, "", from === to ? `#L${from}` : `#L${from}-L${to}`);
    this.pick();
  }

  async open() {
    if (!this.range) return;
    await this.show(this.range[0]);
    this.pick();
  }

  async show(number) {
    await this.load(number);
    const row = this.pane.row(number);
    if (!row) return;
    this.hold(row);
    this.pane.settle();
    // Blocks on the way had guessed heights: once they are laid out, again.
    requestAnimationFrame(() => requestAnimationFrame(() => this.hold(row)));
  }

  hold(row) {
    row.scrollIntoView({ block: "center" });
    this.heldAt = this.pane.log.scrollTop;
  }

  get lines() {
    return this.pane.between(...(this.range ?? [1, 0]));
  }

  pick() {
    this.pane.dressAll({ picked: this.range ?? [1, 0] });
    const { length } = this.lines;
    this.button.hidden = !length;
    this.button.textContent = length === 1 ? "Copy line" : `Copy ${length} lines`;
  }

  async copy() {
    await written(this.lines.map(plainOf).join("\n"));
    this.button.textContent = "Copied";
  }

  // A selection that goes over rows which are away.
  copied(event) {
    const selection = getSelection();
    const text = selection.isCollapsed ? null : textIn(this.pane, selection.getRangeAt(0));
    if (text === null) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  }
}

// What a selection says if rows of it are away, which only the lines themselves can tell; else null.
function textIn(pane, range) {
  const touched = pane.blocks.filter((block) => range.intersectsNode(block.box));
  if (touched.every((block) => block.isHere)) return null;
  const [from, to] = [rowAt(range.startContainer), rowAt(range.endContainer)];
  const first = from ? Number(from.id.slice(1)) : touched[0].first;
  const last = to ? Number(to.id.slice(1)) : touched[touched.length - 1].last;
  const texts = pane.between(first, last).map(plainOf);
  if (from) texts[0] = partOf(range, from.lastElementChild);
  if (to) texts[texts.length - 1] = partOf(range, to.lastElementChild);
  return texts.join("\n");
}

const rowAt = (node) => (node.closest ? node : node.parentElement)?.closest("#log .line");

function partOf(range, span) {
  const part = new Range();
  part.selectNodeContents(span);
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
  return part.toString();
}

// Without TLS there is no clipboard, but there is the copy event.
async function written(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const put = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", put, { once: true });
  document.execCommand("copy");
}
