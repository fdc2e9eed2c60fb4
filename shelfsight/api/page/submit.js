// The form that brings a catalogue in: a file, or a path or address that the server can read.

import { element } from "./dom.js";

const KINDS = ".csv,.tsv,.jsonl,.ndjson,.parquet,.tar";

// `onSubmit(source, prune)` gives a promise; what it throws is said beside the form.
export function submitForm(form, onSubmit) {
  const file = element("input", { id: "catalogue", class: "hidden", type: "file", accept: KINDS, onchange: () => chosen(file.files[0]) });
  const named = element("span", { class: "chosen" }, "Choose a catalogue, or drop it here");
  const zone = element("label", { class: "zone", for: "catalogue" }, named, element("span", { class: "note" }, "CSV, JSONL, Parquet or tar. Pictures are addresses, or files beside it on the server."));
  const source = element("input", { id: "source", type: "text", autocomplete: "off", spellcheck: "false", placeholder: "shop/catalog.csv or https://shop.example/catalog.parquet" });
  const prune = element("input", { id: "prune", type: "checkbox" });
  const button = element("button", { type: "submit", class: "button" }, "Start");
  const fault = element("p", { class: "fault", role: "alert" });
  let picked = null;

  function chosen(one) {
    picked = one ?? null;
    named.replaceChildren(picked ? `${picked.name}, ${size(picked.size)}` : "Choose a catalogue, or drop it here");
    zone.classList.toggle("full", picked !== null);
    if (picked) source.value = "";
  }

  source.addEventListener("input", () => source.value && picked && ((file.value = ""), chosen(null)));
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (event) => (event.preventDefault(), zone.classList.add("over")));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, (event) => (event.preventDefault(), zone.classList.remove("over")));
  zone.addEventListener("drop", (event) => chosen(event.dataTransfer.files[0]));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = picked ?? source.value.trim();
    if (button.ariaDisabled === "true") return;
    fault.replaceChildren(given ? "" : "Choose a file, or say where the catalogue is.");
    if (!given) return;
    button.setAttribute("aria-disabled", "true");
    button.textContent = picked ? "Sending…" : "Start";
    try {
      await onSubmit(given, prune.checked);
      file.value = source.value = "";
      chosen(null);
    } catch (problem) {
      fault.replaceChildren([problem.message, problem.hint].filter(Boolean).join(" "));
    } finally {
      button.setAttribute("aria-disabled", "false");
      button.textContent = "Start";
    }
  });

  form.replaceChildren(file, zone,
    element("p", { class: "or" }, "or"),
    element("label", { class: "note", for: "source" }, "A path that the server may read, or an address"), source,
    element("label", { class: "choice" }, prune, element("span", {}, "Take out items that are no longer in the catalogue")),
    fault, element("p", { class: "submit-foot" }, button));
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toLocaleString(undefined, { maximumFractionDigits: 1 })} ${["kB", "MB", "GB"][power - 1]}`;
}
