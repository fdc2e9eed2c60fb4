// The indexing page: what was submitted, how far it is, what became of it.

import { useCollection } from "./collection.js";
import { byId, element } from "./dom.js";
import { jobCard } from "./job_card.js";
import { cancelJob, changesOf, getJobs, hasEnded, resumeJob, submitJob } from "./jobs.js";
import { drawPicker } from "./picker.js";
import { submitForm } from "./submit.js";
import { unpressed } from "./unpressed.js";

// A browser opens few connections to a server; jobs beyond these are looked at now and then.
const FOLLOWED = 3;
const AGAIN_MS = 2000;

const place = byId("jobs");
const calmly = unpressed(place);
const jobs = new Map();
const followed = new Set();

function put(job) {
  const before = jobs.get(job.id);
  jobs.set(job.id, job);
  if (before && before.state !== job.state) byId("said").textContent = `${job.source}: ${job.state}`;
  calmly(() => draw(jobs.get(job.id)));
}

function draw(job) {
  const old = place.querySelector(`[data-id="${CSS.escape(job.id)}"]`);
  const card = jobCard(job, { cancel: (each) => steer(cancelJob, each), resume: (each) => steer(resumeJob, each) });
  if (!old) return place.prepend(card);
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = old.querySelector("details")?.open;
  old.replaceWith(card);
  if (open && card.querySelector("details")) card.querySelector("details").open = true;
  if (focused !== null) (card.querySelector(`[data-key="${CSS.escape(focused ?? "")}"]`) ?? card.querySelector("button, summary, a"))?.focus({ preventScroll: true });
}

async function steer(how, job) {
  try {
    put(await how(job.id));
    follow();
  } catch (problem) {
    put({ ...job, error: { detail: problem.message, hint: problem.hint } });
  }
}

// Those that run first, then those that wait, the oldest first.
function follow() {
  const open = [...jobs.values()].filter((job) => !hasEnded(job) && !followed.has(job.id));
  open.sort((a, b) => (b.state === "running") - (a.state === "running") || a.created.localeCompare(b.created));
  for (const job of open.slice(0, FOLLOWED - followed.size)) followOne(job);
}

async function followOne(job) {
  followed.add(job.id);
  try {
    for await (const now of changesOf(job)) put(now);
  } catch {
    // The server is away, or being restarted: it is asked again below.
  }
  setTimeout(async () => {
    followed.delete(job.id);
    await refresh().catch(() => {});
    follow();
  }, hasEnded(jobs.get(job.id)) ? 0 : AGAIN_MS);
}

async function refresh() {
  const all = await getJobs();
  for (const job of all.toReversed()) if (!followed.has(job.id) && JSON.stringify(jobs.get(job.id)) !== JSON.stringify(job)) put(job);
  byId("none").hidden = jobs.size > 0;
}

async function start() {
  submitForm(byId("submit"), async (source, prune) => {
    put(await submitJob(source, prune));
    byId("none").hidden = true;
    follow();
  });
  try {
    await refresh();
    follow();
  } catch (problem) {
    place.replaceChildren(element("li", { class: "fault" }, [problem.message, problem.hint].filter(Boolean).join(" ")));
  }
}

start();
drawPicker(byId("collections"), null, useCollection);
