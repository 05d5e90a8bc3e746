// The page for managers: reads the board, listens to what changes, draws it. It only reads; letters.js answers tenants, moves.js moves
// tickets, figures.js tells how it went and what is to be arranged, rota.js who is on duty, valves.js what is shut.
// Everything from the house goes in as text, never as markup.

import { addresses } from "./addresses.js";
import { outcome } from "./ask.js";
import { figures } from "./figures.js";
import { letters } from "./letters.js";
import { moves } from "./moves.js";
import { rota } from "./rota.js";
import { valves } from "./valves.js";
import { words } from "./words.js";

const BOARD_EVERY_MS = 30_000; // also without a change: times grow
const SETTLE_MS = 300; // several changes are one look
const AGAIN_MS = 5_000; // after a stream that was refused
const POST_MAX_MS = 20_000; // a connection that hangs is given up
const SHOWN_MAX = 8; // of the settled

const page = (id) => document.getElementById(id);
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};

let t = words[document.documentElement.lang] ?? words.en;
let board = null;
let known = new Set();
let stream = null;
let waiting = null;
let reading = false;
let again = false;
let visit = 0; // counts who signed out: an answer to who was here before opens nothing

// --- words --------------------------------------------------------------------------------------------------------------

function speak(language) {
  t = words[language];
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t[node.dataset.t];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t[node.dataset.label]);
  const button = page("language");
  button.textContent = t.other;
  button.lang = t.otherTag;
  button.setAttribute("aria-label", t.otherLabel);
  linked(page("link").dataset.state ?? "connecting");
  if (board) draw();
  for (const part of parts) part.draw();
}

function linked(state) {
  page("link").dataset.state = state;
  page("link-text").textContent = t[state];
}

const zone = (ticket) => ticket?.timezone ?? undefined;
const format = (at, options, timeZone) => new Intl.DateTimeFormat(document.documentElement.lang, { ...options, timeZone, hourCycle: "h23" }).format(new Date(at));
const clock = (at, timeZone) => format(at, { hour: "2-digit", minute: "2-digit" }, timeZone);
const day = (at, timeZone) => format(at, { day: "numeric", month: "short" }, timeZone);

// The time of day when it was today in the house, else the day with it.
function moment(at, timeZone) {
  const today = board && day(at, timeZone) === day(board.now, timeZone);
  return today ? clock(at, timeZone) : `${day(at, timeZone)} ${clock(at, timeZone)}`;
}

function span(from) {
  const minutes = Math.floor((new Date(board.now) - new Date(from)) / 60_000);
  if (minutes < 1) return t.justNow;
  if (minutes < 120) return t.minutes(minutes);
  return minutes < 2_880 ? t.hours(Math.floor(minutes / 60)) : t.days(Math.floor(minutes / 1_440));
}

// --- the board ----------------------------------------------------------------------------------------------------------

const groups = {
  burning: (i) => i.status !== "resolved" && ["leak", "tamper", "request"].includes(i.kind),
  coming: (i) => i.status !== "resolved" && i.kind === "battery",
  quiet: (i) => i.status !== "resolved" && i.kind === "silent",
  settled: (i) => i.status === "resolved",
};
const kindsOf = { burning: ["leak", "tamper", "request"], coming: ["battery"], quiet: ["silent"] };
const total = (group) => (group === "settled" ? board.resolved : kindsOf[group].reduce((n, kind) => n + (board.counts[kind] ?? 0), 0));

function draw() {
  const home = board.timezone ?? undefined;
  const now = page("now");
  now.dateTime = board.now;
  now.textContent = format(board.now, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }, home);
  const leaks = board.counts.leak ?? 0;
  const things = ["burning", "coming", "quiet"].reduce((n, group) => n + total(group), 0);
  page("greeting").textContent = leaks ? t.leaks(leaks) : things ? t.things(things) : t.calm;
  page("watch").textContent = t.watching(board.devices);
  page("house").classList.toggle("calm", !things);
  page("e-burning").textContent = things ? t.noneBurning : t.asleep;
  const { battery = 0, silent = 0 } = board.held;
  page("sweep").hidden = !(battery || silent);
  page("sweep-text").textContent = t.sweep(battery, silent);
  for (const group of Object.keys(groups)) drawGroup(group);
  known = new Set(board.items.map((i) => i.id));
}

