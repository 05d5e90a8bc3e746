// The address of a person's own page: made, renewed and ended by who leads where they work or live. It is shown once, to be given
// by hand; nothing is sent.

import { outcome } from "./ask.js";

const WAIT_MS = 20_000;

export function addresses({ page, words, post, visit, moment }) {
  let open = null; // whose: { people, id, name }
  let made = null; // since when they have one

  const path = (whose) => `/api/v1/pages/${whose.people}/${encodeURIComponent(whose.id)}`;
  const hands = ["address-make", "address-end"];

  async function show(whose) {
    [open, made] = [whose, null];
    page("address-link").value = "";
    page("address-error").textContent = "";
    page("address").showModal();
    page("address-title").focus();
    await ask(whose, fetch(path(whose), { signal: AbortSignal.timeout(WAIT_MS) }));
  }

  // By the time of the answer another one may be open, or nobody be signed in.
  async function ask(whose, sent) {
    const mine = visit();
    for (const id of hands) page(id).disabled = true;
    page("address-state").textContent = words().loading;
    draw();
    const { said, why } = await outcome(sent, words);
    if (open !== whose || mine !== visit()) return;
    page("address-error").textContent = why ?? "";
    if (said) made = said.made_at;
    page("address-link").value = said?.address ?? "";
    for (const id of hands) page(id).disabled = false;
    page("address-state").textContent = why || said?.address ? "" : made ? words().addressHas(moment(made)) : words().addressNone;
    draw();
    if (said?.address) page("address-link").select();
  }

  function draw() {
    const t = words();
    if (!open) return;
    page("address-title").textContent = t.addressOf(open.name);
    page("address-new").hidden = !page("address-link").value;
    page("address-make").textContent = made ? t.addressRenew : t.addressMake;
    page("address-end").hidden = !made;
    page("address-copy").textContent = t.copy;
  }

  page("address-make").addEventListener("click", () => ask(open, post(path(open), {})));
  page("address-end").addEventListener("click", () => ask(open, fetch(path(open), { method: "DELETE", signal: AbortSignal.timeout(WAIT_MS) })));

  page("address-copy").addEventListener("click", async () => {
    const link = page("address-link");
    link.select();
    // The clipboard is there only in a secure context; the selection can always be copied.
    const copied = await (navigator.clipboard?.writeText(link.value).then(() => true, () => false) ?? false);
    if (copied || document.execCommand("copy")) page("address-copy").textContent = words().copied;
  });

  // What was shown stays nowhere.
  page("address").addEventListener("close", () => {
    open = null;
    page("address-link").value = "";
  });

  return { show, draw, look: async () => {}, leave: () => page("address").close() };
}
