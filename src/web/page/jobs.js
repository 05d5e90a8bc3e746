// The page of a housekeeper's phone: what is offered, what is theirs with the next move as one big button, what they did.

import { PHOTOS_MAX, button, call, draft, isBusy, language, make, moment, once, page, photoButton, picture, t, watch } from "./phone.js";

const PRAISE_SHOWN_MAX = 3;
const LATER_MIN = [15, 30, 60];

let jobs = null;
let praise = [];
let praiseRead = false;
let stale = false; // a part was not drawn anew, because somebody was typing in it
const form = new Map(); // ticket → the move whose form is open
const trouble = new Map(); // ticket → what went wrong
const shown = new Map(); // ticket → pictures that were asked for

const look = watch(async () => {
  const answer = await call("GET", `/api/v1/jobs?lang=${language()}`);
  if (answer.ok && !praiseRead) await readPraise();
  return answer;
}, (read) => {
  const same = read && JSON.stringify({ ...read, now: "" }) === JSON.stringify({ ...jobs, now: "" });
  jobs = read ?? jobs;
  if (jobs && (!same || stale)) draw(true);
});

// Kind words do not change while somebody looks: the last of them are read once.
async function readPraise() {
  const all = [];
  for (let after = ""; after !== null; ) {
    const answer = await call("GET", `/api/v1/praise?limit=500${after && `&after=${encodeURIComponent(after)}`}`).catch(() => null);
    if (!answer?.ok) return;
    const { items, next } = await answer.json();
    all.push(...items);
    after = next;
  }
  praise = all.slice(-PRAISE_SHOWN_MAX).reverse();
  praiseRead = true;
}

// Draws everything; politely: not where somebody is typing.
function draw(polite = false) {
  stale = false;
  page("hello").textContent = t().hello(jobs.name);
  document.title = jobs.offered.length ? `(${jobs.offered.length}) Nightporter` : "Nightporter";
  const groups = { offered: () => jobs.offered.map((job) => card(job)), mine: () => jobs.mine.map((job) => card(job)), done };
  // What cannot wait stands first, then what they have begun.
  const first = jobs.offered.some((job) => job.severity === "emergency") || !jobs.mine.length ? "offered" : "mine";
  const order = [first, first === "mine" ? "offered" : "mine", "done"];
  for (const [place, name] of order.entries()) {
    const old = page(name);
    if (polite && old?.contains(document.activeElement) && document.activeElement.tagName === "TEXTAREA") {
      stale = true;
      continue;
    }
    const section = make("section", "group");
    section.id = name;
    section.append(make("h2", "", t()[name]), ...groups[name]());
    if (section.childElementCount === 1) section.append(make("p", "none", t().none[name]));
    section.hidden = name === "offered" && !jobs.offered.length && jobs.mine.length > 0;
    old?.remove();
    page("page").insertBefore(section, page("page").children[place] ?? null);
  }
}

// --- one job ------------------------------------------------------------------------------------------------------------

function card(job) {
  const node = make("article", "job");
  Object.assign(node.dataset, { id: job.ticket_id, kind: job.kind, severity: job.severity });
  const title = [job.unit_name, job.property_name].filter(Boolean).join(" · ");
  const urgent = job.severity === "routine" ? "" : t().severities[job.severity];
  node.append(make("p", "kind", [urgent, t().kinds[job.kind]].filter(Boolean).join(" · ")), make("h3", "", title));
  const floor = job.floor === null ? "" : t().floor(job.floor);
  node.append(make("p", "place", [job.device_name, floor].filter(Boolean).join(" · ")));
  if (job.text) node.append(make("blockquote", "", job.text));
  const facts = make("dl", "facts");
  const fact = (word, ...what) => what[0] && facts.append(make("dt", "", word), wrap("dd", what.filter(Boolean)));
  fact(t().address, job.address || (job.lat === null ? "" : job.property_name), map(job));
  fact(t().entry, job.entry_note);
  fact(t().bring, job.bring);
  fact(t().wayIn, job.way_in);
  if (job.due_at && !job.said_done_at) fact(t().due[job.status] ?? t().due.offered, due(job));
  if (facts.childElementCount) node.append(facts);
  if (job.said_done_at) node.append(make("p", "waits", t().waits[job.waiting_for] ?? t().waits.other));
  node.append(...moves(job));
  const error = make("p", "error", trouble.get(job.ticket_id) ?? "");
  error.setAttribute("role", "alert");
  node.append(error);
  return node;
}

const wrap = (tag, children) => {
  const node = make(tag);
  node.append(...children);
  return node;
};

function due(job) {
  const late = new Date(job.due_at) < new Date(jobs.now);
  return make("span", late ? "late" : "", moment(job.due_at, jobs.now, job.timezone));
}

function map(job) {
  if (job.lat === null) return "";
  const link = make("a", "map", t().map);
  link.href = `geo:${job.lat},${job.lon}?q=${job.lat},${job.lon}`;
  return link;
}

function phone(tenant) {
  const link = make("a", "move call", t().call(tenant.name));
  link.href = `tel:${tenant.phone}`;
  return link;
}

// The next move is one big button; the others stand below it. Who waits for the proof has none.
function moves(job) {
  const [next, ...rest] = job.said_done_at ? [null, ...job.moves] : job.moves;
  const open = form.get(job.ticket_id);
  if (open && job.moves.includes(open)) return [ask(job, open)];
  form.delete(job.ticket_id);
  const nodes = next ? [move(job, next, true)] : [];
  if (job.tenant) nodes.push(phone(job.tenant));
  const row = make("div", "rest");
  row.append(...rest.map((name) => move(job, name, false)));
  if (row.childElementCount) nodes.push(row);
  if (jobs.mine.includes(job)) nodes.push(photo(job));
  return nodes;
}

