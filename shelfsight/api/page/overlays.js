// What is open over the list: details, a comparison, the reasons for a place. The address says which.

import { thumbnailUrl } from "./api.js";
import { fillCompare } from "./compare.js";
import { fillDetail } from "./detail.js";
import { shownIn } from "./dialogs.js";
import { byId, element } from "./dom.js";
import { icon } from "./icons.js";
import { photo } from "./photo.js";
import { looksFor } from "./state.js";
import { fillWhy } from "./why.js";

export function overlays({ does, question, hits, onClose }) {
  let open = { item: null, why: null, versus: [] };
  const leaving = (name, empty) => () => open[name] !== empty && open[name].length !== 0 && onClose({ [name]: empty });
  const detail = shownIn(byId("detail"), leaving("item", null));
  const why = shownIn(byId("why"), leaving("why", null));
  const compare = shownIn(byId("compare"), () => open.versus.length === 2 && onClose({ versus: [] }));
  const hitOf = (id) => hits().find((hit) => hit.id === id) ?? { id, picture_index: 0, metadata: {}, ranks: {} };

  // Brings what is open to what the state says.
  function sync(state) {
    const { item, why: reason, versus, look } = state;
    const before = open;
    open = { item, why: reason, versus: [...versus] };
    const searching = looksFor(state);
    changed(detail, before.item, item, () => fillDetail(detail, hitOf(item), does, { less: searching, why: searching }));
    changed(why, before.why, reason, () => fillWhy(why, reason, question(), { look, onOpen: does.open, onWhy: (id) => does.why({ id }) }));
    const pair = versus.length === 2 ? versus.join("\n") : null;
    changed(compare, before.versus.length === 2 ? before.versus.join("\n") : null, pair,
      () => fillCompare(compare, versus.map(hitOf), { onOpen: does.open }));
    drawTray(versus.length === 1 ? versus[0] : null);
  }

  function changed(dialog, before, now, fill) {
    if (now === null) dialog.close();
    else if (now !== before) fill().catch((problem) => problem.name !== "AbortError" && dialog.fill(failed(problem, dialog.title)));
  }

  function drawTray(id) {
    const tray = byId("tray");
    tray.hidden = id === null;
    tray.replaceChildren(...(id === null ? [] : [
      photo(thumbnailUrl(id, hitOf(id).picture_index, 96)),
      element("p", {}, "Choose another to compare it with."),
      element("button", { type: "button", class: "icon-button", "aria-label": "Compare nothing", onclick: () => onClose({ versus: [] }) }, icon("close", 18)),
    ]));
  }

  return { sync };
}

const failed = (problem, id) => element("div", { class: "failed" }, element("h2", { id }, problem.message), element("p", { class: "note" }, problem.hint ?? ""));
