// On a narrow window the filters are a sheet that comes up; on a wide one they stand at the side.

import { byId } from "./dom.js";

const WIDE = matchMedia("(min-width: 800px)");

export function placeFilters() {
  const [sheet, side, panel] = [byId("sheet"), byId("side"), byId("filters")];
  const place = () => {
    if (WIDE.matches && sheet.open) sheet.close();
    (WIDE.matches ? side : byId("sheet-body")).append(panel);
  };
  WIDE.addEventListener("change", place);
  byId("open-filters").addEventListener("click", () => sheet.showModal());
  sheet.addEventListener("click", (event) => (event.target === sheet || event.target.closest("[data-does=close]")) && sheet.close());
  place();
}
