// For a merchandiser: why an item stands where it does, what is just above it, and what would change that.

import { getItem, getWhy, thumbnailUrl } from "./api.js";
import { element, percent, readable, sentence } from "./dom.js";
import { photo } from "./photo.js";

const STAGES = {
  vector: "By pictures", words: "By words", retrieval: "Both together", rules: "After rules", rerank: "After a second look",
  sort: "After ordering", duplicates: "Without duplicates", diversity: "After making room", final: "In the list",
};

export async function fillWhy(shown, id, question, { look, onOpen, onWhy }) {
  const signal = shown.begin();
  const told = await getWhy(id, question, look, signal);
  shown.fill(
    element("div", { class: "why-head" },
      photo(thumbnailUrl(told.id, told.picture_index ?? 0, 128)),
      element("div", {}, element("p", { class: "note" }, placed(told)), element("h2", { id: "why-title" }, told.title || told.id))),
    element("p", { class: "lead" }, told.sentence),
    part("How it got there", stages(told.stages)), part("What it has to pass", conditions(told.conditions)),
    part("Words", words(told.words)), part("Rules", rules(told.rules)), part("Stands for it", into(told.into, onOpen)),
    part("Just above it", above(told.above, onOpen)), part("What would change it", changes(told.changes)), part("Mind", plain(told.warnings)),
    another(onWhy));
}

function placed({ rank, total, outcome }) {
  if (!rank) return `Not in the list: ${readable(outcome)}`;
  return `Number ${rank.toLocaleString()} of ${total.toLocaleString()}`;
}

const part = (name, content) => (content ? element("section", { class: "why-part" }, element("h3", {}, name), content) : null);

const listed = (values, draw, kind = "ul", name = "") =>
  (values?.length ? element(kind, { class: name }, ...values.map((value) => element("li", {}, ...[draw(value)].flat()))) : null);

// Each stage with the rank the item had after it, and how that differs from the stage before.
function stages(all = []) {
  const before = (index) => all.slice(0, index).findLast(({ rank }) => rank)?.rank;
  return listed(all.map((stage, index) => ({ ...stage, before: before(index) })), (stage) => [
    element("span", { class: "stage-name" }, STAGES[stage.name] ?? stage.name),
    element("span", { class: "stage-rank" }, stage.rank ? `#${stage.rank.toLocaleString()}` : "—", moved(stage)),
    element("span", { class: "note" }, [Number.isFinite(stage.value) ? stage.value.toFixed(3) : "", stage.note ?? ""].filter(Boolean).join(" · ")),
  ], "ol", "stages");
}

function moved({ rank, before }) {
  if (!rank || !before || rank === before) return null;
  const up = rank < before;
  return element("span", { class: up ? "move up" : "move down" }, element("span", { "aria-hidden": "true" }, up ? " ▲ " : " ▼ "),
    element("span", { class: "hidden" }, up ? " up " : " down "), Math.abs(rank - before).toLocaleString());
}

const verdict = (passes, ...content) => [
  element("span", { class: passes ? "sign yes" : "sign no", "aria-hidden": "true" }, passes ? "✓" : "✗"),
  element("span", {}, element("span", { class: "hidden" }, passes ? "passes: " : "fails: "), ...content),
];

const conditions = (all) => listed(all, ({ text, passes, field, value, source }) => verdict(passes, element("code", {}, text),
  element("span", { class: "note" }, field ? ` has ${readable(value) || "nothing there"}` : "", source === "filter" ? "" : ` (${readable(source)})`)), "ul", "verdicts");

const words = (all) => listed(all, ({ word, found }) => verdict(found, word), "ul", "verdicts across");

const rules = (all) => listed(all, ({ kind, rule, line, factor, text }) => [
  element("b", {}, readable(kind)), ` ${text || rule}`,
  element("span", { class: "note" }, [Number.isFinite(factor) ? ` × ${factor}` : "", line ? ` line ${line}` : ""].join("")),
]);

const into = (other, onOpen) => other && element("ul", { class: "above" }, element("li", {}, ...neighbour(other, onOpen, readable(other.how))));

const above = (all, onOpen) => listed(all, (each) => neighbour(each, onOpen, aheadBy(each)), "ul", "above");

function neighbour(each, onOpen, said) {
  return [
    photo(thumbnailUrl(each.id, each.picture_index ?? 0, 96)),
    element("span", {}, element("button", { type: "button", class: "link", onclick: () => onOpen({ picture_index: 0, ...each }) }, each.title || each.id),
      element("span", { class: "note" }, [each.rank ? `#${each.rank}` : "", said, ...(each.reasons ?? []).map(readable)].filter(Boolean).join(" · "))),
  ];
}

function aheadBy({ more = {} }) {
  const { relevance, score, words: match } = more;
  const said = [];
  if (relevance > 0) said.push(`${percent(relevance)} likelier`);
  if (score > 0) said.push(`looks ${score.toFixed(3)} more alike`);
  if (match > 0) said.push(`has ${percent(match)} more of the words`);
  return said.join(", ");
}

const changes = (all) => listed(all, ({ text }) => sentence(text));

const plain = (all) => listed(all, (text) => sentence(text));

function another(onWhy) {
  const input = element("input", { id: "why-id", type: "text", required: true, autocomplete: "off", spellcheck: "false", placeholder: "Id of an item" });
  const fault = element("p", { class: "fault", role: "alert" });
  const put = async (event) => {
    event.preventDefault();
    fault.replaceChildren();
    try {
      await getItem(input.value.trim());
      onWhy(input.value.trim());
    } catch (problem) {
      fault.replaceChildren([problem.message, problem.hint].filter(Boolean).join(" "));
    }
  };
  return element("form", { class: "another", onsubmit: put },
    element("label", { class: "note", for: "why-id" }, "Why is another item where it is, or not here?"),
    element("p", { class: "ask-form" }, input, element("button", { type: "submit", class: "button quiet" }, "Tell")), fault);
}
