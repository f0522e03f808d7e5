// Variables: a whole .env or JSON pasted into any box opens its preview; Enter sets; `${{` offers what can be referred to.
// Without it the boxes are sent as they are, and the server recognises what was pasted.

const LINE = /^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=/;

// Into the name: anything that is no name. Into the value: only while there is no name, and it begins like a file.
export function isFile(text, intoName, name) {
  if (text.trimStart().startsWith("{")) return intoName || !name;
  if (intoName) return text.includes("=") || text.trim().includes("\n");
  return !name && LINE.test(text.split("\n").find((line) => line.trim() && !line.trim().startsWith("#")) ?? "");
}

function watchPaste(form) {
  const name = form.querySelector("[data-name]");
  for (const box of form.querySelectorAll("[data-paste]")) {
    box.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text/plain");
      if (!isFile(text, box === name, name.value.trim())) return;
      event.preventDefault();
      form.elements.text.value = text;
      name.value = "";
      form.requestSubmit();
    });
  }
}

function watchEnter(form) {
  for (const box of form.querySelectorAll("textarea[rows='1']")) {
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
      if (box.value.includes("\n")) return; // Somebody writes lines.
      event.preventDefault();
      form.requestSubmit();
    });
  }
}

// A list under the box: arrows walk it, Enter or Tab takes, Escape closes. The box keeps the focus.
class References {
  constructor(box, address) {
    this.box = box;
    this.address = address;
    this.found = null;
    this.at = -1;
    this.list = document.createElement("ul");
    this.list.className = "references";
    this.list.id = `${box.id}-references`;
    this.list.role = "listbox";
    this.list.ariaLabel = "References";
    this.list.hidden = true;
    this.said = document.createElement("span");
    this.said.className = "unseen";
    this.said.role = "status";
    box.after(this.list, this.said);
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", this.list.id);
    box.addEventListener("input", () => this.show());
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("li");
      if (item) this.take([...this.list.children].indexOf(item));
    });
  }

  // What stands between the last `${{` and the cursor; null when none is open.
  typed() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    const start = before.lastIndexOf("${{");
    if (start < 0 || before[start - 1] === "$") return null;
    const text = before.slice(start + 3);
    return /^[^{}\n]*$/.test(text) ? { start, text: text.trim().toLowerCase() } : null;
  }

  async names() {
    this.found ??= fetch(this.address, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : { items: [] }))
      .then((told) => told.items)
      .catch(() => ((this.found = null), []));
    return this.found;
  }

  async show() {
    if (!this.typed()) return this.close();
    const names = await this.names();
    const typed = this.typed();
    if (!typed) return this.close();
    this.items = names.filter((item) => item.reference.toLowerCase().includes(typed.text)).slice(0, 50);
    this.list.replaceChildren(...this.items.map((item, n) => this.line(item, n)));
    this.list.hidden = !this.items.length;
    this.said.textContent = this.items.length === 1 ? "1 reference" : `${this.items.length} references`;
    this.mark(0);
  }

  line(item, n) {
    const line = document.createElement("li");
    line.role = "option";
    line.id = `${this.list.id}-${n}`;
    line.append(item.reference);
    const kind = item.is_secret ? "secret" : item.is_built_in ? "address" : "";
    if (kind) {
      const tag = document.createElement("span");
      tag.className = "tag";
      tag.textContent = kind;
      line.append(tag);
    }
    return line;
  }

  mark(n) {
    this.at = this.list.hidden ? -1 : (n + this.items.length) % this.items.length;
    for (const [i, line] of [...this.list.children].entries()) line.setAttribute("aria-selected", i === this.at);
    if (this.at < 0) return this.box.removeAttribute("aria-activedescendant");
    this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    this.list.children[this.at].scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (this.list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") this.mark(this.at + 1);
    else if (event.key === "ArrowUp") this.mark(this.at - 1);
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  take(n) {
    const { start } = this.typed();
    const end = this.box.selectionStart;
    const rest = this.box.value.slice(end).replace(/^\s*\}{0,2}/, "");
    const text = `\${{${this.items[n].reference}}}`;
    this.box.value = this.box.value.slice(0, start) + text + rest;
    this.box.setSelectionRange(start + text.length, start + text.length);
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.said.textContent = "";
    this.mark(-1);
  }
}

for (const form of document.querySelectorAll("[data-variables]")) {
  for (const box of form.querySelectorAll("[data-references]")) {
    if (form.dataset.names) new References(box, form.dataset.names);
  }
  if (form.querySelector("[data-name]")) watchPaste(form);
  watchEnter(form);
}
