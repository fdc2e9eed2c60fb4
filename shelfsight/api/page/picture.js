// A picture to search with: chosen, dropped or pasted.

import { byId, element } from "./dom.js";

export function takePictures(onPicture, onFail) {
  const file = byId("file");
  const overlay = byId("drop");
  const take = (files) => {
    const picture = [...files].find((each) => each.type.startsWith("image/"));
    if (picture) onPicture(picture);
    else if (files.length) onFail("That file is no picture.");
  };
  byId("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    take(file.files);
    file.value = "";
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) {
      event.preventDefault();
      take(event.clipboardData.files);
    }
  });
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    overlay.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    overlay.hidden = true;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}

let shown = { picture: null };

// The chosen picture with what can be done to it; the slider says how much it counts beside words.
// Drawn once a picture, so that nobody loses the slider while answers come.
export function drawPicture(place, { picture, weight, text }, { onWeight, onRemove }) {
  place.hidden = !picture;
  if (shown.picture !== picture) {
    if (shown.url) URL.revokeObjectURL(shown.url);
    shown = picture ? drawn(picture, weight, onWeight, onRemove) : { picture, parts: [] };
    place.replaceChildren(...shown.parts);
  }
  if (!picture) return;
  shown.said.textContent = text ? "Words and picture together" : "Searching with your picture";
  shown.mixer.hidden = !text;
}

function drawn(picture, weight, onWeight, onRemove) {
  const url = URL.createObjectURL(picture);
  const slider = element("input", {
    type: "range", min: "0", max: "1", step: "0.05", value: String(weight), id: "weight",
    oninput: (event) => onWeight(Number(event.target.value)),
  });
  const said = element("p");
  const mixer = element("label", { class: "slider", for: "weight" }, element("span", {}, "words"), slider, element("span", {}, "picture"));
  const parts = [
    element("img", { src: url, alt: "The picture you search with" }),
    element("div", { class: "mix" }, said, mixer),
    element("button", { type: "button", class: "icon-button", onclick: onRemove, "aria-label": "Remove the picture" }, "✕"),
  ];
  return { picture, url, parts, said, mixer };
}
