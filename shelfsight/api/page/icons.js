// The page's drawn signs.

import { drawing } from "./dom.js";

const PATHS = {
  more: "M12 5v14M5 12h14",
  less: "M5 12h14",
  compare: "M4 5h6v14H4zM14 5h6v14h-6z",
  why: "M9.200 9.300a2.900 2.900 0 1 1 4.300 2.500c-1 .6-1.500 1.200-1.500 2.400M12 17.600v.1",
  close: "M6 6l12 12M18 6L6 18",
};

export const icon = (name, size = 18) => drawing("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: "icon" },
  drawing("path", { d: PATHS[name] }));
