// On a narrow page the log's tools are folded behind a button; the key that goes to the search unfolds them too.

const button = document.querySelector("#logs [data-more]");

export function unfold(open = true) {
  button.setAttribute("aria-expanded", String(open));
}

button.addEventListener("click", () => unfold(button.getAttribute("aria-expanded") !== "true"));
