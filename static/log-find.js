// Finding in a log: at once in the lines that are here, then on the server in all of it; marks without touching the rows.

import { kept, plainOf } from "./log-rows.js";

const WAIT_MS = 200;
const MOST = 5000;

export class Find {
  // `ask(params)` fetches from the server; `changed()` is called whenever there is something else to show.
  constructor(pane, ask, changed) {
    Object.assign(this, { pane, ask, changed });
    this.numbers = [];
    this.at = -1;
    this.pattern = null;
    this.isBusy = this.isCapped = this.isHereOnly = false;
    this.run = 0;
  }

  look(text) {
    clearTimeout(this.waiting);
    this.run += 1;
    this.pattern = text ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu") : null;
    this.text = text.toLowerCase();
    this.numbers = [];
    this.at = -1;
    this.isBusy = Boolean(text);
    this.isCapped = this.isHereOnly = false;
    this.changed();
    const run = this.run;
    return new Promise((done) => {
      this.waiting = setTimeout(() => this.lookNow(text, run).then(done), WAIT_MS);
    });
  }

  async lookNow(text, run) {
    if (!text) return;
    this.numbers = this.pane.all.filter((line) => this.isIn(plainOf(line))).map((line) => line.seq);
    this.changed();
    const found = new Set(this.numbers);
    let before = null;
    try {
      do {
        const told = await this.ask({ q: text, ...(before && { before }) });
        if (run !== this.run) return;
        for (const number of told.numbers) found.add(number);
        for (const number of this.numbers) found.add(number);
        this.take(found);
        this.isCapped = told.capped;
        before = told.from;
      } while (this.isCapped && this.numbers.length < MOST);
    } catch {
      this.isHereOnly = true;
    }
    if (run !== this.run) return;
    this.isBusy = false;
    this.changed();
  }

  take(found) {
    const current = this.numbers[this.at];
    this.numbers = [...found].sort((a, b) => a - b);
    this.at = this.numbers.indexOf(current);
    this.changed();
  }

  // Lines that came while one looks.
  heard(lines) {
    if (!this.pattern) return;
    const more = lines.filter((line) => this.isIn(plainOf(kept(line)))).map((line) => line.seq);
    if (more.length) this.take(new Set([...this.numbers, ...more]));
  }

  isIn(text) {
    return text.toLowerCase().includes(this.text);
  }

  // The number of the next match, or of the one before; at first the newest.
  step(by) {
    const { length } = this.numbers;
    if (!length) return null;
    this.at = this.at < 0 ? length - 1 : (this.at + by + length) % length;
    this.changed();
    return this.numbers[this.at];
  }

  get words() {
    if (!this.pattern) return "";
    const { length } = this.numbers;
    const more = this.isCapped && length >= MOST ? "+" : "";
    const where = this.isHereOnly ? " loaded here" : this.isBusy ? " …" : "";
    if (!length) return this.isBusy ? "Searching …" : `No match${where}`;
    const all = `${length.toLocaleString("en")}${more}`;
    return this.at < 0 ? `${all} found${where}` : `${(this.at + 1).toLocaleString("en")} of ${all}${where}`;
  }

  // Marks what is in view, by ranges: a line's nodes stay as they are.
  mark() {
    if (!window.CSS?.highlights || !(this.pattern || this.isMarked)) return;
    this.isMarked = Boolean(this.pattern);
    const ranges = [];
    if (this.pattern) {
      for (const block of this.pane.visibleBlocks()) {
        for (const row of block.children) ranges.push(...this.rangesIn(row.lastElementChild));
      }
    }
    CSS.highlights.set("log-found", new Highlight(...ranges));
  }

  rangesIn(span) {
    const nodes = [];
    const walker = document.createTreeWalker(span, NodeFilter.SHOW_TEXT);
    let text = "";
    while (walker.nextNode()) {
      nodes.push([walker.currentNode, text.length]);
      text += walker.currentNode.data;
    }
    return [...text.matchAll(this.pattern)].map((match) => {
      const range = new Range();
      range.setStart(...place(nodes, match.index));
      range.setEnd(...place(nodes, match.index + match[0].length));
      return range;
    });
  }
}

function place(nodes, offset) {
  const [node, start] = nodes.findLast((entry) => entry[1] <= offset);
  return [node, Math.min(offset - start, node.length)];
}
