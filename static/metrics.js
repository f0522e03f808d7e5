// Reads a chart out at the pointer, and by arrow keys. What it says stands in the chart's table; without it that remains.

function rowsOf(chart) {
  return [...chart.querySelectorAll("tbody tr")];
}

function textOf(chart, row) {
  const names = [...chart.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent);
  const values = [...row.querySelectorAll("td")].map((cell) => cell.textContent);
  const told = names.length > 1 ? values.map((value, i) => `${names[i]} ${value}`).join(", ") : values[0];
  return `${row.querySelector("th").textContent}: ${told}`;
}

function show(chart, number) {
  const rows = rowsOf(chart);
  if (!rows.length) return;
  const at = Math.max(0, Math.min(rows.length - 1, number));
  const text = textOf(chart, rows[at]);
  const plot = chart.querySelector("[data-plot]");
  plot.setAttribute("aria-valuenow", at);
  plot.setAttribute("aria-valuetext", text);
  const readout = chart.querySelector("[data-readout]");
  readout.textContent = text;
  readout.classList.toggle("is-left", at > rows.length / 2);
  chart.querySelector("[data-cursor]").setAttribute("d", `M${((at + 0.5) * 1000) / rows.length} 0V100`);
}

function hide(chart) {
  chart.querySelector("[data-readout]").textContent = "";
  chart.querySelector("[data-cursor]").setAttribute("d", "");
}

// A slider is what a screen reader can walk point by point.
function prepare() {
  for (const plot of document.querySelectorAll("[data-plot]")) {
    const last = rowsOf(plot.closest("[data-chart]")).length - 1;
    const at = plot.getAttribute("aria-valuenow") ?? last;
    const now = plot === focused ? number : at;
    const about = { role: "slider", "aria-label": plot.dataset.name, "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": now };
    for (const [name, value] of Object.entries(about)) plot.setAttribute(name, value);
    if (plot === pointed) show(plot.closest("[data-chart]"), spot);
    else if (plot === focused) show(plot.closest("[data-chart]"), number);
    else if (!plot.hasAttribute("aria-valuetext")) plot.setAttribute("aria-valuetext", "Arrow keys read it out");
  }
}

let focused = null; // The plot that is being read by keys, and where: an update of the page keeps both.
let number = 0;
let pointed = null; // The plot that is under the pointer, and where: kept as well.
let spot = 0;

document.addEventListener("pointermove", (event) => {
  const area = event.target.closest?.("[data-area]");
  const plot = area?.querySelector("[data-plot]");
  for (const other of document.querySelectorAll("[data-plot]")) {
    if (other !== plot && other !== focused) hide(other.closest("[data-chart]"));
  }
  pointed = plot ?? null;
  if (!plot) return;
  const box = area.getBoundingClientRect();
  const rows = rowsOf(plot.closest("[data-chart]")).length;
  spot = Math.floor(((event.clientX - box.left) / box.width) * rows);
  show(plot.closest("[data-chart]"), spot);
});

document.addEventListener("keydown", (event) => {
  const plot = event.target.closest?.("[data-plot]");
  if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
  const last = rowsOf(plot.closest("[data-chart]")).length - 1;
  const moves = { ArrowLeft: number - 1, ArrowDown: number - 1, ArrowRight: number + 1, ArrowUp: number + 1, PageUp: number + 10, PageDown: number - 10, Home: 0, End: last };
  if (!(event.key in moves)) return;
  event.preventDefault();
  number = Math.max(0, Math.min(last, moves[event.key]));
  show(plot.closest("[data-chart]"), number);
});

document.addEventListener("focusin", (event) => {
  focused = event.target.closest?.("[data-plot]") ?? null;
  if (!focused) return;
  number = rowsOf(focused.closest("[data-chart]")).length - 1;
  show(focused.closest("[data-chart]"), number);
});

document.addEventListener("focusout", (event) => {
  const plot = event.target.closest?.("[data-plot]");
  if (plot) hide(plot.closest("[data-chart]"));
  focused = null;
});

document.addEventListener("htmx:after:swap", prepare);
prepare();
