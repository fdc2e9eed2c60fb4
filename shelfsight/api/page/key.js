// The API key that a server may ask for: kept for as long as the tab is open, sent along, asked for where it is missing.

import { element } from "./dom.js";

const KEPT = "shelfsight.key";

let key = null;
let asking = null;

try {
  key = sessionStorage.getItem(KEPT);
} catch {
  // A browser may keep nothing; then the key lives as long as the page.
}

export const currentKey = () => key;

export const keyHeader = () => (key ? { Authorization: `Bearer ${key}` } : {});

// Whether there is another key than `before` now. Several requests that are refused at once share one question.
export async function anotherKey(before, problem) {
  if (key !== before) return true;
  asking ??= asked(problem).finally(() => (asking = null));
  return asking;
}

function asked({ detail, hint }) {
  const input = element("input", { id: "api-key", type: "password", required: true, autocomplete: "off", spellcheck: "false", placeholder: "ss_…" });
  const dialog = element("dialog", { class: "small-dialog", "aria-labelledby": "key-title" },
    element("form", { method: "dialog", class: "key-form" },
      element("h2", { id: "key-title" }, "API key"),
      element("p", { class: "note" }, key ? detail : "This server answers those who have a key.", key && hint ? ` ${hint}` : ""),
      element("label", { class: "hidden", for: "api-key" }, "API key"), input,
      element("p", { class: "note" }, "It is kept until this tab is closed."),
      element("p", { class: "actions" },
        element("button", { type: "submit", value: "use", class: "button" }, "Use this key"),
        element("button", { type: "button", class: "button quiet", onclick: () => dialog.close("") }, "Cancel"))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    const given = dialog.returnValue === "use" ? input.value.trim() : "";
    dialog.remove();
    if (given) remember(given);
    resolve(given !== "");
  }));
}

function remember(given) {
  key = given;
  try {
    sessionStorage.setItem(KEPT, given);
  } catch {
    // Then it is asked for again on the next page.
  }
}
