// The claims of an explanation as chips. The one pointed at, focused or pressed shows what it rests on.

import { element, percent, readable } from "./dom.js";

const VERDICTS = {
  yes: { name: "yes", sign: "✓" },
  no: { name: "no", sign: "✗" },
  "cannot tell": { name: "unsure", sign: "?" },
};

// `onShow` is called with a claim, or with `null` when none is looked at any more; `whole` writes the evidence beside.
export function claimList(claims, { onShow, whole = false }) {
  const at = { pointed: null, focused: null, pressed: null };
  const update = (changes) => {
    Object.assign(at, changes);
    const index = at.pointed ?? at.focused ?? at.pressed;
    buttons.forEach((button, each) => button.setAttribute("aria-pressed", String(each === at.pressed)));
    onShow(index === null ? null : claims[index]);
  };
  const buttons = claims.map((claim, index) => chip(claim, index, {
    onpointerenter: (event) => event.pointerType === "mouse" && update({ pointed: index }),
    onpointerleave: () => update({ pointed: null }),
    onfocus: (event) => event.target.matches(":focus-visible") && update({ focused: index }),
    onblur: () => update({ focused: null }),
    onclick: () => update(at.pressed === index ? { pressed: null, focused: null, pointed: null } : { pressed: index }),
    onkeydown: (event) => event.key === "Escape" && update({ pointed: null, focused: null, pressed: null }),
  }));
  return element("ul", { class: whole ? "claims whole" : "claims", "aria-label": "What the item was checked for" },
    ...buttons.map((button, index) => element("li", {}, button,
      whole ? element("span", { class: "because", "aria-hidden": "true" }, becauseOf(claims[index])) : null)));
}

const verdictOf = (claim) => VERDICTS[claim.verdict] ?? VERDICTS["cannot tell"];

function chip(claim, index, handlers) {
  const { name, sign } = verdictOf(claim);
  const label = { "aria-label": readOut(claim), "aria-pressed": "false", "data-key": `claim:${index}` };
  return element("button", { type: "button", class: `claim ${name}`, ...label, ...handlers },
    element("span", { class: "sign", "aria-hidden": "true" }, sign), element("span", { class: "atom-text" }, claim.atom));
}

// How sure, and who says so: `93% likely, by the picture`. A catalogue is sure.
export function becauseOf(claim) {
  const { field, value } = claim.evidence ?? {};
  if (claim.source === "none") return "nothing to go by";
  const likely = `${percent(claim.probability)} likely${claim.graded ? ", a rough grade" : ""}`;
  if (claim.source === "catalogue") {
    const says = `by the catalogue: ${readable(field)} = ${readable(value)}`;
    return Number.isInteger(claim.probability) ? says : `${likely}, ${says}`;
  }
  return `${likely}, by the picture`;
}

// The whole claim, for those who cannot see the chip.
const readOut = (claim) => `${claim.atom}: ${claim.verdict} (${becauseOf(claim)})`;
