// The API reference, drawn from the app's own OpenAPI document.

import { byId, element } from "./dom.js";

const place = byId("reference");
let components = {};

// What a reference to a component stands for.
function resolved(node = {}) {
  const [, , kind, name] = (node.$ref ?? "").split("/");
  return name ? { ...components[kind][name], ...node, $ref: undefined, called: name } : node;
}

function operations(document) {
  const found = new Map();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? "other";
      if (!found.has(tag)) found.set(tag, []);
      found.get(tag).push({ path, method: method.toUpperCase(), ...operation });
    }
  }
  return found;
}

function typeOf(said = {}) {
  const schema = resolved(said);
  if (schema.called && !schema.enum) return schema.called;
  if (schema.anyOf) return schema.anyOf.filter((each) => each.type !== "null").map(typeOf).join(" or ");
  if (schema.enum) return schema.enum.join(" or ");
  if (schema.const) return schema.const;
  if (schema.type === "array") return `${typeOf(schema.items)}, any number`;
  return schema.format ? `${schema.type}, ${schema.format}` : (schema.type ?? "anything");
}

function typeAndDefault(schema = {}) {
  const fallback = schema.default;
  const said = fallback === undefined || fallback === null || (Array.isArray(fallback) && !fallback.length) ? "" : `; ${fallback}`;
  return typeOf(schema) + said;
}

// Text between backquotes is code.
function worded(text = "") {
  return text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

function table(caption, rows) {
  if (!rows.length) return null;
  return element("table", {}, element("caption", {}, caption), element("tbody", {}, ...rows.map(([name, schema, text]) =>
    element("tr", {}, element("th", { scope: "row" }, element("code", {}, name)),
      element("td", {}, typeAndDefault(schema)), element("td", {}, ...worded(text))))));
}

function bodyTables(operation) {
  const content = Object.entries(operation.requestBody?.content ?? {});
  return content.map(([type, { schema }]) => {
    const rows = Object.entries(resolved(schema).properties ?? {}).map(([name, field]) => [name, field, field.description]);
    return table(`Body, ${type}`, rows);
  });
}

function answers(operation) {
  const rows = Object.entries(operation.responses ?? {}).map(([status, answer]) => [status, resolved(answer).description]);
  return element("table", {}, element("caption", {}, "Answers"), element("tbody", {}, ...rows.map(([status, text]) =>
    element("tr", {}, element("th", { scope: "row" }, element("code", {}, status)), element("td", {}, ...worded(text))))));
}

function example({ method, path, parameters = [], requestBody }) {
  const given = Object.fromEntries(parameters.map(({ name, example: value }) => [name, value ?? name]));
  const url = new URL(path.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(given[name])), location.origin).href;
  const asked = method === "GET" ? `curl '${url}'` : `curl -X ${method} '${url}'`;
  const { "application/json": json, "multipart/form-data": form } = requestBody?.content ?? {};
  if (!json) return asked;
  const lines = Object.values(json.examples).map(({ value }) => `${asked} -H 'content-type: application/json' -d '${JSON.stringify(value)}'`);
  const fields = resolved(form?.schema).properties ?? {};
  if (fields.image) lines.push(`${asked} -F image=@photo.jpg`);
  if (fields.catalogue) lines.push(`${asked} -F catalogue=@catalog.csv`);
  return lines.join("\n");
}

function drawn(operation) {
  const parameters = (operation.parameters ?? []).map(({ name, schema, description }) => [name, schema, description]);
  return element("details", { class: "operation" },
    element("summary", {}, element("span", { class: "method" }, operation.method), element("code", {}, operation.path),
      element("span", { class: "soft" }, operation.summary ?? "")),
    element("div", {}, operation.description ? element("p", {}, ...worded(operation.description)) : null,
      table("Parameters", parameters), ...bodyTables(operation), answers(operation),
      element("h3", {}, "Try it"), element("pre", { tabindex: "0" }, example(operation))));
}

async function draw() {
  const document = await (await fetch("/openapi.json")).json();
  ({ components } = document);
  const groups = [...operations(document)].flatMap(([tag, found]) => [element("h2", {}, tag), ...found.map(drawn)]);
  place.replaceChildren(element("h1", {}, "The API"),
    element("p", { class: "soft" }, `${document.info.summary} Version ${document.info.version}. Errors come as application/problem+json with a code, a detail and a hint. The same for programs: `,
      element("a", { href: "/openapi.json" }, "openapi.json")),
    ...groups);
  place.querySelector("details")?.setAttribute("open", "");
}

draw().catch(() => place.replaceChildren(element("p", { class: "notice" }, "openapi.json cannot be read.")));
