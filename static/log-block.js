// Up to 200 lines that are on the page or away as one. What they say is always kept; their rows only while they are near the view,
// and while they are away a box as high as they were stands for them. Not in charge of which blocks are near.

import { element, fold, kept, lineIn } from "./log-rows.js";

export const FULL = 200;
const LINE_PX = 20.6;

export class Block {
  constructor(lines = []) {
    this.box = element("div", "block");
    this.lines = [];
    this.isHere = false;
    this.add(lines);
  }

  // What the server put on the page.
  static of(box) {
    const block = new Block();
    block.box = box;
    block.lines = [...box.children].map(lineIn);
    block.isHere = true;
    for (const row of box.children) fold(row);
    return block;
  }

  get first() {
    return this.lines[0].seq;
  }

  get last() {
    return this.lines[this.lines.length - 1].seq;
  }

  add(lines, dressed) {
    const more = lines.map(kept);
    this.lines.push(...more);
    if (this.isHere) this.box.append(...more.map(dressed));
    // A guess, without wrapped lines: it is right once the block was seen.
    else this.stand((this.height ?? 0) + more.length * LINE_PX);
  }

  // `dressed(line)` is its row as it looks now. The height stays what it was until the browser lays the rows out.
  make(dressed) {
    this.isHere = true;
    this.box.append(...this.lines.map(dressed));
    this.box.style.containIntrinsicBlockSize = `auto ${this.height}px`;
    this.box.style.height = "";
  }

  leave(height) {
    this.isHere = false;
    this.box.replaceChildren();
    this.stand(height);
  }

  stand(height) {
    this.height = height;
    this.box.style.height = `${height}px`;
  }

  // Somebody is busy with a row: a selection ends in it, it has the focus, or its JSON is open.
  get isHeld() {
    const { anchorNode, focusNode } = getSelection();
    if ([anchorNode, focusNode, document.activeElement].some((node) => node && this.box.contains(node))) return true;
    return this.box.querySelector("[aria-expanded=true]") !== null;
  }
}
