// Who waits for a human: the tenants' texts that nobody may answer but a person, and the place to answer them.

import { newKey, outcome } from "./ask.js";

const TALK_MAX = 600; // characters of an answer, as the API takes them

export function letters({ page, make, words, moment, since, post, visit }) {
  let waiting = [];
  let open = null;
  let key = null;
  const sending = new Set(); // letters whose answers are on their way

  const name = (c) => [c.tenant_name ?? c.tenant_id, c.unit_name ?? c.unit_id, c.property_name ?? c.property_id].filter(Boolean).join(" · ");
  const last = (c) => c.messages.findLast((m) => m.direction === "inbound");

  async function look() {
    const mine = visit();
    const answer = await fetch("/api/v1/conversations?waiting=true&limit=100", { signal: AbortSignal.timeout(15_000) });
    // Who may not read them has none.
    const { items } = answer.ok ? await answer.json() : { items: [] };
    if (mine !== visit()) return;
    waiting = items;
    draw();
  }

  function draw() {
    page("waiting").hidden = !waiting.length;
    const focused = document.activeElement?.closest?.("#l-waiting .entry")?.dataset.id;
    page("l-waiting").replaceChildren(...waiting.map(entry));
    if (focused) titleOf(focused)?.focus({ preventScroll: true });
    const shown = waiting.find((c) => c.id === open?.id);
    if (shown && page("letters").open) talk(shown);
  }

  const titleOf = (id) => document.querySelector(`#l-waiting .entry[data-id="${CSS.escape(id)}"] .title`);

  function entry(c) {
    const node = make("li", "entry letter-entry");
    node.dataset.id = c.id;
    const title = make("button", "title", name(c));
    title.type = "button";
    title.setAttribute("aria-haspopup", "dialog");
    title.addEventListener("click", () => show(c));
    const facts = make("div", "facts");
    facts.append(make("blockquote", "", last(c)?.body ?? ""), make("p", "time", since(c.waiting_since)));
    node.append(title, facts);
    return node;
  }

  function show(c) {
    open = c;
    key = newKey();
    const t = words();
    page("letters-why").textContent = t.why[c.why] ?? t.why.unknown;
    page("letters-title").textContent = name(c);
    page("letters-send").textContent = t.sendAs(c.sender);
    page("letters-text").value = "";
    page("letters-text").maxLength = TALK_MAX;
    page("letters-error").textContent = "";
    busy();
    talk(c);
    page("letters").showModal();
    page("letters-text").focus();
    page("letters").scrollTop = page("letters").scrollHeight;
  }

  function talk(c) {
    page("letters-talk").replaceChildren(...c.messages.map((m) => bubble(m)));
  }

  function bubble(m) {
    const t = words();
    const mine = m.direction !== "inbound";
    const node = make("li", mine ? "ours" : "theirs");
    const at = m.sent_at ?? m.created_at;
    const time = make("time", "", moment(at));
    time.dateTime = at;
    const how = mine ? (m.channel === "voice" ? "☏ " : "") + (t.status[m.status] ?? m.status) : "";
    const line = make("p", "stamp");
    line.append(time, make("span", "", how && ` · ${how}`));
    node.append(make("p", "said", m.body), line);
    return node;
  }

  function busy() {
    for (const id of ["letters-send", "letters-leave"]) page(id).disabled = sending.has(open?.id);
  }

  // By the time of the answer another letter may be open.
  async function act(path, body, headers) {
    const { id } = open;
    sending.add(id);
    busy();
    const { said, why } = await outcome(post(`/api/v1/conversations/${encodeURIComponent(id)}/${path}`, body, headers), words);
    sending.delete(id);
    busy();
    if (open?.id === id) {
      if (said) page("letters").close();
      else page("letters-error").textContent = why;
    }
    if (said) await look().catch(() => {}); // the next look shows it
  }

  page("letters-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = page("letters-text").value.trim();
    if (text) act("replies", { text }, { "Idempotency-Key": key });
  });
  // Other words are another answer.
  page("letters-text").addEventListener("input", () => { key = newKey(); });
  page("letters-leave").addEventListener("click", () => act("settle", {}));
  page("letters-close").addEventListener("click", () => page("letters").close());
  page("letters").addEventListener("click", (event) => {
    if (event.target === page("letters")) page("letters").close();
  });
  page("letters").addEventListener("close", () => open && (titleOf(open.id) ?? page("main")).focus({ preventScroll: true }));

  // Whose letters they are has gone.
  function leave() {
    waiting = [];
    open = null;
    page("letters").close();
    draw();
  }

  return { look, draw, leave };
}
