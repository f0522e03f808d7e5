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

// An action as a command of `slipway`, "" where it has none, or none with these choices: `{name}` is what that field
// says now. A secret is asked for, since arguments can be read.
export function command(one) {
  const { pause, place, secret } = one.elements ?? {};
  if (!one.dataset.cli || place?.selectedIndex > 0 || pause?.checked === false) return "";
  const told = secret?.checked ? one.dataset.cli.replace("={value}", " --secret") : one.dataset.cli;
  return `slipway ${told.replace(/\{(\w+)\}/g, (_, name) => quoted(one.elements[name].value))}`;
}
const quoted = (text) => (/^[\w.:\/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

// The body of a form's call with what its fields say now: those of the example body, and for a PATCH those changed.
// A `choice` stands for the one value of its body, as itself or, where it says so, by the field `domain`.
export function bodyOf(form) {
  if (!form.dataset.apiBody) return form.dataset.apiBody;
  const body = JSON.parse(form.dataset.apiBody);
  const { choice, domain } = form.elements;
  if (choice) return JSON.stringify({ [Object.keys(body)[0]]: choice.value === "own" ? domain.value : choice.value });
  const isPatch = form.dataset.api.startsWith("PATCH ");
  for (const field of form.elements) {
    if (!field.name || ["hidden", "password", "file", "submit", "button"].includes(field.type)) continue;
    if (field.type === "radio" && !field.checked) continue;
    const known = field.name in body;
    if (known ? typeof body[field.name] === "object" : !(isPatch && isChanged(field))) continue;
    const asNumber = known ? typeof body[field.name] === "number" : field.type === "number";
    body[field.name] = field.type === "checkbox" ? field.checked : asNumber ? Number(field.value) : field.value;
  }
  const { name, value, secret } = form.elements;
  if (body.values && name?.value) body.values = { [name.value]: secret?.checked ? "…" : value.value };
  if (form.elements.volume_path) Object.assign(body, appOf(form.elements));
  else if (body.image) body.project = body.name = nameOf(body.image) || body.name;
  return JSON.stringify(body);
}

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

const nameOf = (image) => image.split(/[@:](?!.*\/)/)[0].split("/").pop();

// What a new service's form says beside its settings. Secrets are not copied: who makes the call fills them in.
function appOf(elements) {
  const { team, service, domain, volume_name, volume_path, variables, secrets } = elements;
  const [plain, secret] = [parsed(variables.value), parsed(secrets.value)];
  for (const { name, value, dataset } of elements)
    if (dataset.variable && value) (elements[name.replace("-", "-secret-")].checked ? secret : plain)[dataset.variable] = value;
  return {
    name: service.value,
    variables: plain,
    secrets: Object.fromEntries(Object.keys(secret).map((name) => [name, "…"])),
    domains: domain.value ? [domain.value] : [],
    volumes: volume_name.value || volume_path.value ? { [volume_name.value]: volume_path.value } : {},
    ...(team && { team_id: team.value }),
  };
}

// A .env file or a JSON object, as the server reads them; what is no variable is left out.
const LINE = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(?:"((?:\\[^]|[^"\\])*)"|'((?:\\[^]|[^'\\])*)'|(.*?))(?:[ \t]+#.*)?[ \t]*$/gm;
const ESCAPED = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
function parsed(text) {
  if (text.trim().startsWith("{")) return parsedJson(text);
  const values = [...text.matchAll(LINE)].map(([, name, double, single, plain]) => [
    name,
    double?.replace(/\\([\\'"abfnrtv])/g, (_, letter) => ESCAPED[letter] ?? letter) ?? single?.replace(/\\([\\'])/g, "$1") ?? plain,
  ]);
  return Object.fromEntries(values);
}
function parsedJson(text) {
  try {
    const values = Object.entries(JSON.parse(text));
    return Object.fromEntries(values.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]));
  } catch {
    return {};
  }
}