function drawGroup(group) {
  const items = board.items.filter(groups[group]);
  const count = total(group);
  const list = page(`l-${group}`);
  const focused = document.activeElement?.closest?.(".entry")?.dataset.id;
  const shown = group === "settled" ? items.slice(0, SHOWN_MAX) : items;
  list.replaceChildren(...shown.map((item) => entry(item, group)));
  if (count > shown.length) list.append(make("li", "none", t.more(count - shown.length)));
  page(`e-${group}`).hidden = count > 0;
  page(`n-${group}`).textContent = count;
  page(`n-${group}`).parentElement.classList.toggle("some", count > 0);
  if (focused) list.contains(titleOf(focused)) && titleOf(focused).focus({ preventScroll: true });
}

const titleOf = (id) => document.querySelector(`.entry[data-id="${CSS.escape(id)}"] .title`);

function entry(item, group) {
  const node = make("li", "entry");
  Object.assign(node.dataset, { id: item.id, kind: item.kind, severity: item.severity });
  if (known.size && !known.has(item.id)) node.classList.add("new");
  const text = make("div", "text");
  const title = make("button", "title", placeOf(item));
  title.type = "button";
  title.setAttribute("aria-haspopup", "dialog");
  title.addEventListener("click", () => tell(item));
  text.append(title, facts(item, group));
  node.append(glyph(item.kind), text);
  return node;
}

const placeOf = (item) => [item.unit_name ?? item.unit_id, item.property_name ?? item.property_id].filter(Boolean).join(" · ");

function facts(item, group) {
  const box = make("div", "facts");
  const about = [t.kinds[item.kind], item.device_name ?? item.device_key];
  if (item.devices.length > 1) about.push(t.parts(item.devices.length));
  box.append(make("p", "about", about.filter(Boolean).join(" · ")));
  if (group === "settled") {
    box.append(make("p", "time", t.until(moment(item.resolved_at, zone(item)))));
    return box;
  }
  const marks = make("p", "marks");
  if (item.questions.some((q) => q.answer === "need_bed")) marks.append(make("span", "mark", t.needBed));
  if (item.reopened > 0) marks.append(make("span", "mark", t.reopened));
  if (marks.childElementCount) box.append(marks);
  if (item.kind === "battery" && item.percent !== null) box.append(gauge(item.percent));
  box.append(make("p", "time", t.since(moment(item.opened_at, zone(item)), span(item.opened_at))));
  if (item.kind === "silent" && item.seen_at) box.append(make("p", "time", t.lastHeard(moment(item.seen_at, zone(item)))));
  box.append(who(item), sent(item));
  return box;
}

function who(item) {
  const name = item.assignee_name ?? item.assignee;
  const told = item.messages.some((m) => m.to === "tenant");
  const word = item.status === "open" && item.kind === "battery" && told ? "tenant" : item.status;
  const nobody = ["open", "offered"].includes(word) && item.severity === "emergency";
  return make("p", nobody ? "who nobody" : "who", t.who[word](name));
}

function sent(item) {
  const line = make("p", "sent");
  if (!item.messages.length) line.append(make("span", "", t.noMessage));
  for (const m of item.messages.slice(-4)) {
    const bad = ["undelivered", "failed", "expired"].includes(m.status);
    line.append(make("span", bad ? "bad" : "", `${m.channel === "voice" ? "☏" : "✉"} ${t.to[m.to] ?? m.to} ${t.status[m.status] ?? m.status} ${moment(m.at, zone(item))}`));
  }
  return line;
}

// --- small drawings -----------------------------------------------------------------------------------------------------

const shapes = {
  leak: "M12 3.5c3.4 4.2 5.6 7 5.6 10a5.6 5.6 0 0 1-11.2 0c0-3 2.2-5.8 5.6-10Z",
  battery: "M4 8.5h13v7H4z M20 10.8v2.4 M6.8 11v2",
  silent: "M18.6 14.6A7.4 7.4 0 0 1 9.4 5.4a7.4 7.4 0 1 0 9.2 9.2Z",
  tamper: "M7 11V8a5 5 0 0 1 9.6-2 M5.5 11h13v8.5h-13z",
  request: "M5 5.5h14v10h-7l-4 3.5v-3.5H5z",
};

function drawing(box, name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("aria-hidden", "true");
  if (name) svg.setAttribute("class", name);
  return svg;
}

function glyph(kind) {
  const svg = drawing("0 0 24 24", "glyph");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", shapes[kind] ?? shapes.request);
  svg.append(path);
  return svg;
}

