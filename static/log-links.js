// Links to lines, `#L42` and `#L42-L50`: picking them by their numbers, showing them, copying what they say.

import { textOf } from "./log-rows.js";

const ADDRESS = /^#L(\d{1,15})(?:-L(\d{1,15}))?$/;

export class Links {
  // `load(number)` brings the line onto the page if it is not there.
  constructor(log, button, load) {
    Object.assign(this, { log, button, load });
    log.addEventListener("click", (event) => this.clicked(event));
    button.addEventListener("click", () => this.copy());
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
    const row = document.getElementById(`L${number}`);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    // Blocks on the way had guessed heights: once they are laid out, again.
    requestAnimationFrame(() => requestAnimationFrame(() => row.scrollIntoView({ block: "center" })));
  }

  rows() {
    const [from, to] = this.range ?? [1, 0];
    const found = [];
    for (let number = from; number <= Math.min(to, from + 50000); number += 1) {
      const row = document.getElementById(`L${number}`);
      if (row) found.push(row);
    }
    return found;
  }

  pick() {
    for (const row of this.log.querySelectorAll(".picked")) row.classList.remove("picked");
    const rows = this.rows();
    for (const row of rows) row.classList.add("picked");
    this.button.hidden = !rows.length;
    this.button.textContent = rows.length === 1 ? "Copy line" : `Copy ${rows.length} lines`;
  }

  async copy() {
    await written(this.rows().map(textOf).join("\n"));
    this.button.textContent = "Copied";
  }
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
