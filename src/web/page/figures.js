// What managers have to arrange, and how the last thirty days went: the four rates, what tenants say, what made most of the work,
// which gauges lie and which devices never spoke. Every number opens the tickets behind it.

import { get, outcome } from "./ask.js";

const EVERY_MS = 600_000; // counting is dear, and days change slowly
const CAUSES = 3;
const MUTE_SHOWN = 8;
const RATES = ["answered_within_hour", "closed_on_time", "closed", "closed_satisfied"];

export function figures({ page, make, words, post, visit, placeOf, tell, kindOf, moment }) {
  let tasks = [];
  let group = null; // all together, with the causes
  let parts = null; // by region, property or person
  let fleet = null; // whose gauges lie, who never spoke
  let read = 0;

  // Tasks change with every event; the rates are counted anew now and then.
  async function look() {
    const mine = visit();
    const found = await get("/api/v1/tasks?open=true&limit=100");
    if (mine !== visit()) return;
    tasks = found?.items ?? [];
    if (Date.now() - read > EVERY_MS) await count();
    if (mine === visit()) draw();
  }

  async function count() {
    const mine = visit();
    const by = page("figures-by").value;
    const [all, each, devices] = await Promise.all(["stats?by=group", `stats?by=${by}`, "sweep"].map((path) => get(`/api/v1/${path}`)));
    if (mine !== visit()) return;
    [group, parts, fleet, read] = [all, each, devices, Date.now()];
  }

  // --- what is to be arranged ---------------------------------------------------------------------------------------------

  function task(one) {
    const t = words();
    const node = make("li", "entry task");
    const text = make("div", "text");
    text.append(make("p", "what", t.tasks[one.what] ?? one.what));
    const where = [one.unit_id, one.property_id].filter(Boolean).join(" · ");
    const facts = make("div", "facts");
    facts.append(make("p", "about", where), make("p", "time", t.daysOf(one.from, one.to)));
    const error = make("p", "error");
    error.setAttribute("role", "alert");
    text.append(facts, error);
    const done = make("button", "quiet", t.taskDone);
    done.type = "button";
    done.setAttribute("aria-label", `${t.taskDone}: ${t.tasks[one.what] ?? one.what} ${where}`);
    done.addEventListener("click", async () => {
      done.disabled = true;
      const { said, why } = await outcome(post(`/api/v1/tasks/${encodeURIComponent(one.id)}/done`, {}), words);
      done.disabled = false;
      error.textContent = why ?? "";
      if (!said) return;
      tasks = tasks.filter((other) => other.id !== one.id);
      draw();
      page("main").focus();
    });
    node.append(text, done);
    return node;
  }

  // --- how it went --------------------------------------------------------------------------------------------------------

  const percent = (rate) => (rate === null ? "–" : `${Math.round(rate * 100)} %`);

  function opens(node, title, path) {
    node.type = "button";
    node.setAttribute("aria-haspopup", "dialog");
    node.addEventListener("click", () => list(title, path));
    return node;
  }

  // Those that fell short where some did, else all that count; with a title that says which.
  const behind = (title, { met, of, tickets }) => (met < of ? [words().shortOf(title, of - met), `${tickets}&met=false`] : [title, tickets]);

  function rate(name, of) {
    const t = words();
    const node = make("li");
    const button = opens(make("button", "rate"), ...behind(t.rates[name], of));
    button.append(make("span", "count", percent(of.rate)), make("span", "", t.rates[name]), make("span", "time", t.metOf(of.met, of.of)));
    button.disabled = of.of === 0;
    node.append(button);
    return node;
  }

  function promoters(nps) {
    const t = words();
    const node = make("li", "rate");
    const round = (n) => Math.round(n);
    node.append(make("span", "count", nps ? round(nps.score) : "–"), make("span", "", t.nps));
    node.append(make("span", "time", nps ? t.npsOf(nps.answers, round(nps.low), round(nps.high)) : t.noMarks));
    return node;
  }

  function cause(one) {
    const t = words();
    const node = make("li", "entry");
    const what = [t.causes[one.cause] ?? one.cause, one.model, one.property_id].filter(Boolean).join(" · ");
    const facts = make("div", "facts");
    facts.append(make("p", "about", t.causeOf(one.count, one.before)), make("p", "time", t.causeShare(percent(one.share), percent(one.cumulative))));
    const text = make("div", "text");
    text.append(opens(make("button", "title", what), what, one.tickets), facts);
    node.append(kindOf(one.cause.split("_")[0]), text);
    return node;
  }

  function doubt(what, about) {
    const node = make("li", "doubt");
    node.append(make("span", "what", what), make("span", "time", about));
    return node;
  }

  function row(standing) {
    const t = words();
    const line = make("tr");
    const name = make("th", "", `${standing.rank}. ${standing.name ?? standing.key}`);
    name.scope = "row";
    line.append(name);
    for (const key of RATES) {
      const cell = make("td");
      const title = `${standing.name ?? standing.key}: ${t.rates[key]}`;
      const button = opens(make("button", "quiet", percent(standing[key].rate)), ...behind(title, standing[key]));
      button.disabled = standing[key].of === 0;
      cell.append(button);
      line.append(cell);
    }
    line.append(make("td", "", standing.nps ? Math.round(standing.nps.score) : "–"));
    return line;
  }

  function draw() {
    const t = words();
    page("tasks").hidden = !tasks.length;
    page("l-tasks").replaceChildren(...tasks.map(task));
    const all = group?.items[0];
    page("figures").hidden = !all;
    if (!all) return page("l-rates").replaceChildren();
    page("l-rates").replaceChildren(...RATES.map((name) => rate(name, all[name])), promoters(all.nps));
    page("causes").hidden = !group.causes.length;
    page("l-causes").replaceChildren(...group.causes.slice(0, CAUSES).map(cause));
    const liars = (fleet?.lying_models ?? []).map((one) => doubt(one.model, t.lyingOf(one.lying, one.devices)));
    const mute = (fleet?.unknown ?? []).map((key) => doubt(key, t.neverHeard));
    page("doubts").hidden = !(liars.length + mute.length);
    page("l-doubts").replaceChildren(...liars, ...mute.slice(0, MUTE_SHOWN), ...(mute.length > MUTE_SHOWN ? [make("li", "none", t.more(mute.length - MUTE_SHOWN))] : []));
    const head = [make("td"), ...[...RATES.map((name) => t.rates[name]), t.nps].map((name) => make("th", "", name))];
    head.slice(1).forEach((cell) => { cell.scope = "col"; });
    page("standings-head").replaceChildren(...head);
    page("standings").replaceChildren(...(parts?.items ?? []).map(row));
  }

  page("figures-by").addEventListener("change", async () => {
    await count().catch(() => {}); // what is shown stays; the next look counts again
    draw();
  });

  // --- the tickets behind a number ----------------------------------------------------------------------------------------

  async function list(title, path) {
    const t = words();
    page("listed-title").textContent = title;
    page("l-listed").replaceChildren();
    page("listed-none").textContent = t.loading;
    page("listed").dataset.of = path;
    page("listed").showModal();
    page("listed-title").focus();
    try {
      const found = await get(`${path}&limit=100`);
      if (page("listed").dataset.of !== path) return;
      page("l-listed").replaceChildren(...found.items.map(ticket));
      page("listed-none").textContent = found.items.length ? (found.next ? t.moreThere : "") : t.noneSettled;
    } catch {
      if (page("listed").dataset.of === path) page("listed-none").textContent = t.noStory;
    }
  }

  function ticket(item) {
    const node = make("li", "entry");
    const title = make("button", "title", placeOf(item));
    title.type = "button";
    title.setAttribute("aria-haspopup", "dialog");
    title.addEventListener("click", () => tell(item));
    const facts = make("div", "facts");
    facts.append(make("p", "about", [words().kinds[item.kind], item.device_key].filter(Boolean).join(" · ")), make("p", "time", moment(item.opened_at)));
    const text = make("div", "text");
    text.append(title, facts);
    node.append(kindOf(item.kind), text);
    return node;
  }

  page("listed").addEventListener("click", (event) => {
    if (event.target === page("listed")) page("listed").close();
  });

  // Whose figures they are has gone.
  function leave() {
    [tasks, group, parts, fleet, read] = [[], null, null, null, 0];
    delete page("listed").dataset.of;
    page("listed").close();
    draw();
  }

  return { look, draw, leave };
}
