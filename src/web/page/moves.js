// What a person does from the page: moves of a ticket, and the word that releases what a fleet brought along.

import { newKey, outcome } from "./ask.js";

// The moves, with what each one sends of the words written beside it.
const MOVES = {
  note: (text) => ({ text }),
  resolve: (note) => ({ note }),
  cancel: (reason) => ({ reason }),
  valve: () => ({ action: "close" }),
};

export function moves({ page, words, post, told }) {
  let item = null;
  const underway = new Set();

  // Sends a wish, unless one by this name is under way.
  async function once(name, path, body, headers) {
    if (underway.has(name)) return {};
    underway.add(name);
    const became = await outcome(post(path, body, headers), words);
    underway.delete(name);
    return became;
  }

  // Shows which moves there are for a ticket; `told` shows its story anew after one.
  function of(ticket) {
    item = ticket;
    const over = ["resolved", "closed", "cancelled"].includes(ticket.status);
    if (over && page("moves").contains(document.activeElement)) page("story-title").focus();
    page("moves").hidden = over;
    page("moves-valve").hidden = ticket.kind !== "leak";
    page("moves-text").value = "";
    page("moves-error").textContent = "";
  }

  async function move(name) {
    const { id } = item;
    const text = page("moves-text").value.trim();
    if (name !== "valve" && !text) return page("moves-text").focus(); // nothing is solved or called off without a word
    page("moves-error").textContent = "";
    const { said, why } = await once(id, `/api/v1/tickets/${encodeURIComponent(id)}/${name}`, MOVES[name](text));
    if (item.id !== id) return; // another ticket is shown by now
    if (why) page("moves-error").textContent = why;
    if (!said) return;
    of({ ...item, status: said.status });
    told(item);
  }

  for (const name of ["resolve", "cancel", "valve"]) page(`moves-${name}`).addEventListener("click", () => move(name));
  page("moves").addEventListener("submit", (event) => { event.preventDefault(); move("note"); });

  // The sweep: so many at a time. The same try again releases nothing more.
  let key = newKey();
  page("sweep-count").addEventListener("input", () => { key = newKey(); });
  page("sweep-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const error = page("sweep-error");
    error.textContent = "";
    const { said, why } = await once("sweep", "/api/v1/sweep/release", { count: Number(page("sweep-count").value) }, { "Idempotency-Key": key });
    if (said) key = newKey();
    if (why) error.textContent = why;
  });

  return { of };
}
