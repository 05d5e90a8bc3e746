// What a person does from the page: moves of a ticket, and the word that releases what a fleet brought along.

// A name for each wish, so that a second try does nothing twice. Also without a secure context.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// What became of a wish that was sent: nothing to be said, or why not. The API's own words tell how to mend it.
export async function outcome(sent, words) {
  try {
    const answer = await sent;
    if (answer.ok) return "";
    if (answer.status === 403) return words().mayOnlyRead;
    const { detail, mend } = await answer.json();
    return [detail, mend].filter(Boolean).join(" · ") || words().notDone;
  } catch (error) {
    return error.name === "TimeoutError" ? words().tooSlow : words().notDone;
  }
}

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

  // Sends a wish, unless one by this name is under way; what is to be said of it then.
  async function once(name, path, body, headers) {
    if (underway.has(name)) return null;
    underway.add(name);
    const why = await outcome(post(path, body, headers), words);
    underway.delete(name);
    return why;
  }

  // Shows which moves there are for a ticket; `told` shows its story anew after one.
  function of(ticket) {
    item = ticket;
    page("moves").hidden = ticket.status === "resolved";
    page("moves-valve").hidden = ticket.kind !== "leak";
    page("moves-text").value = "";
    page("moves-error").textContent = "";
  }

  async function move(name) {
    const { id } = item;
    const text = page("moves-text").value.trim();
    if (name !== "valve" && !text) return page("moves-text").focus(); // nothing is solved or called off without a word
    page("moves-error").textContent = "";
    const why = await once(id, `/api/v1/tickets/${encodeURIComponent(id)}/${name}`, MOVES[name](text));
    if (why === null || item.id !== id) return; // another ticket is shown by now
    page("moves-error").textContent = why;
    if (why) return;
    page("moves-text").value = "";
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
    const why = await once("sweep", "/api/v1/sweep/release", { count: Number(page("sweep-count").value) }, { "Idempotency-Key": key });
    if (why === null) return;
    if (!why) key = newKey();
    error.textContent = why;
  });

  return { of };
}