function move(job, name, big) {
  if (name === "eta") return later(job, big);
  const asks = name in ASKED;
  const press = () => (asks ? (form.set(job.ticket_id, name), draw(), focus(job)) : act(job, name, {}));
  const node = button(`move${big ? " big" : ""}`, t().moves[word(job, name)], press);
  node.disabled = isBusy(job.ticket_id);
  return node;
}

// To decline what nobody has yet is to pass.
const word = (job, name) => (name === "decline" && job.moves[0] === "accept" ? "pass" : name);

function later(job, big) {
  const box = make("div", "later");
  box.append(make("p", "", big ? t().onMyWay : t().newTime));
  for (const minutes of LATER_MIN) {
    const node = button(`move${big ? " big" : ""}`, t().minutes(minutes), () => act(job, "eta", { minutes }));
    node.disabled = isBusy(job.ticket_id);
    box.append(node);
  }
  return box;
}

// What is asked before a move that cannot be taken back by a second tap: the field of its words, and whether they are needed.
const ASKED = { resolve: ["note", false], fail: ["reason", true], decline: [null, false] };

function ask(job, name) {
  const [field, needed] = ASKED[name];
  const key = `${job.ticket_id} ${name}`;
  const box = make("form", "ask");
  const id = `words-${job.ticket_id}`;
  const label = make(field ? "label" : "p", "", t().asks[word(job, name)]);
  box.append(label);
  const text = make("textarea");
  if (field) {
    label.htmlFor = text.id = id;
    Object.assign(text, { rows: 3, maxLength: 2_000, required: needed, value: draft.of(key) });
    text.addEventListener("input", () => draft.keep(key, text.value));
    box.append(text);
  }
  const yes = make("button", "move big", t().yes[word(job, name)]);
  yes.disabled = isBusy(job.ticket_id);
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    if (needed && !text.value.trim()) return text.focus();
    act(job, name, field ? { [field]: text.value.trim() } : {});
  });
  box.append(yes, button("move", t().back, () => (form.delete(job.ticket_id), draw())));
  return box;
}

const cardOf = (id) => document.querySelector(`.job[data-id="${CSS.escape(id)}"]`);
const focus = (job) => cardOf(job.ticket_id)?.querySelector(".ask textarea, .ask button")?.focus();

// --- photos -------------------------------------------------------------------------------------------------------------

function photo(job) {
  const id = job.ticket_id;
  const box = make("div", "photos");
  const path = `/api/v1/tickets/${encodeURIComponent(id)}/photos`;
  if (job.photos < PHOTOS_MAX) box.append(photoButton(id, path, (words) => tell(id, words), settle));
  if (job.photos) box.append(button("move", t().photos(job.photos), () => show(job)));
  box.append(...(shown.get(id) ?? []));
  return box;
}

const show = (job) => once(job.ticket_id, async () => {
  const id = job.ticket_id;
  const path = (n) => `/api/v1/tickets/${encodeURIComponent(id)}/photos/${n}`;
  const all = await Promise.all(Array.from({ length: job.photos }, (_, n) => picture(path(n)))).catch(() => null);
  if (all) shown.set(id, all);
  tell(id, all ? "" : t().notSent);
}).then(() => draw());

// --- moves --------------------------------------------------------------------------------------------------------------

function tell(id, words) {
  trouble.set(id, words);
  draw();
}

const act = (job, name, body) => once(job.ticket_id, async () => {
  const id = job.ticket_id;
  trouble.delete(id);
  page("news").hidden = true;
  cardOf(id)?.querySelectorAll("button").forEach((b) => (b.disabled = true));
  const answer = await call("POST", `/api/v1/tickets/${encodeURIComponent(id)}/${name}`, body).catch(() => null);
  if (answer?.ok) {
    form.delete(id);
    draft.drop(`${id} ${name}`);
  } else if (answer?.status === 409 || answer?.status === 404) {
    form.delete(id);
    news(name === "accept" ? t().taken : t().changed);
  } else {
    trouble.set(id, answer ? t().refused : t().notSent);
  }
}).then(settle);

// Nothing is under way any more: draws that, and looks.
function settle() {
  draw();
  return look();
}

// What concerns no job that is still shown.
function news(words) {
  page("news").textContent = words;
  page("news").hidden = false;
  page("news").scrollIntoView({ block: "nearest" });
}

// --- what was done ------------------------------------------------------------------------------------------------------

function done() {
  const list = make("ul", "done");
  for (const job of jobs.done) {
    const place = [job.unit_name, job.property_name].filter(Boolean).join(" · ");
    list.append(make("li", "", `${moment(job.resolved_at, jobs.now, job.timezone)} · ${t().kinds[job.kind]} · ${place}`));
  }
  const nodes = jobs.done.length ? [list] : [make("p", "none", t().none.done)];
  if (jobs.resting_until) nodes.push(make("p", "rest-until", t().rest(moment(jobs.resting_until, jobs.now))));
  if (jobs.night_calls) nodes.push(make("p", "none", t().nights(jobs.night_calls)));
  for (const one of praise) nodes.push(make("blockquote", "praise", one.words));
  return nodes;
}
