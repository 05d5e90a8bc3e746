// What a person does from the page: moves of a ticket, and the word that releases what a fleet brought along.

// A name for each wish, so that a second try does nothing twice. Also without a secure context.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// What is said when the API says no: its own words, which tell how to mend it.
export async function refusal(answer, t) {
  if (answer.status === 403) return t.mayOnlyRead;
  const problem = await answer.json().catch(() => ({}));
  return [problem.detail, problem.mend].filter(Boolean).join(" · ") || t.notDone;
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

  // Shows which moves there are for a ticket; `told` shows its story anew after one.
  function of(ticket) {
    item = ticket;
    page("moves").hidden = ticket.status === "resolved";
    page("moves-valve").hidden = ticket.kind !== "leak";
    page("moves-text").value = "";
    page("moves-error").textContent = "";
  }

  async function move(name) {
    const text = page("moves-text").value.trim();
    const error = page("moves-error");
    if (name !== "valve" && !text) return page("moves-text").focus(); // nothing is solved or called off without a word
    error.textContent = "";
    try {
      const answer = await post(`/api/v1/tickets/${encodeURIComponent(item.id)}/${name}`, MOVES[name](text));
      if (!answer.ok) return void (error.textContent = await refusal(answer, words()));
      page("moves-text").value = "";
      told(item);
    } catch {
      error.textContent = words().notDone;
    }
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
    try {
      const answer = await post("/api/v1/sweep/release", { count: Number(page("sweep-count").value) }, { "Idempotency-Key": key });
      if (answer.ok) key = newKey();
      else error.textContent = await refusal(answer, words());
    } catch {
      error.textContent = words().notDone;
    }
  });

  return { of };
}
