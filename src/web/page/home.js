// The page of a tenant's phone: what is open at their home, what comes next, what they may say by a tap; their credit; texts.

import { newKey } from "./ask.js";
import { PHOTOS_MAX, button, call, draft, isBusy, language, make, moment, once, page, photoButton, t, watch } from "./phone.js";

const FREE = "words"; // what is written freely is about no matter of its own
let home = null;
let stale = false; // not drawn anew, because somebody was typing
let stopping = false; // whether no texts at all are meant is asked first
const told = new Map(); // matter → what was said of the last tap
const keys = new Map(); // what is being said → the name of this try, so that a second one says nothing twice

const look = watch(() => call("GET", `/api/v1/home?lang=${language()}`), (read) => show(read, true));

function show(read, polite = false) {
  const same = read && JSON.stringify({ ...read, now: "" }) === JSON.stringify({ ...home, now: "" });
  home = read ?? home;
  if (home && (!same || stale || !polite)) draw(polite);
}

function draw(polite = false) {
  stale = polite && document.activeElement.tagName === "TEXTAREA";
  if (stale) return;
  const w = t().home;
  page("hello").textContent = t().hello(home.name);
  const about = make("p", "about", w.at(home.unit_name, home.property_name));
  const matters = home.matters.length ? home.matters.map(matter) : [make("p", "calm", w.none)];
  page("page").replaceChildren(about, group(w.open, ...matters), letter(), group(w.rewards, ...credit()), group(w.texts, ...texts()));
}

function group(title, ...nodes) {
  const section = make("section", "group");
  section.append(make("h2", "", title), ...nodes);
  return section;
}

const at = (time) => moment(time, home.now, home.timezone);

// --- one matter ---------------------------------------------------------------------------------------------------------

function matter(m) {
  const w = t().home;
  const node = make("article", "job");
  Object.assign(node.dataset, { id: m.id, kind: m.kind, severity: m.kind === "leak" && m.status !== "resolved" ? "urgent" : "routine" });
  node.append(make("h3", "", w.kinds[m.kind](m.device_name)));
  if (m.text) node.append(make("blockquote", "", m.text));
  node.append(make("p", "next", next(m)));
  if (m.needs_bed) node.append(make("p", "waits", w.bed));
  if (m.sender && m.sender !== m.helper) node.append(make("p", "place", w.who(m.sender)));
  for (const [n, word] of m.may_say.entries()) {
    const tap = button(n ? "move" : "move big", w.taps[word], () => say(m.id, w.says[word], m.id));
    tap.disabled = isBusy(m.id);
    node.append(tap);
  }
  if (m.photos < PHOTOS_MAX && m.status !== "resolved") {
    node.append(photoButton(m.id, `/api/v1/home/matters/${encodeURIComponent(m.id)}/photos`, (words) => tell(m.id, words), settle));
  }
  node.append(answer(m.id));
  return node;
}

// What happens next, by whom and when.
function next(m) {
  const w = t().home.next;
  if (m.status === "resolved") return w.resolved(at(m.resolved_at));
  if (m.status === "on_site") return w.on_site(m.helper ?? m.sender);
  if (m.fresh) return w.fresh();
  if (m.status === "assigned") return m.expected_at ? w.coming(m.helper ?? m.sender, at(m.expected_at)) : w.assigned(m.helper ?? m.sender);
  return m.status === "offered" && m.kind === "battery" ? w.request() : w[m.kind](m.todo);
}

function answer(id) {
  const node = make("p", "error", told.get(id) ?? "");
  node.setAttribute("role", "alert");
  return node;
}

function tell(id, words) {
  told.set(id, words);
  draw();
}

// --- saying something ---------------------------------------------------------------------------------------------------

const say = (id, text, about, then = () => {}) => once(id, async () => {
  const what = `${about ?? ""} ${text}`;
  if (!keys.has(what)) keys.set(what, newKey());
  told.delete(id);
  draw();
  const headers = { "Idempotency-Key": keys.get(what) };
  const got = await call("POST", `/api/v1/home/words?lang=${language()}`, about ? { text, about } : { text }, "application/json", headers).catch(() => null);
  if (got?.ok) {
    keys.delete(what);
    then();
    told.set(id, t().home.arrived);
    show(await got.json().catch(() => null));
  } else {
    const wait = Math.ceil(Number(got?.headers.get("Retry-After") ?? 0) / 60);
    told.set(id, got?.status === 429 ? t().home.tooMuch(wait) : got ? t().refused : t().notSent);
  }
}).then(settle);

// Nothing is under way any more: draws that, and looks.
function settle() {
  draw();
  return look();
}

function letter() {
  const w = t().home;
  const form = make("form", "ask group");
  const label = make("label", "", w.write(home.sender || home.property_name));
  const text = make("textarea");
  label.htmlFor = text.id = "words";
  Object.assign(text, { rows: 3, maxLength: 600, value: draft.of(FREE) });
  text.addEventListener("input", () => draft.keep(FREE, text.value));
  const send = make("button", "move", w.send);
  send.disabled = isBusy(FREE);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!text.value.trim()) return text.focus();
    say(FREE, text.value.trim(), undefined, () => draft.drop(FREE));
  });
  form.append(label, text, send, answer(FREE));
  return form;
}

// --- credit and texts ---------------------------------------------------------------------------------------------------

const money = ({ amount_minor: minor, currency }) => new Intl.NumberFormat(language(), { style: "currency", currency }).format(minor / 100);

function credit() {
  const w = t().home;
  if (!home.entries.length) return [make("p", "none", w.noRewards)];
  const list = make("ul", "done");
  for (const entry of [...home.entries].reverse()) {
    const line = make("li", "entry-line");
    line.append(make("span", "", `${at(entry.at)} · ${w.reasons[entry.reason] ?? w.entry}`), make("b", "", money(entry.amount)));
    list.append(line);
  }
  return [make("p", "balance", money(home.balance)), list];
}

function texts() {
  const w = t().home;
  const choice = (words, says) => {
    const node = button("move", words, () => (stopping = false, say("texts", says)));
    node.disabled = isBusy("texts");
    return node;
  };
  if (home.stopped) return [make("p", "", w.noTexts), choice(w.start, w.startSays), answer("texts")];
  if (stopping) return [make("p", "", w.sure), choice(w.yes, w.stopSays.all), button("move", t().back, () => (stopping = false, draw()))];
  const refused = home.refused.filter((purpose) => purpose in w.purposes);
  const open = Object.keys(w.purposes).filter((purpose) => !refused.includes(purpose));
  const row = make("div", "rest");
  row.append(...open.map((purpose) => choice(w.stop[purpose], w.stopSays[purpose])), button("move", w.stop.all, () => (stopping = true, draw())));
  if (refused.length) row.append(choice(w.start, w.startSays));
  const now = refused.length ? w.fewer(refused.map((purpose) => w.purposes[purpose]).join(", ")) : w.allTexts;
  return [make("p", "", now), row, answer("texts")];
}
