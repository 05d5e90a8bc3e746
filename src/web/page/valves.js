// Valves that are wanted shut, each with the matter that it was shut for. Opening takes two steps; while water is there the API
// refuses, and its words are shown.

import { get, outcome } from "./ask.js";

export function valves({ page, make, words, post, visit, placeOf, moment, tell }) {
  let shut = [];
  let seen = "";
  const steps = new Map(); // by ticket: the code that its second step names, or why it was refused

  async function look() {
    const mine = visit();
    const found = await get("/api/v1/valves?closed=true");
    if (mine !== visit()) return;
    shut = found?.items ?? [];
    for (const id of steps.keys()) if (!shut.some((one) => one.ticket_id === id)) steps.delete(id);
    const now = JSON.stringify(shut);
    if (now !== seen) draw();
    seen = now;
  }

  async function turn(id, confirm) {
    steps.set(id, { busy: true });
    draw();
    const mine = visit();
    const body = confirm ? { action: "open", confirm } : { action: "open" };
    const { said, why } = await outcome(post(`/api/v1/tickets/${encodeURIComponent(id)}/valve`, body), words);
    if (mine !== visit()) return;
    steps.set(id, { code: said?.valve_code ?? null, why });
    if (said && confirm) await look().catch(() => {}); // the next look shows it
    draw();
    const row = [...page("l-valves").children].find((node) => node.dataset.of === id);
    (row?.querySelector("button.step") ?? page("main")).focus();
  }

  function button(name, text, what, act) {
    const node = make("button", name, text);
    node.type = "button";
    node.setAttribute("aria-label", `${text}: ${what}`);
    node.addEventListener("click", act);
    return node;
  }

  async function story(id) {
    const ticket = await get(`/api/v1/tickets/${encodeURIComponent(id)}`).catch(() => null);
    if (ticket) tell(ticket);
  }

  function entry(one) {
    const t = words();
    const id = one.ticket_id;
    const step = steps.get(id) ?? {};
    const what = [one.name ?? one.device_key, placeOf(one)].filter(Boolean).join(" · ");
    const node = make("li", "entry task");
    node.dataset.of = id;
    const [role, name] = one.actor.split(":");
    const facts = make("div", "facts");
    facts.append(make("p", "about", t.valveShut(name ?? t.actors[role] ?? role)), make("p", "time", t.valveSince(moment(one.since))));
    const error = make("p", "error", step.why ?? "");
    error.setAttribute("role", "alert");
    const text = make("div", "text");
    text.append(make("p", "what", what), facts, error);
    const hands = make("div", "moves");
    if (step.code) {
      text.append(make("p", "ask", t.valveSure));
      hands.append(button("primary step", t.valveYes, what, () => turn(id, step.code)));
      hands.append(button("quiet", t.valveNo, what, () => { steps.delete(id); draw(); page("main").focus(); }));
    } else {
      hands.append(button("quiet", t.openStory, what, () => story(id)));
      hands.append(button("quiet step", t.valveOpen, what, () => turn(id)));
    }
    for (const hand of hands.children) hand.disabled = step.busy ?? false;
    node.append(text, hands);
    return node;
  }

  function draw() {
    page("valves").hidden = !shut.length;
    page("l-valves").replaceChildren(...shut.map(entry));
  }

  // Who was here may not come back.
  function leave() {
    [shut, seen] = [[], ""];
    steps.clear();
    draw();
  }

  return { look, draw, leave };
}
