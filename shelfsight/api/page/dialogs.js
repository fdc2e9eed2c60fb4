// Dialogs over the list: each shows one thing of the address, and closing it leaves that.

import { element } from "./dom.js";
import { icon } from "./icons.js";

// What is shown in `dialog` until it closes; a newer thing ends the older.
export function shownIn(dialog, onClose) {
  let ended = null;
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    ended?.abort();
    onClose();
  });
  return {
    title: dialog.getAttribute("aria-labelledby"),
    begin() {
      ended?.abort();
      ended = new AbortController();
      return ended.signal;
    },
    fill(...parts) {
      dialog.replaceChildren(closer(dialog), ...parts.filter((part) => part !== null));
      if (!dialog.open) dialog.showModal();
    },
    close() {
      ended?.abort(); // what is still on its way would open it again
      dialog.close();
    },
  };
}

const closer = (dialog) =>
  element("button", { type: "button", class: "close icon-button", onclick: () => dialog.close(), "aria-label": "Close" }, icon("close", 20));
