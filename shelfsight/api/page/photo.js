// Pictures of items: those that are wanted at once come first, the others when they are near. Where a key is needed they
// are fetched with it, since an address alone would be refused.

import { element } from "./dom.js";
import { addressOf } from "./keyed.js";

const NEAR = "800px";
// Nobody waits longer for the first ones.
const PATIENCE = 300;

const wanted = new WeakMap();
const urgent = new Set();
const watcher = new IntersectionObserver(async (entries) => {
  const near = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target);
  near.forEach((image) => watcher.unobserve(image));
  await Promise.race([Promise.all([...urgent].map((image) => image.decode().catch(() => {}))), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  for (const image of near) if (wanted.has(image)) show(image, wanted.get(image));
}, { rootMargin: NEAR });

// An `img` that is loaded at once, or when it comes near.
export function photo(url, properties = {}, { soon = false } = {}) {
  const image = element("img", { alt: "", decoding: soon ? "sync" : "async", fetchpriority: soon ? "high" : "low", ...properties });
  wanted.set(image, url);
  if (!soon) watcher.observe(image);
  else {
    urgent.add(image);
    for (const end of ["load", "error"]) image.addEventListener(end, () => urgent.delete(image));
    show(image, url);
  }
  return image;
}

// Nobody looks at it any more: what is on its way makes room for others.
export function drop(image) {
  urgent.delete(image);
  wanted.delete(image);
  watcher.unobserve(image);
  if (!image.complete) image.removeAttribute("src");
}

// Loads another picture into `image` now.
export async function show(image, url) {
  wanted.set(image, url);
  try {
    const address = await addressOf(url);
    if (wanted.get(image) === url) image.src = address;
  } catch {
    image.dispatchEvent(new Event("error"));
  }
}
