// The rota: who is on duty at each property, now and in the next days, what everybody had, and shifts that are swapped.

import { get, outcome } from "./ask.js";

export function rota({ page, make, words, post, visit, moment, now, address }) {
  let book = null;
  let seen = "";

  async function look() {
    const mine = visit();
    const found = await get("/api/v1/rota");
    if (mine !== visit()) return;
    const now = JSON.stringify(found);
    const same = now === seen;
    seen = now;
    if (same) return;
    book = found;
    draw();
  }

  const person = (id) => book?.items.find((one) => one.housekeeper_id === id);
  const name = (id) => person(id)?.name ?? id;
  // Swaps and who gives them are told by the clock of where they work.
  const zoneOf = (id) => book.properties.find((p) => person(id)?.property_ids.includes(p.property_id))?.timezone;

  function draw() {
    const people = book?.items ?? [];
    page("rota").hidden = !people.length;
    page("l-rota").replaceChildren(...(book?.properties ?? []).map(house));
    page("swaps").hidden = !book?.swaps.length;
    page("l-swaps").replaceChildren(...(book?.swaps ?? []).map(swap));
    for (const id of ["swap-from", "swap-to"]) {
      const chosen = page(id).value;
      page(id).replaceChildren(...people.map((one) => new Option(one.name, one.housekeeper_id)));
      if (person(chosen)) page(id).value = chosen;
    }
    // Nobody works their own shift for somebody: at first another one is shown.
    const other = people.find((one) => one.housekeeper_id !== page("swap-from").value);
    if (other && page("swap-to").value === page("swap-from").value) page("swap-to").value = other.housekeeper_id;
  }

  function house(place) {
    const node = make("li");
    const list = make("ul", "duties");
    list.append(...book.items.filter((one) => one.property_ids.includes(place.property_id)).map((one) => duty(one, place)));
    node.append(make("h3", "", place.name), list);
    return node;
  }

  function duty(one, { turns, timezone }) {
    const t = words();
    const node = make("li", "duty");
    const at = (time) => (time ? moment(time, timezone) : null);
    const theirs = turns.filter((turn) => turn.housekeeper_id === one.housekeeper_id);
    const isNow = (turn) => !turn.from || new Date(turn.from) <= new Date(now());
    const head = make("p", "what", one.name);
    const present = theirs.find(isNow);
    if (present) head.append(make("span", "mark on", t.onDuty));
    const load = [one.shift, t.jobsNow(one.load), t.nightCalls(one.night_calls)];
    if (one.resting_until) load.push(t.restingUntil(at(one.resting_until)));
    node.append(head);
    if (present) node.append(make("p", "time", t.dutyNow(at(present.from), at(present.until))));
    for (const turn of theirs.filter((other) => !isNow(other))) node.append(make("p", "time", t.dutyLater(at(turn.from), at(turn.until))));
    if (!theirs.length) node.append(make("p", "time", t.noDuty));
    const hands = make("div", "moves");
    const card = make("button", "quiet", t.addressPerson);
    card.type = "button";
    card.setAttribute("aria-haspopup", "dialog");
    card.setAttribute("aria-label", `${t.addressPerson}: ${one.name}`);
    card.addEventListener("click", () => address({ people: "housekeepers", id: one.housekeeper_id, name: one.name }));
    hands.append(card);
    node.append(make("p", "about", load.join(" · ")), hands);
    return node;
  }

  function swap(one) {
    const t = words();
    const node = make("li", "entry task");
    const zone = zoneOf(one.from_housekeeper_id);
    const what = t.swapOf(name(one.to_housekeeper_id), name(one.from_housekeeper_id));
    const error = make("p", "error");
    error.setAttribute("role", "alert");
    const text = make("div", "text");
    text.append(make("p", "what", what), make("p", "time", t.dutyLater(moment(one.starts_at, zone), moment(one.ends_at, zone))), error);
    const back = make("button", "quiet", t.takeBack);
    back.type = "button";
    back.setAttribute("aria-label", `${t.takeBack}: ${what}`);
    back.addEventListener("click", () => wish(back, error, `/api/v1/rota/swaps/${encodeURIComponent(one.id)}/cancel`, {}));
    node.append(text, back);
    return node;
  }

  // Asks for it, says why not, or shows what holds from now on.
  async function wish(hand, error, path, body) {
    hand.disabled = true;
    error.textContent = "";
    const { said, why } = await outcome(post(path, body), words);
    hand.disabled = false;
    error.textContent = why ?? "";
    if (!said) return false;
    await look().catch(() => {}); // the next look shows it
    if (!hand.isConnected) page("h-rota").focus();
    return true;
  }

  page("swap-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [from, to] = [page("swap-from").value, page("swap-to").value];
    const [starts_at, ends_at] = ["swap-starts", "swap-ends"].map((id) => instant(page(id).value, zoneOf(from)));
    const body = { from_housekeeper_id: from, to_housekeeper_id: to, starts_at, ends_at };
    if (!(await wish(page("swap-send"), page("swap-error"), "/api/v1/rota/swaps", body))) return;
    for (const id of ["swap-starts", "swap-ends"]) page(id).value = "";
  });

  // Who was here may not come back.
  function leave() {
    [book, seen] = [null, ""];
    draw();
  }

  return { look, draw, leave };
}

// What a clock on a wall there shows, as if it were UTC.
function wall(at, timeZone) {
  const options = { timeZone, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", hourCycle: "h23" };
  const parts = new Intl.DateTimeFormat("en", options).formatToParts(at).map(({ type, value }) => [type, Number(value)]);
  const { year, month, day, hour, minute } = Object.fromEntries(parts);
  return Date.UTC(year, month - 1, day, hour, minute);
}

// The instant at which a clock on a wall there shows this. Twice, for the hours beside a change of the clocks.
function instant(shown, timeZone) {
  const wanted = Date.parse(`${shown}Z`);
  const first = wanted - (wall(wanted, timeZone) - wanted);
  return new Date(first + wanted - wall(first, timeZone)).toISOString();
}
