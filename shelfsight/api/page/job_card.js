// A job as a card: where it stands, what became of it, and what can be done about it.

import { element, readable, sentence } from "./dom.js";
import { failuresUrl, hasEnded } from "./jobs.js";
import { addressOf } from "./keyed.js";

const STATES = {
  queued: "Waiting", running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled", interrupted: "Interrupted, goes on by itself",
};
const COUNTS = [["indexed", "new"], ["updated", "updated"], ["unchanged", "unchanged"], ["deleted", "taken out"], ["failed", "failed"]];
const RELATIVE = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

// `does.cancel` and `does.resume` are called with the job.
export function jobCard(job, does) {
  const state = job.cancelling && !hasEnded(job) ? "Cancelling" : STATES[job.state] ?? readable(job.state);
  return element("li", { class: "job", "data-id": job.id, "data-state": job.state },
    element("div", { class: "job-head" },
      element("span", { class: `badge ${Object.hasOwn(STATES, job.state) ? job.state : ""}` }, state),
      element("h3", {}, job.source),
      element("span", { class: "note" }, `${job.collection} · ${since(job.started ?? job.created)}`)),
    hasEnded(job) ? null : progressBar(job),
    element("p", { class: "job-counts" }, counted(job)),
    job.error ? element("p", { class: "fault" }, [job.error.detail, job.error.hint].filter(Boolean).map(sentence).join(" ")) : null,
    failures(job),
    deeds(job, does));
}

function progressBar({ source, progress: { done = 0, total } = {} }) {
  const known = Number.isFinite(total) && total > 0;
  return element("progress", { "aria-label": `Progress of ${source}`, ...(known ? { max: String(total), value: String(Math.min(done, total)) } : {}) });
}

function counted(job) {
  return hasEnded(job) && job.report ? reported(job.report) : underWay(job);
}

function underWay({ state, begun, progress: { stage, done = 0, total, pictures = 0, failed = 0, seconds = 0 } = {} }) {
  if (!done && !seconds) return "";
  const unit = stage === "features" ? "pictures looked at" : "rows";
  const parts = [Number.isFinite(total) ? `${number(done)} of ${number(total)} ${unit}` : `${number(done)} ${unit}`, `${number(pictures)} pictures encoded`];
  if (failed) parts.push(`${number(failed)} failed`);
  parts.push(duration(seconds));
  const left = begun === 1 && state === "running" && done > 0 && total > done ? (seconds / done) * (total - done) : 0;
  if (left > 1) parts.push(`about ${duration(left)} left`);
  return parts.join(" · ");
}

function reported(report) {
  const parts = COUNTS.filter(([name]) => report[name] > 0).map(([name, words]) => `${number(report[name])} ${words}`);
  return [...(parts.length ? parts : ["nothing to do"]), `${number(report.encoded ?? 0)} pictures encoded`, duration(report.seconds ?? 0)].join(" · ");
}

function failures({ id, report, progress }) {
  const shown = report?.failures ?? [];
  const count = report?.failed ?? progress?.failed ?? 0;
  if (!shown.length && !count) return null;
  const save = element("a", { class: "link", href: failuresUrl(id), download: `failures-${id}.jsonl`, onclick: (event) => saved(event, id) }, "Download all failures");
  return element("details", { class: "failures" },
    element("summary", {}, `What could not be used (${number(Math.max(count, shown.length))})`),
    element("ul", {}, ...shown.map(({ place, message, reason, id: item }) => element("li", {},
      element("b", {}, item ?? place ?? ""), " ", sentence(readable(message)), element("span", { class: "note" }, ` ${readable(reason)}${item ? ` · ${readable(place)}` : ""}`)))),
    element("p", {}, save));
}

// A plain link would come without the key.
async function saved(event, id) {
  const link = event.target;
  event.preventDefault();
  try {
    element("a", { href: await addressOf(failuresUrl(id)), download: `failures-${id}.jsonl` }).click();
  } catch (problem) {
    link.parentElement.replaceChildren(link, element("span", { class: "fault", role: "alert" }, ` ${problem.message}`));
  }
}

function deeds(job, does) {
  const deed = (words, run) => element("button", { type: "button", class: "button quiet", "data-key": words, onclick: run, "aria-label": `${words} ${job.source}` }, words);
  const found = [];
  if (!hasEnded(job) && !job.cancelling) found.push(deed("Cancel", () => does.cancel(job)));
  if (["failed", "cancelled"].includes(job.state)) found.push(deed("Resume", () => does.resume(job)));
  return found.length ? element("p", { class: "job-deeds" }, ...found) : null;
}

const number = (value) => value.toLocaleString();

function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function since(time) {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  if (!Number.isFinite(seconds)) return "";
  const [unit, length] = RELATIVE.find(([, each]) => Math.abs(seconds) >= each) ?? RELATIVE.at(-1);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
