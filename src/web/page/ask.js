// Asking the API: what stands at a path, and what became of a wish.

const WAIT_MS = 15_000;

// A name for each wish, so that a second try does nothing twice. Also without a secure context.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// What stands at a path of the API; null for who may not see it.
export async function get(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(WAIT_MS) });
  if (answer.status === 403) return null;
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

// What became of a wish that was sent: what the API says, or why it was not done. Its own words tell how to mend it.
export async function outcome(sent, words) {
  try {
    const answer = await sent;
    if (answer.status === 403) return { why: words().mayOnlyRead };
    const said = await answer.json();
    if (answer.ok) return { said };
    return { why: [said.detail, said.mend].filter(Boolean).join(" · ") || words().notDone };
  } catch (error) {
    return { why: error.name === "TimeoutError" ? words().tooSlow : words().notDone };
  }
}
