// Drives the managers' page where a valve is shut and people work shifts: node duties.cjs BASE READER OPERATOR FOLDER. Prints "wet"
// once opening was refused and then waits until its caller has dried the house; prints "done" when everything held.

const assert = require("node:assert/strict");
const path = require("node:path");
const { VIEWS, WAIT, forgive, leave, open, run, sound } = require("./common.cjs");

const [base, reader, human, folder] = process.argv.slice(2);
const visit = (browser, options = {}, signedIn = human) => open(browser, base, base, options, signedIn);

async function main(browser) {
  for (const viewport of VIEWS) for (const colorScheme of ["light", "dark"]) await looks(browser, viewport, colorScheme);
  await onlyReads(browser);
  await swaps(browser);
  await addresses(browser);
  await valve(browser);
}

async function looks(browser, viewport, colorScheme) {
  const page = await visit(browser, { viewport, colorScheme, locale: colorScheme === "dark" ? "zh-CN" : "en-GB" });
  await page.locator("#l-valves .task").waitFor(WAIT);
  await page.locator("#l-rota .duty").first().waitFor(WAIT);
  await page.locator(".swap summary").click();
  await sound(page);
  await page.screenshot({ path: path.join(folder, `duties-${viewport.width}-${colorScheme}.png`), fullPage: true });
  await leave(page);
}

// Who may only read is told so.
async function onlyReads(browser) {
  const page = await visit(browser, {}, reader);
  await page.getByRole("button", { name: "Open again" }).click();
  await page.locator("#l-valves .error", { hasText: "change nothing" }).waitFor(WAIT);
  forgive(page, /403/);
  await leave(page);
}

// A swap is made, counts at once, and is taken back; what the service refuses is said in its words.
async function swaps(browser) {
  const page = await visit(browser);
  const chen = page.locator("#l-rota .duty", { hasText: "Chen Mei" });
  await chen.locator(".mark", { hasText: "on duty" }).waitFor(WAIT);
  assert.match(await chen.innerText(), /since more than a day ago, for three more days at least/);
  assert.match(await chen.innerText(), /0 jobs now · 0 calls at night in thirty days/);
  await page.locator(".swap summary").click();
  await page.getByLabel("Whose shift").selectOption("Chen Mei");
  await page.getByLabel("Who works it").selectOption("Mo Ran");
  await page.getByLabel("From", { exact: true }).fill("2026-01-05T18:00");
  await page.getByLabel("To", { exact: true }).fill("2026-01-06T08:00");
  const send = page.locator("#swap-send");
  await send.click();
  await page.locator("#swap-error", { hasText: "serves one of the same properties" }).waitFor(WAIT);
  assert.equal(await page.getByLabel("To", { exact: true }).inputValue(), "2026-01-06T08:00", "nothing is lost");
  await page.getByLabel("Who works it").selectOption("Liu Yang");
  const asked = page.waitForRequest("**/api/v1/rota/swaps", WAIT);
  await send.click();
  const { starts_at, ends_at } = (await asked).postDataJSON();
  assert.deepEqual([starts_at, ends_at], ["2026-01-05T10:00:00.000Z", "2026-01-06T00:00:00.000Z"], "by the clock of the house");
  const made = page.locator("#l-swaps .task", { hasText: "Liu Yang for Chen Mei" });
  await made.waitFor(WAIT);
  await chen.locator(".mark").waitFor({ state: "detached", ...WAIT });
  assert.match(await chen.innerText(), /from Jan 6 08:00/);
  await sound(page);
  await page.screenshot({ path: path.join(folder, "swaps-1280.png"), fullPage: true });
  await made.getByRole("button", { name: "Take back" }).click();
  await page.locator("#swaps").waitFor({ state: "hidden", ...WAIT });
  await chen.locator(".mark", { hasText: "on duty" }).waitFor(WAIT);
  await page.waitForFunction(() => document.activeElement.id === "h-rota", undefined, WAIT);
  forgive(page, /404/);
  await leave(page);
}

// A person's page gets an address, which is shown once; a new one ends it, and it can be ended.
async function addresses(browser) {
  for (const viewport of VIEWS) {
    const page = await visit(browser, { viewport, colorScheme: viewport.width < 500 ? "dark" : "light" });
    await page.getByRole("button", { name: "Their page: Liu Yang" }).click();
    const state = page.locator("#address-state");
    await state.getByText(viewport === VIEWS[0] ? /since/ : /no address now/).waitFor(WAIT);
    const made = async (name) => {
      const answered = page.waitForResponse("**/api/v1/pages/**", WAIT);
      await page.getByRole("button", { name }).click();
      const { address } = await (await answered).json();
      await page.waitForFunction((said) => document.getElementById("address-link").value === said, address, WAIT);
      return new URL(address).pathname;
    };
    const first = await made(viewport === VIEWS[0] ? "Make a new one" : "Make an address");
    const second = await made("Make a new one");
    assert.match(second, /^\/h\/np_[0-9a-f]{64}$/);
    await page.waitForTimeout(300); // the drawer has slid in: for the picture only
    await sound(page);
    await page.screenshot({ path: path.join(folder, `address-${viewport.width}.png`) });
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor(WAIT);
    const status = (address) => page.evaluate(async (a) => (await fetch(a)).status, address);
    assert.deepEqual([await status(first), await status(second)], [404, 200]);
    await page.getByRole("button", { name: "End it" }).click();
    await state.getByText("no address now").waitFor(WAIT);
    assert.equal(await page.locator("#address-link").inputValue(), "");
    assert.equal(await status(second), 404);
    await page.keyboard.press("Escape");
    await page.locator("#l-burning .title", { hasText: "12B" }).click();
    await page.getByRole("button", { name: "Page of the tenant" }).click();
    await state.getByText(viewport === VIEWS[0] ? /since/ : /no address now/).waitFor(WAIT);
    assert.match(await made(viewport === VIEWS[0] ? "Make a new one" : "Make an address"), /^\/t\/np_/);
    await page.getByRole("button", { name: "End it" }).click();
    await state.getByText("no address now").waitFor(WAIT);
    forgive(page, /404/);
    await leave(page);
  }
}

// Water is there: refused, with the reason. It is dry: asked again before it opens.
async function valve(browser) {
  const page = await visit(browser);
  const row = page.locator("#l-valves .task");
  const openIt = page.getByRole("button", { name: "Open again" });
  await openIt.click();
  await row.locator(".error", { hasText: "water is still there" }).waitFor(WAIT);
  assert.match(await row.innerText(), /Main tap · 12B · Oak Court/);
  await row.getByRole("button", { name: "What happened" }).click();
  await page.locator("#story-line .what", { hasText: "The valve is shut" }).waitFor(WAIT);
  await page.keyboard.press("Escape");
  console.log("wet");
  await page.locator("#l-settled .entry").waitFor(WAIT);
  await openIt.click();
  await row.getByText("Is it dry there?").waitFor(WAIT);
  await sound(page);
  await page.screenshot({ path: path.join(folder, "valve-1280.png"), fullPage: true });
  await page.getByRole("button", { name: "Leave it shut" }).click();
  assert.equal(await row.getByText("Is it dry there?").count(), 0);
  await openIt.click();
  await page.getByRole("button", { name: "Yes, open it" }).click();
  await page.locator("#valves").waitFor({ state: "hidden", ...WAIT });
  forgive(page, /409/);
  await leave(page);
}

run(main);
