// Pictures of items. Where a key is needed they are fetched with it, since an address alone would be refused.

import { element } from "./dom.js";
import { currentKey } from "./key.js";
import { addressOf } from "./keyed.js";

const NEAR = "800px";

const wanted = new WeakMap();
const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    show(target, wanted.get(target));
  }
}, { rootMargin: NEAR });

// An `img` that is loaded when it comes near.
export function photo(url, properties = {}) {
  if (!currentKey()) return element("img", { alt: "", loading: "lazy", decoding: "async", ...properties, src: url });
  const image = element("img", { alt: "", decoding: "async", ...properties });
  wanted.set(image, url);
  watcher.observe(image);
  return image;
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
