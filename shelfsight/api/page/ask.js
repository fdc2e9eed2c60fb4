// Questions about one item, answered by a model that looks at its picture. Answers are text, never markup.

import { askAbout } from "./api.js";
import { element, milliseconds } from "./dom.js";

const MAX_QUESTION = 500;
const MAX_TURNS = 8;
const ENDED = { max_tokens: "cut short", time: "ran out of time" };

// `picture()` tells which of the item's pictures is looked at now; `signal` ends a question that is still under way.
export function askBox(item, { picture, signal }) {
  const turns = [];
  const log = element("ol", { class: "turns", role: "log", "aria-label": "Answers" });
  const input = element("input", {
    id: "question", type: "text", maxlength: String(MAX_QUESTION), required: true, autocomplete: "off", enterkeyhint: "send",
    placeholder: "What is it made of?", "aria-describedby": "ask-note",
  });
  const button = element("button", { type: "submit", class: "button" }, "Ask");
  const fault = element("p", { class: "fault", role: "alert" });
  const wait = (busy) => {
    log.setAttribute("aria-busy", String(busy));
    button.setAttribute("aria-disabled", String(busy)); // not `disabled`, which would lose the focus
  };
  const put = async (event) => {
    event.preventDefault();
    const question = input.value.trim();
    if (!question || button.ariaDisabled === "true") return;
    const said = element("p", { class: "answer busy" }, "Looking…");
    const entry = element("li", { class: "turn" }, element("p", { class: "question" }, question), said);
    log.append(entry);
    let text = "";
    const onText = (piece) => said.replaceChildren((text += piece));
    fault.replaceChildren();
    wait(true);
    try {
      const document = await askAbout(item.id, { question, turns: turns.slice(-MAX_TURNS), picture: picture() }, { signal, onText });
      turns.push({ question, answer: document.answer });
      entry.replaceChildren(entry.firstChild, ...answered(document));
      if (input.value.trim() === question) input.value = "";
      input.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      entry.remove();
      if (problem.name !== "AbortError") fault.replaceChildren([problem.message, problem.hint].filter(Boolean).join(" "));
    } finally {
      wait(false);
    }
  };
  return element("section", { class: "ask", "aria-labelledby": "ask-heading" },
    element("h3", { id: "ask-heading" }, "Ask about it"), log,
    element("form", { class: "ask-form", onsubmit: put }, element("label", { class: "hidden", for: "question" }, "Your question"), input, button),
    fault, element("p", { class: "note", id: "ask-note" }, "A model looks at the picture and answers. It can be wrong."));
}

function answered({ answer, model, stop, milliseconds: time }) {
  const notes = [model, Number.isFinite(time) ? milliseconds(time) : "", ENDED[stop]].filter(Boolean);
  return [element("p", { class: "answer" }, answer || "The model said nothing."), element("p", { class: "note" }, notes.join(" · "))];
}