function gauge(percent) {
  const line = make("p", "level");
  const box = make("span", "gauge");
  const svg = drawing("0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  const bar = document.createElementNS(svg.namespaceURI, "rect");
  bar.setAttribute("width", Math.max(3, percent));
  bar.setAttribute("height", "10");
  svg.append(bar);
  box.append(svg);
  line.append(box, make("span", "time", t.level(Math.round(percent * 10) / 10)));
  return line;
}

// --- the story of one ticket --------------------------------------------------------------------------------------------

async function tell(item) {
  page("story-kind").textContent = t.kinds[item.kind];
  page("story-title").textContent = placeOf(item);
  page("story-place").textContent = item.device_name ?? item.device_key ?? "";
  page("story-line").replaceChildren();
  page("story-none").textContent = t.loading;
  page("story").dataset.of = item.id;
  desk.of(item);
  page("story").showModal();
  page("story-title").focus();
  await story(item);
}

async function story(item) {
  const shown = () => page("story").dataset.of === item.id; // another one may have been opened meanwhile
  try {
    const id = encodeURIComponent(item.id);
    const [moves, messages] = await Promise.all([all(`/api/v1/tickets/${id}/events`), all(`/api/v1/messages?ticket=${id}`)]);
    // A step that sent something is told by its message.
    const told = moves.filter((m) => m.what !== "step" && m.what !== "reply").map((m) => ({ at: m.at, node: move(m, id) }));
    const lines = told.concat(messages.map((m) => ({ at: m.sent_at ?? m.created_at, node: letter(m) })));
    if (!shown()) return;
    lines.sort((a, b) => new Date(a.at) - new Date(b.at));
    page("story-line").replaceChildren(...lines.map(({ at, node }) => stamped(at, node, zone(item))));
    page("story-none").textContent = "";
  } catch {
    if (shown()) page("story-none").textContent = t.noStory;
  }
}

// Every page of a list.
async function all(path) {
  const items = [];
  for (let after = ""; after !== null; ) {
    const mark = path.includes("?") ? "&" : "?";
    const answer = await fetch(`${path}${mark}limit=500${after && `&after=${encodeURIComponent(after)}`}`, { signal: AbortSignal.timeout(15_000) });
    if (!answer.ok) throw new Error(answer.status);
    const { items: rows, next } = await answer.json();
    items.push(...rows);
    after = next;
  }
  return items;
}

function stamped(at, node, timeZone) {
  const time = make("time", "", moment(at, timeZone));
  time.dateTime = at;
  node.prepend(time);
  return node;
}

function happened(m) {
  if (m.what !== "answered") return t.events[m.what] ?? m.what;
  const { need_bed: bed, inside } = m.data ?? {};
  const answer = inside ? "inside" : bed === undefined ? "notReplaced" : bed ? "bed" : "noBed";
  return t.answers[answer];
}

function move(m, ticket) {
  const node = make("li");
  node.append(make("span", "what", happened(m)));
  const [role, ...name] = m.actor.split(":");
  const by = [t.actors[role] ?? role, ...name].filter(Boolean).join(" ");
  if (by) node.append(make("span", "by", ` · ${by}`));
  const model = m.data?.of_model;
  const said = m.data?.text || m.data?.note || m.data?.reason || (model && t.ofModel(model.caught, model.of));
  if (said) node.append(make("blockquote", "", said));
  if (m.what === "photo") node.append(photo(`/api/v1/tickets/${ticket}/photos/${m.data.n}`));
  return node;
}

function photo(path) {
  const link = make("a");
  link.href = path;
  const picture = make("img", "photo");
  Object.assign(picture, { src: path, alt: t.events.photo, loading: "lazy" });
  picture.addEventListener("error", () => link.remove()); // photos are not kept for ever
  link.append(picture);
  return link;
}

function letter(m) {
  const node = make("li", "letter");
  const who = t.to[m.recipient.split(":")[0]] ?? "";
  const status = t.status[m.status] ?? m.status;
  const what = m.direction === "inbound" ? t.textFrom : (m.channel === "voice" ? t.callTo : t.textTo)(who, status);
  node.append(make("span", "what", what), make("blockquote", "", m.body));
  return node;
}

// --- reading and listening ----------------------------------------------------------------------------------------------

async function look() {
  if (reading) return void (again = true);
  reading = true;
  const mine = visit;
  try {
    const answer = await fetch("/api/v1/board", { signal: AbortSignal.timeout(15_000) });
    if (mine !== visit) return;
    if (answer.status === 401 || answer.status === 403) return shut(answer.status === 403 ? t.wrongRole : "");
    if (!answer.ok) throw new Error(answer.status);
    const read = await answer.json();
    if (mine !== visit) return;
    board = read;
    open();
    draw();
    page("trouble").hidden = true;
    await Promise.all(parts.map((part) => part.look()));
  } catch {
    if (mine !== visit) return;
    page("trouble").textContent = t.trouble;
    page("trouble").hidden = false;
    open();
  } finally {
    reading = false;
    if (again) soon();
    again = false;
  }
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(look, SETTLE_MS);
}

function listen() {
  stream?.close();
  stream = new EventSource("/api/v1/events");
  stream.addEventListener("hello", () => { linked("live"); soon(); });
  for (const kind of ["ticket", "message", "device", "reward", "conversation", "rota", "valve", "missed"]) stream.addEventListener(kind, soon);
  stream.onerror = () => {
    linked("lost");
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => page("house").hidden || listen(), AGAIN_MS);
  };
}

