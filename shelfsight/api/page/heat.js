// Where in a picture a claim is seen: its heat map and its box, laid over the picture just as the picture lies.

import { thumbnailUrl } from "./api.js";
import { becauseOf } from "./claims.js";
import { drawing, element } from "./dom.js";
import { addressOf } from "./keyed.js";

const PNG_URI = /^data:image\/png;base64,([A-Za-z0-9+/]+={0,2})$/;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_CHARACTERS = 4_000_000;

// Lays `claim` over `frame`, which shows picture `index` of item `id`; `null` clears it.
export function showEvidence(frame, claim, { id, index }) {
  frame.querySelector(".evidence")?.remove();
  if (!claim) return;
  const { heat_map: uri, box, picture_index: other } = claim.evidence ?? {};
  const layers = [];
  const heat = heatMap(uri);
  const picture = other === undefined || other === null || other === index ? null : thumbnailUrl(id, other, 320);
  const size = picture ? heat : shownSize(frame) ?? heat;
  if (size) layers.push(overlay(size, { picture, heat, box: checked(box) }));
  frame.append(element("span", { class: "evidence", "aria-hidden": "true" }, ...layers, element("span", { class: "caption" }, becauseOf(claim))));
}

function shownSize(frame) {
  const shown = frame.querySelector("img");
  return shown?.naturalWidth ? { width: shown.naturalWidth, height: shown.naturalHeight } : null;
}

// The pixels of a PNG in a data URI, for an address of our own: the page's policy lets no data URI in.
function heatMap(uri) {
  const match = typeof uri === "string" && uri.length <= MAX_CHARACTERS ? PNG_URI.exec(uri) : null;
  if (!match) return null;
  let bytes;
  try {
    bytes = Uint8Array.from(atob(match[1]), (character) => character.charCodeAt(0));
  } catch {
    return null; // base64 of a length that cannot be
  }
  if (bytes.length < 24 || SIGNATURE.some((byte, place) => bytes[place] !== byte)) return null;
  const header = new DataView(bytes.buffer);
  const [width, height] = [header.getUint32(16), header.getUint32(20)];
  return width && height ? { width, height, bytes } : null;
}

function checked(box) {
  if (!Array.isArray(box) || box.length !== 4 || !box.every(Number.isFinite)) return null;
  const [left, top, right, bottom] = box.map((share) => Math.min(Math.max(share, 0), 1));
  return right > left && bottom > top ? [left, top, right, bottom] : null;
}

// A drawing with the picture's own sides is fitted into the frame as the picture is.
function overlay({ width, height }, { picture, heat, box }) {
  const layers = [];
  const whole = { x: 0, y: 0, width, height };
  if (picture) layers.push(otherPicture(picture, whole));
  if (heat) layers.push(heatLayer(heat.bytes, whole));
  if (box) {
    const [left, top, right, bottom] = box;
    const place = { x: left * width, y: top * height, width: (right - left) * width, height: (bottom - top) * height };
    layers.push(drawing("rect", { ...place, class: "halo" }), drawing("rect", { ...place, class: "box" }));
  }
  return drawing("svg", { viewBox: `0 0 ${width} ${height}` }, ...layers);
}

function otherPicture(url, whole) {
  const layer = drawing("image", { ...whole, class: "other" });
  addressOf(url).then((address) => layer.setAttribute("href", address), () => {});
  return layer;
}

function heatLayer(bytes, whole) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  const layer = drawing("image", { ...whole, href: url, preserveAspectRatio: "none", class: "heat" });
  for (const event of ["load", "error"]) layer.addEventListener(event, () => URL.revokeObjectURL(url));
  return layer;
}
