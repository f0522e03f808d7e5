// The rows that are on the page: one stretch of the log without holes, in blocks that the browser lays out or skips whole.
// `first` to `last`: every line between these numbers that is wanted is here. Not in charge of fetching any.

import { element, fold, rowOf } from "./log-rows.js";

const BLOCK = 200;
const LINE_PX = 20.6;

export class Pane {
  constructor(log, first, last) {
    this.log = log;
    this.bySource = log.classList.contains("by-source");
    this.lines = log.querySelector(".lines");
    this.none = log.querySelector(".none");
    this.first = first;
    this.last = last;
    this.count = this.lines.querySelectorAll(".line").length;
    for (const row of this.rows()) fold(row);
  }

  rows() {
    return this.lines.querySelectorAll(".line");
  }

  get blocks() {
    return this.lines.children;
  }

  append(lines, last) {
    let at = 0;
    const tail = this.blocks[this.blocks.length - 1];
    if (tail && tail.childElementCount < BLOCK) {
      at = BLOCK - tail.childElementCount;
      this.fill(tail, lines.slice(0, at));
    }
    for (; at < lines.length; at += BLOCK) this.lines.append(this.fill(element("div", "block"), lines.slice(at, at + BLOCK)));
    this.last = last;
    this.counted(lines.length);
  }

  // What is in view stays where it is.
  prepend(lines, first) {
    const anchor = this.atTop();
    const before = anchor?.getBoundingClientRect().top;
    const made = document.createDocumentFragment();
    for (let at = 0; at < lines.length; at += BLOCK) made.append(this.fill(element("div", "block"), lines.slice(at, at + BLOCK)));
    this.lines.prepend(made);
    this.first = first;
    this.counted(lines.length);
    if (anchor) this.log.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  fill(block, lines) {
    block.append(...lines.map((line) => rowOf(line, this.bySource)));
    // The height while it is skipped: without wrapped lines, so a guess that is right once it was seen.
    block.style.containIntrinsicBlockSize = `auto ${Math.round(block.childElementCount * LINE_PX)}px`;
    return block;
  }

  counted(more) {
    this.count += more;
    this.none.hidden = this.count > 0;
  }

  // Whole blocks leave at the older end until at most `most` lines are left.
  dropOlder(most) {
    const anchor = this.count > most ? this.atTop() : null;
    const before = anchor?.getBoundingClientRect().top;
    while (this.count > most && this.blocks.length > 1) {
      this.counted(-this.blocks[0].childElementCount);
      this.blocks[0].remove();
      this.first = Number(this.blocks[0].firstElementChild.id.slice(1));
    }
    if (anchor?.isConnected) this.log.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  dropNewer(most) {
    while (this.count > most && this.blocks.length > 1) {
      const block = this.blocks[this.blocks.length - 1];
      this.last = Number(block.firstElementChild.id.slice(1)) - 1;
      this.counted(-block.childElementCount);
      block.remove();
    }
  }

  clear(first, last) {
    this.lines.replaceChildren();
    this.counted(-this.count);
    this.first = first;
    this.last = last;
  }

  visibleBlocks() {
    const seen = this.log.getBoundingClientRect();
    return [...this.blocks].filter((block) => {
      const box = block.getBoundingClientRect();
      return box.bottom > seen.top && box.top < seen.bottom;
    });
  }

  // The first row in view.
  atTop() {
    const top = this.log.getBoundingClientRect().top;
    for (const block of this.visibleBlocks()) {
      for (const row of block.children) if (row.getBoundingClientRect().bottom > top) return row;
    }
    return null;
  }
}
