// The lines that are on the page: one stretch of the log without holes, in blocks of which only those near the view have rows.
// `first` to `last`: every line between these numbers that is wanted is here. Not in charge of fetching any.

import { Block, FULL } from "./log-block.js";
import { rowOf } from "./log-rows.js";

const NEAR = 3; // Blocks above and below the view that get rows,
const FAR = 10; // and beyond which they lose them: a log that is not long keeps all that were seen.

export class Pane {
  constructor(log, first, last) {
    this.log = log;
    this.bySource = log.classList.contains("by-source");
    this.lines = log.querySelector(".lines");
    this.none = log.querySelector(".none");
    this.first = first;
    this.last = last;
    this.picked = [1, 0]; // From and to.
    this.current = null;
    this.blocks = [...this.lines.children].filter((box) => box.children.length).map(Block.of);
    this.lines.replaceChildren(...this.blocks.map((block) => block.box));
    this.count = this.blocks.reduce((sum, block) => sum + block.lines.length, 0);
    this.dressed = (line) => this.dress(rowOf(line, this.bySource), line.seq);
  }

  // Lines.

  get all() {
    return this.blocks.flatMap((block) => block.lines);
  }

  between(from, to) {
    const touched = this.blocks.filter((block) => block.first <= to && block.last >= from);
    return touched.flatMap((block) => block.lines.filter((line) => line.seq >= from && line.seq <= to));
  }

  has(number) {
    return this.between(number, number).length > 0;
  }

  append(lines, last) {
    const tail = this.blocks[this.blocks.length - 1];
    const room = tail ? Math.min(FULL - tail.lines.length, lines.length) : 0;
    if (room > 0) tail.add(lines.slice(0, room), this.dressed);
    const made = blocksOf(lines.slice(Math.max(room, 0)));
    this.blocks.push(...made);
    this.lines.append(...made.map((block) => block.box));
    this.last = last;
    this.counted(lines.length);
    this.settle();
  }

  // What is in view stays where it is.
  prepend(lines, first) {
    this.staying(() => {
      const made = blocksOf(lines);
      this.blocks.unshift(...made);
      this.lines.prepend(...made.map((block) => block.box));
      this.first = first;
      this.counted(lines.length);
    });
    this.settle();
  }

  counted(more) {
    this.count += more;
    this.none.hidden = this.count > 0;
  }

  // Whole blocks leave at the older end until at most `most` lines are left.
  dropOlder(most) {
    if (this.count <= most) return;
    this.staying(() => {
      while (this.count > most && this.blocks.length > 1) {
        this.gone(this.blocks.shift());
        this.first = this.blocks[0].first;
      }
    });
  }

  dropNewer(most) {
    while (this.count > most && this.blocks.length > 1) {
      const block = this.blocks.pop();
      this.last = block.first - 1;
      this.gone(block);
    }
  }

  gone(block) {
    block.box.remove();
    this.counted(-block.lines.length);
  }

  clear(first, last) {
    this.blocks = [];
    this.lines.replaceChildren();
    this.counted(-this.count);
    this.first = first;
    this.last = last;
  }

  // Rows.

  // Those near the view are made, those far from it leave: heights are read first, then everything is changed.
  settle() {
    const [from, to] = this.inView();
    const isFar = (block, at) => block.isHere && (at < from - FAR || at > to + FAR) && !block.isHeld;
    const far = this.blocks.filter(isFar).map((block) => [block, block.box.offsetHeight]);
    for (const [block, height] of far) block.leave(height);
    for (const block of this.blocks.slice(Math.max(from - NEAR, 0), to + NEAR + 1)) if (!block.isHere) block.make(this.dressed);
  }

  // The row of a line, made if its block is away.
  row(number) {
    const block = this.blocks.find((each) => each.first <= number && each.last >= number);
    if (block && !block.isHere) block.make(this.dressed);
    return document.getElementById(`L${number}`);
  }

  dress(row, number) {
    row.classList.toggle("picked", number >= this.picked[0] && number <= this.picked[1]);
    row.classList.toggle("current", number === this.current);
    return row;
  }

  // Which lines are picked, or which is the current one, has changed.
  dressAll(told) {
    Object.assign(this, told);
    for (const block of this.blocks) {
      if (block.isHere) block.lines.forEach((line, at) => this.dress(block.box.children[at], line.seq));
    }
  }

  staying(change) {
    const anchor = this.atTop();
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (anchor?.isConnected) this.log.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  // Places of the first and the last block in view.
  inView() {
    const { top, bottom } = this.log.getBoundingClientRect();
    const from = Math.min(firstBelow(this.blocks.length, (at) => this.blocks[at].box, top), this.blocks.length - 1);
    let to = Math.max(from, 0);
    while (to + 1 < this.blocks.length && this.blocks[to + 1].box.getBoundingClientRect().top < bottom) to += 1;
    return [from, to];
  }

  visibleBlocks() {
    const [from, to] = this.inView();
    return this.blocks.slice(Math.max(from, 0), to + 1).map((block) => block.box);
  }

  // The first row in view, or the box of its block while that is away.
  atTop() {
    const { top } = this.log.getBoundingClientRect();
    const box = this.blocks[firstBelow(this.blocks.length, (at) => this.blocks[at].box, top)]?.box;
    return box?.children[firstBelow(box.children.length, (at) => box.children[at], top)] ?? box ?? null;
  }
}

function blocksOf(lines) {
  const made = [];
  for (let at = 0; at < lines.length; at += FULL) made.push(new Block(lines.slice(at, at + FULL)));
  return made;
}

// The place of the first of `length` boxes, one below the other, that ends below `top`: a few are measured, however many there are.
function firstBelow(length, box, top) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (box(middle).getBoundingClientRect().bottom > top) high = middle;
    else low = middle + 1;
  }
  return low;
}