function open() {
  if (!page("house").hidden) return;
  page("door").hidden = true;
  page("house").hidden = !board;
  page("sign-out").hidden = document.documentElement.dataset.open === "true";
  page("link").hidden = false;
  linked("connecting");
  listen();
}

function shut(reason) {
  visit += 1;
  for (const part of parts) part.leave();
  delete page("story").dataset.of; // what is still being read is told to nobody
  page("story").close();
  stream?.close();
  board = null;
  page("house").hidden = true;
  page("link").hidden = true;
  page("sign-out").hidden = true;
  clearTimeout(waiting);
  // A late answer must not take the focus from who is signing in already.
  if (!page("door").hidden && !reason) return;
  page("door").hidden = false;
  page("name-error").textContent = reason;
  page("name").focus();
}

async function post(path, body, more = {}) {
  const options = body ? { headers: { "Content-Type": "application/json", ...more }, body: JSON.stringify(body) } : {};
  return fetch(path, { method: "POST", signal: AbortSignal.timeout(POST_MAX_MS), ...options });
}

// Both ways in: what is sent, and what is said when it is not known.
function signsIn(form, fields, wrong) {
  const error = page(form).querySelector(".error");
  page(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = Object.fromEntries(fields.map((field) => [field, page(field).value]));
    const answer = await post("/session", body).catch(() => null);
    if (!answer?.ok) {
      const wait = Math.ceil(Number(answer?.headers.get("Retry-After") ?? 0) / 60);
      error.textContent = answer?.status === 401 ? t[wrong] : answer?.status === 429 ? t.tooMany(wait) : t.noSignIn;
      return page(fields.at(-1)).focus();
    }
    for (const field of fields) page(field).value = "";
    error.textContent = "";
    await look();
    page("main").focus();
  });
}

signsIn("sign-in", ["name", "password"], "badPassword");
signsIn("token-sign-in", ["token"], "badToken");

page("sign-out").addEventListener("click", async () => {
  await post("/session/end").catch(() => null);
  shut("");
});

page("language").addEventListener("click", () => {
  document.cookie = `nightporter_lang=${t.otherTag}; path=/; max-age=31536000; samesite=strict`;
  speak(t.otherTag);
});

page("story").addEventListener("click", (event) => {
  if (event.target === page("story")) page("story").close();
});

// The board may have been drawn anew meanwhile: back to the same ticket, not to the same node.
page("story").addEventListener("close", () => titleOf(page("story").dataset.of)?.focus({ preventScroll: true }));

const desk = moves({ page, words: () => t, post, told: story });
const sums = figures({ page, make, words: () => t, post, visit: () => visit, placeOf, tell, kindOf: glyph, moment: (at) => moment(at, board?.timezone ?? undefined) });
const mail = letters({ page, make, words: () => t, moment: (at) => moment(at, board?.timezone ?? undefined), since: (at) => t.since(moment(at, board?.timezone ?? undefined), span(at)), post, visit: () => visit });
const taps = valves({ page, make, words: () => t, post, visit: () => visit, placeOf, tell, moment: (at) => moment(at, board?.timezone ?? undefined) });
const duty = rota({ page, make, words: () => t, post, visit: () => visit, moment, now: () => board?.now, address: (whose) => cards.show(whose) });
const cards = addresses({ page, words: () => t, post, visit: () => visit, moment: (at) => moment(at, board?.timezone ?? undefined) });
const parts = [mail, sums, taps, duty, cards];

// The board does not tell who lives there; the ticket does.
page("story-address").addEventListener("click", async () => {
  const id = page("story").dataset.of;
  const { said, why } = await outcome(fetch(`/api/v1/tickets/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(15_000) }), () => t);
  if (page("story").dataset.of !== id) return;
  if (said?.tenant_id) return cards.show({ people: "tenants", id: said.tenant_id, name: page("story-title").textContent });
  page("story-none").textContent = why ?? t.tenantNobody;
});

speak(document.documentElement.lang in words ? document.documentElement.lang : "en");
linked("connecting");
look();
setInterval(() => page("house").hidden || look(), BOARD_EVERY_MS);
