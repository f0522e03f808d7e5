// Text to the clipboard, on plain http too, where browsers give no clipboard to scripts.

export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  (document.querySelector("dialog[open]") || document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// An action as a command line: `call` is "POST /api/v1/...".
export function curl(call, body) {
  const [method, path] = call.split(" ");
  const lines = [`curl -X ${method} ${location.origin}${path}`, `-H "Authorization: Bearer $SLIPWAY_TOKEN"`];
  if (body) lines.push("-H 'Content-Type: application/json'", `-d '${body.replaceAll("'", "'\\''")}'`);
  return lines.join(" \\\n  ");
}
