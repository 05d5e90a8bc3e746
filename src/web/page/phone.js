// What the pages for phones share: the token of the path, calls, the language, looking again, drafts, photos.
// Everything from the house goes in as text, never as markup.

import { words } from "./phone-words.js";

const LOOK_EVERY_MS = 20_000; // while it is seen; and at once when the phone wakes or finds its network
const ANSWER_MS = 20_000;
export const PHOTOS_MAX = 5; // of one ticket
const PHOTO_PX = 1_600; // the longer side
const PHOTO_BYTES = 1_000_000;

const token = decodeURIComponent(location.pathname.split("/")[2] ?? "");

export const page = (id) => document.getElementById(id);
export const language = () => document.documentElement.lang;
export const t = () => words[language()] ?? words.en;

export function make(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function button(name, text, press) {
  const node = make("button", name, text);
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

const format = (at, options, timeZone) => new Intl.DateTimeFormat(language(), { ...options, timeZone, hourCycle: "h23" }).format(new Date(at));
const day = (at, timeZone) => format(at, { day: "numeric", month: "short" }, timeZone);
const clock = (at, timeZone) => format(at, { hour: "2-digit", minute: "2-digit" }, timeZone);

// The time of day when it is the same day as `now`, else the day with it.
export const moment = (at, now, timeZone) => (day(at, timeZone) === day(now, timeZone) ? clock(at, timeZone) : `${day(at, timeZone)} ${clock(at, timeZone)}`);

// An answer of the API, whatever it is; only what never arrived throws.
export async function call(method, path, body, type = "application/json", more = {}) {
  const headers = { Authorization: `Bearer ${token}`, ...more };
  if (body !== undefined) headers["Content-Type"] = type;
  const text = body === undefined || body instanceof Blob ? body : JSON.stringify(body);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_MS);
  return fetch(path, { method, headers, body: text, credentials: "omit", signal: late.signal }).finally(() => clearTimeout(timer));
}

// Looks, and looks again: `read` answers what is so, `draw` shows it.
export function watch(read, draw) {
  let [reading, again, next, seen, over] = [false, false, 0, "", false];

  async function look() {
    if (over) return;
    if (reading) return void (again = true);
    reading = true;
    clearTimeout(next);
    try {
      const answer = await read();
      if ([401, 403, 404].includes(answer.status)) return gone();
      if (!answer.ok) throw new Error(answer.status);
      const data = await answer.json();
      seen = data.now;
      linked("live");
      draw(data);
    } catch {
      linked("lost");
    } finally {
      reading = false;
      if (!document.hidden) next = setTimeout(look, again ? 0 : LOOK_EVERY_MS);
      again = false;
    }
  }

  function linked(state) {
    page("link").dataset.state = state;
    page("link-text").textContent = t()[state](seen && clock(seen));
  }

  function gone() {
    over = true;
    page("link").hidden = true;
    page("news").hidden = true;
    page("hello").textContent = t().goneTitle;
    page("page").replaceChildren(make("p", "none", t().goneText));
  }

  function speak(tag) {
    document.documentElement.lang = tag;
    page("language").textContent = t().other;
    page("language").lang = t().otherTag;
    page("language").setAttribute("aria-label", t().otherLabel);
    linked(page("link").dataset.state ?? "connecting");
    over ? gone() : draw();
  }

  page("language").addEventListener("click", () => {
    const tag = t().otherTag;
    document.cookie = `nightporter_lang=${tag}; path=/; max-age=31536000; samesite=lax`;
    speak(tag);
    look(); // some words are the server's
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
  for (const wakes of ["online", "pageshow"]) addEventListener(wakes, look);
  speak(language());
  look();
  return look;
}

// --- what is under way, and what was typed ------------------------------------------------------------------------------

const busy = new Set();
export const isBusy = (id) => busy.has(id);

// Does one thing at a time for an id; a second tap meanwhile does nothing.
export async function once(id, work) {
  if (busy.has(id)) return;
  busy.add(id);
  try {
    await work();
  } finally {
    busy.delete(id);
  }
}

// What is typed survives drawing anew, a lost connection and a phone that throws the page away.
export const draft = {
  of: (id) => sessionStorage.getItem(`draft ${id}`) ?? "",
  keep: (id, text) => sessionStorage.setItem(`draft ${id}`, text),
  drop: (id) => sessionStorage.removeItem(`draft ${id}`),
};

// --- photos -------------------------------------------------------------------------------------------------------------

// A picture as a JPEG of moderate size. Drawn anew, it keeps nothing of where and by what it was taken.
async function shrink(file) {
  const picture = await createImageBitmap(file);
  for (let scale = Math.min(1, PHOTO_PX / Math.max(picture.width, picture.height)), quality = 0.82; ; scale *= 0.7, quality = 0.7) {
    const canvas = make("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (small && small.size <= PHOTO_BYTES) return small;
    if (scale < 0.05) throw new Error("it does not get small");
  }
}

const waiting = new Map(); // by matter: a picture that is not sent yet

// A button that takes a picture and sends it to a path; one that did not arrive is kept, and can be sent again. `tell` says
// what comes of it, `settle` shows how it stands then.
export function photoButton(id, path, tell, settle) {
  const send = () => once(id, async () => {
    tell(t().sending);
    const answer = await call("POST", path, waiting.get(id), "image/jpeg").catch(() => null);
    const full = answer?.status === 422;
    if (answer?.ok || full) waiting.delete(id);
    tell(answer?.ok ? t().photoSent : full ? t().photosFull : t().photoKept);
  }).then(settle);
  if (waiting.has(id)) return button("move", t().sendPhoto, send);
  return camera((small) => (waiting.set(id, small), send()), tell);
}

function camera(send, tell) {
  const label = make("label", "move camera", t().takePhoto);
  const input = make("input");
  input.type = "file";
  input.accept = "image/*";
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    let small = null;
    try {
      small = await shrink(file);
    } catch {
      return tell(t().badPhoto);
    }
    send(small);
  });
  label.append(input);
  return label;
}

// A picture of the API, drawn: no other place gets to hold it.
export async function picture(path) {
  const canvas = make("canvas", "picture");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", t().photo);
  const answer = await call("GET", path);
  if (!answer.ok) throw new Error(answer.status);
  const bitmap = await createImageBitmap(await answer.blob());
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas;
}
