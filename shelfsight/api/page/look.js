// The second look: whether it is wanted, and what it did, in words.

import { element, milliseconds, sentence } from "./dom.js";

const KEPT = "shelfsight.look";

// What was chosen the last time; a browser may keep nothing.
export function rememberedLook() {
  try {
    return localStorage.getItem(KEPT) === "1";
  } catch {
    return false;
  }
}

export function rememberLook(on) {
  try {
    localStorage.setItem(KEPT, on ? "1" : "0");
  } catch {
    // The address still says it.
  }
}

export function drawLooking(place) {
  place.classList.add("busy");
  place.replaceChildren("Looking at the pictures again…");
}

// `going`: explanations are still to come.
export function drawLooked(place, { stages, warnings }, { going }) {
  place.classList.toggle("busy", going);
  const models = [...new Set(stages.map(({ model }) => model).filter(Boolean))];
  const said = [...stages.map(told).filter(Boolean), ...models].join(" · ");
  place.replaceChildren(said, ...warnings.map(warning));
}

export function drawLookProblem(place, problem) {
  place.classList.remove("busy");
  const hint = problem.hint ? ` ${sentence(problem.hint)}` : "";
  place.replaceChildren("Kept the first order", warning(`No second look: ${sentence(problem.message)}${hint}`));
}

export function clearLooked(place) {
  place.classList.remove("busy");
  place.replaceChildren();
}

function told(stage) {
  const time = milliseconds(stage.milliseconds);
  if (stage.name === "explain") return `explained ${stage.scored} in ${time}`;
  if (stage.name !== "rerank") return "";
  if (stage.ended === "gate") return `Kept the first order: no clear difference among ${stage.scored} in ${time}`;
  if (stage.ended === "failed") return "Kept the first order"; // a warning says why
  const looked = stage.scored < stage.candidates ? `${stage.scored} of ${stage.candidates}` : `${stage.scored}`;
  const early = { budget: ", then time was up", settled: ", the rest could change nothing" }[stage.ended] ?? "";
  return `Re-ranked ${looked} in ${time}, ${stage.moved} moved${early}`;
}

const warning = (text) => element("span", { class: "warning" }, element("span", { "aria-hidden": "true" }, "⚠ "), sentence(text));
