// A number field as a span between two thumbs, over a picture of how its numbers are spread.

import { numberOf } from "./address.js";
import { drawing, element } from "./dom.js";
import { label } from "./facets.js";

const STEPS = 100;
const WIDTH = 200;
const HEIGHT = 44;

// The values that a slider spans: where few items lie far out, the upper end means `and more`.
export function spanOf({ edges, counts, least, most }) {
  if (least === null || least === undefined || !(most > least)) return null;
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  const enough = counts.findIndex((count) => (below += count) >= 0.95 * total);
  const end = edges[enough + 1];
  const top = end < least + (most - least) / 2 ? end : most;
  const step = roundStep((top - least) / STEPS, [least, most].every(Number.isInteger));
  return { low: tidy(Math.floor(least / step) * step), high: tidy(Math.ceil(top / step) * step), step, open: top < most };
}

// 1, 2 or 5 times a power of ten.
function roundStep(rough, whole) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((times) => times * power >= rough) * power;
  return whole ? Math.max(1, step) : step;
}

const tidy = (value) => Number(value.toPrecision(12));

export function range(field, { span, spread, low, high }, onRange) {
  const name = label(field);
  const numbers = { low: bound("from", low), high: bound("to", high) };
  const thumbs = { low: thumb("lowest", low ?? span.low), high: thumb("highest", high ?? span.high) };
  const track = element("div", { class: "track-two" }, element("span", { class: "between", "aria-hidden": "true" }), thumbs.low, thumbs.high);
  const bars = histogram(spread, span);
  const said = (key) => (thumbs[key].valueAsNumber === span[key] ? null : thumbs[key].valueAsNumber);

  function bound(words, value) {
    return element("input", { type: "number", step: "any", inputmode: "decimal", placeholder: words, "aria-label": `${name} ${words}`,
      "data-key": `${field}:${words}`, value: value === null ? "" : String(value), onchange: typed });
  }

  function thumb(words, value) {
    return element("input", { type: "range", min: String(span.low), max: String(span.high), step: String(span.step),
      value: String(value), "aria-label": `${name}, ${words}`, "data-key": `${field}:${words}`, oninput: moved, onchange: settled });
  }

  function typed(event) {
    event.target.defaultValue = event.target.value;
    onRange(field, numberOf(numbers.low.value), numberOf(numbers.high.value));
  }

  function moved(event) {
    const [a, b] = [thumbs.low.valueAsNumber, thumbs.high.valueAsNumber];
    if (a > b) event.target.value = String(event.target === thumbs.low ? b : a);
    for (const key of ["low", "high"]) numbers[key].value = said(key) === null ? "" : String(said(key));
    draw();
  }

  function settled() {
    onRange(field, said("low"), said("high"));
  }

  function draw() {
    const [from, to] = [thumbs.low, thumbs.high].map(({ valueAsNumber }) => (valueAsNumber - span.low) / (span.high - span.low));
    track.style.setProperty("--from", String(from));
    track.style.setProperty("--to", String(to));
    for (const key of ["low", "high"]) thumbs[key].setAttribute("aria-valuetext", said(key) === null ? "any" : String(said(key)));
    for (const bar of bars.children) {
      const middle = Number(bar.getAttribute("data-middle"));
      bar.classList.toggle("out", middle < from || middle > to);
    }
  }

  draw();
  return element("fieldset", { class: "facet range-facet" }, element("legend", {}, name), bars, track,
    element("div", { class: "range" }, numbers.low, element("span", { "aria-hidden": "true" }, "–"), numbers.high,
      span.open && high === null ? element("span", { class: "hidden" }, `${span.high} and more`) : null));
}

function histogram(spread, span) {
  const { edges = [], counts = [] } = spread ?? {};
  const most = Math.max(...counts, 1);
  const across = (value) => (Math.min(Math.max(value, span.low), span.high) - span.low) / (span.high - span.low);
  const bars = counts.map((count, index) => {
    const [left, right] = [across(edges[index]), across(edges[index + 1])];
    const height = count ? Math.max(2, (HEIGHT * count) / most) : 0;
    return drawing("rect", { x: left * WIDTH, y: HEIGHT - height, width: (right - left) * WIDTH * 0.88, height, rx: 1.5, "data-middle": (left + right) / 2 });
  });
  return drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "bars", "aria-hidden": "true" }, ...bars);
}
