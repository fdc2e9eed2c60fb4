// One question after the other: the newest ends the older, and what is drawn belongs together.

import { PAGE_SIZE, getAtoms, getHits, getLooked } from "./api.js";
import { hasLimits } from "./atoms.js";
import { pause } from "./dom.js";

// A second look is dear: while somebody types it waits for so long.
const LOOK_PAUSE = 900;
// So many hits at most are ordered again; those behind follow in the first order.
const MOST_LOOKED = 240;

// `question()`: what is asked now; `wantsLook()`: whether with a second look; `on`: who draws what comes.
export class Flow {
  #question;
  #wantsLook;
  #on;
  #running = null;
  #read = { text: "", atoms: null };
  #page = { hits: [], total: 0 };
  #warned = [];

  constructor({ question, wantsLook, on }) {
    this.#question = question;
    this.#wantsLook = wantsLook;
    this.#on = on;
  }

  get page() {
    return this.#page;
  }

  // What is asked, with the limits in the words once they are known.
  get question() {
    return this.#limited(this.#question());
  }

  // Whether the words need no more reading.
  get read() {
    return this.atoms !== null || this.#question().text === "";
  }

  // What the words are understood to ask for; `null` where nobody read them yet.
  get atoms() {
    const { text, atoms } = this.#question();
    return atoms ?? (this.#read.text === text ? this.#read.atoms : null);
  }

  // `patient`: more may be typed at once. `kept`: the list stays until the second look is over.
  async ask({ patient = false, kept = false } = {}) {
    const asked = this.#question();
    const looks = this.#wantsLook();
    const mine = this.#begun();
    this.#warned = [];
    if (this.#read.text !== asked.text) this.#read = { text: asked.text, atoms: null };
    const stays = kept && this.#page.current;
    this.#page.current = stays;
    if (looks && !patient) {
      await this.#lookAgain(mine, { count: PAGE_SIZE, first: !stays });
    } else if ((await this.#working(mine, () => this.#first(mine, asked))) && looks) {
      await this.#lookAgain(mine, { count: PAGE_SIZE, wait: LOOK_PAUSE });
    }
  }

  async more() {
    if (!this.#page.current) return; // what it would add belongs to the answer that is being replaced
    const count = this.#page.hits.length + PAGE_SIZE;
    const looks = this.#wantsLook() && count <= MOST_LOOKED;
    const mine = this.#begun();
    if (looks && this.#page.looked) await this.#lookAgain(mine, { count });
    else if ((await this.#working(mine, () => this.#added(mine))) && looks) this.#lookAgain(mine, { count });
  }

  // What is under way belongs to another collection.
  end() {
    this.#begun();
    this.#page = { hits: [], total: 0 };
  }

  // Nobody wants what is under way any more, but the first answer.
  hush() {
    if (this.#running?.looking) this.#running.abort();
  }

  async #first(mine, asked) {
    await this.#shown(mine, this.#limited(asked));
    if (!asked.text || asked.atoms !== null || this.#read.atoms !== null) return;
    const atoms = await getAtoms(asked.text, mine.signal).catch(() => null);
    if (this.#running !== mine) return;
    if (atoms !== null) this.#read = { text: asked.text, atoms };
    if (hasLimits(atoms)) await this.#shown(mine, this.#limited(asked));
    else this.#on.atoms();
  }

  async #shown(mine, asked) {
    const page = await getHits(asked, { signal: mine.signal });
    if (this.#running !== mine) return;
    this.#page = { ...page, current: true };
    this.#on.hits(this.#page, {});
  }

  // Limits in the words bound the hits, once they are known.
  #limited(asked) {
    return hasLimits(this.atoms) ? { ...asked, atoms: this.atoms } : asked;
  }

  async #added(mine) {
    const page = await getHits(this.question, { offset: this.#page.hits.length, signal: mine.signal });
    if (this.#running !== mine) return;
    const there = new Set(this.#page.hits.map(({ id }) => id));
    const added = page.hits.filter(({ id }) => !there.has(id));
    this.#page = { ...this.#page, total: page.total, trace: page.trace, hits: [...this.#page.hits, ...added] };
    this.#on.added(this.#page, added);
  }

  // What is shown stays until the second order is there, and stays for good where that fails.
  async #lookAgain(mine, { count, wait = 0, first = false }) {
    mine.looking = true;
    try {
      await pause(wait, mine.signal);
      this.#on.looking();
      if (first) this.#on.busy(true);
      for await (const { event, data } of getLooked(this.#question(), count, mine.signal)) {
        if (this.#running !== mine) return;
        this.#heard(event, data, first);
      }
    } catch (problem) {
      if (problem.name === "AbortError" || this.#running !== mine) return;
      if (first && !this.#page.current) await this.#firstAfter(problem, mine);
      else this.#on.lookProblem(problem);
    } finally {
      if (first && this.#running === mine) this.#on.busy(false);
    }
  }

  // No stream came, not even the first order: it is asked for alone.
  async #firstAfter(problem, mine) {
    if (await this.#working(mine, () => this.#first(mine, this.#question()))) this.#on.lookProblem(problem);
  }

  #heard(event, data, first) {
    if (event === "hits") this.#warned = data.warnings ?? [];
    if (data.atoms) this.#read = { text: this.#question().text, atoms: data.atoms };
    if (event === "hits" && first) {
      this.#page = { ...data, current: true };
      this.#on.hits(this.#page, { gliding: true });
      this.#on.busy(false);
    } else if (event === "order") {
      this.#page = { ...this.#parted(data), current: true };
      this.#on.hits(this.#page, { gliding: true });
    } else if (event === "explanation") {
      const hits = this.#page.hits.map((hit) => (hit.id === data.id ? { ...hit, explanation: data.explanation } : hit));
      this.#page = { ...this.#page, hits };
      this.#on.explained(hits.find(({ id }) => id === data.id));
    } else if (event === "done") {
      this.#page = { ...this.#page, ...this.#parted(data), hits: this.#page.hits };
      this.#on.looked(this.#page);
    }
  }

  // What a second look did and warns of, apart from what the first stage had to say.
  #parted({ stages = [], warnings = [], ...page }) {
    const [first, second] = [true, false].map((known) => warnings.filter((each) => this.#warned.includes(each) === known));
    return { ...page, warnings: first, looked: { stages, warnings: second } };
  }

  #begun() {
    this.#running?.abort();
    this.#running = Object.assign(new AbortController(), { looking: false });
    this.#on.busy(false);
    return this.#running;
  }

  // Whether the job was done, and nothing newer came in between.
  async #working(mine, job) {
    this.#on.busy(true);
    try {
      await job();
      return this.#running === mine;
    } catch (problem) {
      if (problem.name !== "AbortError" && this.#running === mine) this.#on.problem(problem);
      return false;
    } finally {
      if (this.#running === mine) this.#on.busy(false);
    }
  }
}
