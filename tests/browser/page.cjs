// Drives the page with a real Chromium: node page.cjs BASE TOKEN FOLDER. Prints "ready" when the board is up and live and
// then waits for a leak in elm that its caller causes; prints "done" when everything held. Screenshots go to FOLDER.

const assert = require("node:assert/strict");
const path = require("node:path");
const { VIEWS, WAIT, leave, open, run, sound } = require("./common.cjs");

const [base, token, human, folder] = process.argv.slice(2);

async function main(browser) {
  await signIn(browser);
  for (const viewport of VIEWS) for (const colorScheme of ["light", "dark"]) await looks(browser, viewport, colorScheme);
  await calm(browser);
  await awake(browser);
  await live(browser);
  await keyboard(browser);
  await languages(browser);
  await signOut(browser);
  await lateLetters(browser);
  await twoLetters(browser);
  await hung(browser);
  await figures(browser);
  await letters(browser);
  await oneMove(browser);
  await twoStories(browser);
  await moves(browser);
  await sweep(browser);
}

const visit = (browser, options = {}, signedIn = token) => open(browser, base, base, options, signedIn);

async function board(page) {
  await page.locator("#house").waitFor({ state: "visible", ...WAIT });
  await page.locator('#link[data-state="live"]').waitFor(WAIT);
  await page.locator("#l-burning .entry").first().waitFor(WAIT);
}

async function signIn(browser) {
  for (const viewport of VIEWS) {
    const page = await visit(browser, { viewport, colorScheme: viewport.width < 500 ? "dark" : "light" }, false);
    await page.locator("#door").waitFor({ state: "visible", ...WAIT });
    await sound(page);
    await page.screenshot({ path: path.join(folder, `sign-in-${viewport.width}.png`) });
    await page.getByLabel("Name").fill("anna");
    await page.getByLabel("Password").fill("not my password");
    await page.keyboard.press("Enter");
    await page.getByText("Name or password is wrong.").waitFor(WAIT);
    await sound(page);
    await page.screenshot({ path: path.join(folder, `sign-in-wrong-${viewport.width}.png`) });
    await page.getByLabel("Password").fill("a lamp at night");
    await page.getByRole("button", { name: "Open the book" }).click();
    await board(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("#door").waitFor({ state: "visible", ...WAIT });
    await page.getByText("Use an access token instead").click();
    await page.getByLabel("Access token").fill("np_wrong");
    await page.keyboard.press("Enter");
    await page.getByText("not known here").waitFor(WAIT);
    await page.waitForFunction(() => document.activeElement.id === "token", null, WAIT);
    await sound(page);
    await page.screenshot({ path: path.join(folder, `sign-in-token-${viewport.width}.png`), fullPage: true });
    await page.getByLabel("Access token").fill(token);
    await page.getByRole("button", { name: "Open with the token" }).click();
    // The cookie is marked Secure for the public address, so over plain HTTP on another host it may be dropped; not on loopback.
    await board(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("#door").waitFor({ state: "visible", ...WAIT });
    await page.reload();
    await page.locator("#door").waitFor({ state: "visible", ...WAIT });
    await leave(page);
  }
}

async function looks(browser, viewport, colorScheme) {
  const page = await visit(browser, { viewport, colorScheme });
  await board(page);
  await sound(page);
  const name = `${viewport.width}-${colorScheme}`;
  await page.screenshot({ path: path.join(folder, `board-${name}.png`), fullPage: true });
  await page.locator("#l-burning .title").first().click();
  await page.locator("#story-line li").first().waitFor(WAIT);
  await page.waitForTimeout(300); // the drawer has slid in: for the picture only
  await sound(page);
  await page.screenshot({ path: path.join(folder, `story-${name}.png`) });
  await leave(page);
}

// A reader of a quiet house sees a calm page.
async function calm(browser) {
  const page = await visit(browser, { viewport: VIEWS[0], colorScheme: "dark" });
  await page.route("**/api/v1/board", async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    await route.fulfill({ json: { ...body, counts: {}, resolved: 0, items: [] } });
  });
  await page.reload();
  await page.getByRole("heading", { name: "All is quiet." }).waitFor(WAIT);
  await page.getByText("The house is asleep.").waitFor(WAIT);
  await sound(page);
  await page.screenshot({ path: path.join(folder, "calm-390-dark.png") });
  await leave(page);
}

// Where something needs a hand, nobody is said to be asleep.
async function awake(browser) {
  for (const viewport of VIEWS) {
    const page = await visit(browser, { viewport });
    await page.route("**/api/v1/board", async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      await route.fulfill({ json: { ...body, counts: { battery: 1 }, items: body.items.filter((i) => i.kind === "battery") } });
    });
    await page.reload();
    await page.getByRole("heading", { name: "One thing needs a hand." }).waitFor(WAIT);
    await page.getByText("Nothing is burning.", { exact: true }).waitFor(WAIT);
    assert.equal(await page.getByText("asleep").count(), 0);
    await sound(page);
    await page.screenshot({ path: path.join(folder, `awake-${viewport.width}.png`), fullPage: true });
    await leave(page);
  }
}

async function live(browser) {
  const page = await visit(browser);
  await board(page);
  assert.match(await page.locator("#l-burning .entry").first().innerText(), /12B · Oak Court[\s\S]*Water · Under the sink[\s\S]*since 18:30[\s\S]*tenant delivered/i);
  assert.match(await page.locator("#l-coming .entry").first().innerText(), /14C · Oak Court[\s\S]*13\.5 %/);
  assert.equal(await page.locator("#n-burning").innerText(), "1");
  console.log("ready");
  await page.getByText("3A · Elm House").waitFor(WAIT);
  assert.equal(await page.locator("#n-burning").innerText(), "2");
  await leave(page);
}

async function keyboard(browser) {
  const page = await visit(browser);
  await board(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  const title = page.locator("#l-burning .title").first();
  await title.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "visible", ...WAIT });
  await page.getByText("Noticed").waitFor(WAIT);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden", ...WAIT });
  await page.waitForFunction(() => document.activeElement.className === "title", null, WAIT);
  for (const role of ["banner", "main", "navigation"]) assert.equal(await page.getByRole(role).count(), 1, role);
  const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, a, input")].filter((n) => !(n.textContent.trim() || n.getAttribute("aria-label") || n.labels?.length)).length);
  assert.equal(unnamed, 0);
  await leave(page);
}

// Holds what the page asks of a path until it is let go.
async function hold(page, path, answer) {
  const held = { asked: 0 };
  held.let = new Promise((go) => { held.go = go; });
  held.first = new Promise((come) => { held.come = come; });
  await page.route(path, async (route) => {
    held.asked += 1;
    const options = typeof answer === "function" ? await answer(route) : { json: answer };
    held.come();
    await held.let;
    return route.fulfill(options);
  });
  return held;
}

// A page of somebody who may answer, with two letters that wait.
async function withTwoLetters(browser) {
  const page = await visit(browser, {}, human);
  await page.route("**/api/v1/conversations?*", async (route) => {
    const { items: [one], ...rest } = await (await route.fetch()).json();
    await route.fulfill({ json: { ...rest, items: [one, { ...one, id: "c_bo", tenant_name: "Bo" }] } });
  });
  await page.reload();
  await page.locator("#l-waiting .title", { hasText: "Bo" }).waitFor(WAIT);
  return page;
}

// Who signs out leaves nothing behind, whatever was open.
async function signOut(browser) {
  for (const [list, dialog] of [["burning", "story"], ["waiting", "letters"]]) {
    const page = await visit(browser, {}, human);
    await board(page);
    await page.locator(`#l-${list} .title`).first().click();
    await page.locator(`#${dialog}`).waitFor({ state: "visible", ...WAIT });
    await page.locator("#l-waiting .title").first().waitFor({ state: "attached", ...WAIT });
    // As when the session ends: the dialog covers the button.
    await page.evaluate(() => document.getElementById("sign-out").click());
    await page.locator("#door").waitFor({ state: "visible", ...WAIT });
    await settled(page);
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("dialog[open], #l-waiting .entry")].map((n) => n.id)), []);
    assert.equal(await page.evaluate(() => document.activeElement.id), "name");
    await leave(page);
  }
}

// Letters that come after somebody signed out are shown to nobody.
async function lateLetters(browser) {
  const page = await visit(browser, {}, human);
  await page.goto("about:blank"); // so that nothing was asked before
  const letters = await hold(page, "**/api/v1/conversations?*", async (route) => ({ response: await route.fetch() }));
  await page.goto(base);
  await letters.first;
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator("#door").waitFor({ state: "visible", ...WAIT });
  const read = page.waitForResponse("**/api/v1/conversations?*", WAIT);
  letters.go();
  await (await read).finished();
  await settled(page);
  assert.ok(await page.evaluate(() => document.getElementById("waiting").hidden));
  await page.getByRole("button", { name: "换成中文" }).click(); // draws what there is anew
  await leave(page);
}

// An answer that takes its time closes no other letter.
async function twoLetters(browser) {
  const page = await withTwoLetters(browser);
  const answers = await hold(page, "**/replies", {});
  await page.locator("#l-waiting .title").first().click();
  await page.locator("#letters-text").fill("Not at all.");
  await page.locator("#letters-send").click();
  await answers.first;
  assert.ok(await page.locator("#letters-send").isDisabled());
  await page.keyboard.press("Escape");
  await page.locator("#l-waiting .title", { hasText: "Bo" }).click();
  assert.ok(await page.locator("#letters-send").isEnabled(), "each letter by itself");
  await page.locator("#letters-text").fill("Not sent yet");
  const looked = page.waitForResponse("**/api/v1/conversations?*", WAIT);
  answers.go();
  await looked;
  await settled(page);
  assert.match(await page.locator("#letters-title").innerText(), /^Bo/);
  assert.ok(await page.locator("#letters").isVisible());
  assert.equal(await page.locator("#letters-text").inputValue(), "Not sent yet");
  await leave(page);
}

// Where no answer comes that is said, and it can be tried again.
async function hung(browser) {
  const page = await visit(browser, {}, human);
  await page.addInitScript(() => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (ms) => timeout(ms === 20_000 ? 100 : ms);
  });
  await page.reload();
  await board(page);
  for (const path of ["replies", "note"]) await hold(page, `**/${path}`, {});
  await page.locator("#l-waiting .title").click();
  await page.locator("#letters-text").fill("Not at all.");
  await page.locator("#letters-send").click();
  await page.locator("#letters-error", { hasText: "No answer came in time" }).waitFor(WAIT);
  assert.ok(await page.locator("#letters-send").isEnabled());
  await page.keyboard.press("Escape");
  await page.locator("#l-burning .title").first().click();
  await page.locator("#moves-text").fill("The towels are in the hall");
  await page.keyboard.press("Enter");
  await page.locator("#moves-error", { hasText: "No answer came in time" }).waitFor(WAIT);
  assert.equal(await page.locator("#moves-text").inputValue(), "The towels are in the hall");
  await leave(page);
}

// What was answered before has had its effect: what is asked now is answered later.
const settled = (page) => page.evaluate(async () => (await fetch("/page/icon.svg", { cache: "no-store" })).text());

// What only a human can answer is read and answered on one page, by who may.
// What is to be arranged, and every number with the tickets behind it.
async function figures(browser) {
  for (const viewport of VIEWS) {
    const page = await visit(browser, { viewport, colorScheme: viewport.width < 500 ? "dark" : "light" }, human);
    await board(page);
    await page.locator("#tasks .task").waitFor(WAIT);
    await page.locator("#doubts", { hasText: "registered, never heard" }).waitFor(WAIT);
    await page.locator("#standings tr").first().waitFor(WAIT);
    await sound(page);
    await page.screenshot({ path: path.join(folder, `figures-${viewport.width}.png`), fullPage: true });
    await page.locator("#l-rates .rate", { hasText: /^0 %solved0 of/ }).click();
    await page.locator("#l-listed .entry").first().waitFor(WAIT);
    assert.ok((await page.locator("#l-listed .entry").count()) >= 2, "all that is not solved");
    assert.match(await page.locator("#listed-title").innerText(), /^\d that fell short: solved$/);
    await page.waitForTimeout(300); // the drawer has slid in: for the picture only
    await sound(page);
    await page.screenshot({ path: path.join(folder, `listed-${viewport.width}.png`) });
    const name = await page.locator("#l-listed .title").first().textContent();
    await page.locator("#l-listed .title").first().click();
    await page.locator("#story-line li").first().waitFor(WAIT);
    assert.equal(await page.locator("#story-title").textContent(), name);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.locator("#listed").waitFor({ state: "hidden", ...WAIT });
    await page.locator("#figures-by").selectOption("region");
    await page.locator("#standings th", { hasText: "1. " }).first().waitFor(WAIT);
    await page.route("**/api/v1/sweep", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), lying_models: [{ model: "Kwikset 914", devices: 7, lying: 3 }] } });
    });
    await page.reload();
    await page.locator("#l-doubts", { hasText: "Kwikset 914its battery gauge is not to be believed: 3 of 7" }).waitFor(WAIT);
    await leave(page);
  }
  const page = await visit(browser, {}, human);
  await board(page);
  await page.locator("#tasks .task button").click();
  await page.locator("#tasks").waitFor({ state: "hidden", ...WAIT });
  const open = await page.evaluate(async () => (await (await fetch("/api/v1/tasks?open=true")).json()).items.length);
  assert.equal(open, 0);
  await page.locator("#sign-out").click();
  await page.locator("#door").waitFor({ state: "visible", ...WAIT });
  assert.equal(await page.locator("#figures").isHidden() && (await page.locator("#l-rates li").count()), 0, "they leave with who may see them");
  await leave(page);
}

async function letters(browser) {
  for (const viewport of VIEWS) for (const colorScheme of ["light", "dark"]) {
    const page = await visit(browser, { viewport, colorScheme, locale: colorScheme === "dark" ? "zh-CN" : "en-GB" });
    await page.locator("#waiting").waitFor({ state: "visible", ...WAIT });
    await sound(page);
    const name = `${viewport.width}-${colorScheme}`;
    await page.screenshot({ path: path.join(folder, `waiting-${name}.png`), fullPage: true });
    await page.locator("#l-waiting .title").click();
    await page.locator("#letters .theirs").first().waitFor(WAIT);
    await page.waitForTimeout(300); // the drawer has slid in: for the picture only
    await sound(page);
    await page.screenshot({ path: path.join(folder, `letters-${name}.png`) });
    await page.locator("#letters-text").fill("Not at all.");
    await page.locator("#letters-send").click();
    await page.getByText(colorScheme === "dark" ? "不能更改" : "change nothing").waitFor(WAIT);
    page.faults.splice(0, page.faults.length, ...page.faults.filter((f) => !f.includes("403")));
    await leave(page);
  }
  const page = await visit(browser, {}, human);
  await page.locator("#l-waiting .title").click();
  assert.match(await page.locator("#letters .theirs").last().innerText(), /My cat sits on it, is that bad\?/);
  assert.match(await page.locator("#letters-why").innerText(), /question/i);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement.className === "title", null, WAIT);
  await page.keyboard.press("Enter");
  await page.locator("#letters-text").fill("  ");
  await page.locator("#letters-send").click();
  assert.ok(await page.locator("#letters").isVisible(), "nothing is no answer");
  await page.locator("#letters-text").fill("Not at all.");
  let tries = 0;
  await page.route("**/replies", async (route) => {
    // The first try is taken, but its answer is lost on the way.
    if (tries++ === 0) { await route.fetch(); return route.abort(); }
    return route.continue();
  });
  await page.locator("#letters-send").click();
  await page.getByText("nothing is done twice").waitFor(WAIT);
  await page.locator("#letters-send").click();
  await page.locator("#letters").waitFor({ state: "hidden", ...WAIT });
  await page.locator("#waiting").waitFor({ state: "hidden", ...WAIT });
  assert.equal(tries, 2);
  page.faults.splice(0, page.faults.length, ...page.faults.filter((f) => !f.includes("ERR_FAILED")));
  await leave(page);
}

// A ticket is moved from its story, by who may; what the API refuses is said in its words.
async function moves(browser) {
  for (const who of [token, human]) {
    const page = await visit(browser, {}, who);
    await board(page);
    await page.locator("#l-burning .title", { hasText: "Oak Court" }).click();
    await page.locator("#story-line li").first().waitFor(WAIT);
    await page.locator("#moves-text").fill("The towels are in the hall");
    await page.getByRole("button", { name: "Note it" }).click();
    if (who === token) {
      await page.getByText("change nothing").waitFor(WAIT);
      page.faults.splice(0, page.faults.length, ...page.faults.filter((f) => !f.includes("403")));
      await leave(page);
      continue;
    }
    await page.locator("#story-line blockquote", { hasText: "The towels are in the hall" }).waitFor(WAIT);
    assert.equal(await page.locator("#moves-text").inputValue(), "");
    await page.getByRole("button", { name: "Solved", exact: true }).click();
    await page.waitForFunction(() => document.activeElement.id === "moves-text", null, WAIT);
    await page.getByRole("button", { name: "Shut the valve" }).click();
    await page.waitForFunction(() => document.querySelector("#moves-error").textContent.length > 10, null, WAIT);
    await sound(page);
    await page.screenshot({ path: path.join(folder, "moves-1280.png") });
    await page.locator("#moves-text").fill("The cat drank it");
    await page.getByRole("button", { name: "It was none" }).click();
    await page.locator("#story-line blockquote", { hasText: "The cat drank it" }).waitFor(WAIT);
    assert.ok(await page.locator("#moves").isHidden(), "what is over is not moved any more");
    assert.equal(await page.evaluate(() => document.activeElement.id), "story-title");
    await page.keyboard.press("Escape");
    await page.locator("#l-burning .title", { hasText: "Oak Court" }).waitFor({ state: "hidden", ...WAIT });
    page.faults.splice(0, page.faults.length, ...page.faults.filter((f) => !/40[49]|422/.test(f)));
    await leave(page);
  }
}

// What is pressed twice is done once, and to the ticket that was looked at.
async function oneMove(browser) {
  const page = await visit(browser, {}, human);
  await board(page);
  const notes = await hold(page, "**/note", {});
  await page.locator("#l-burning .title", { hasText: "Oak Court" }).click();
  await page.locator("#moves-text").fill("The towels are in the hall");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await notes.first;
  await settled(page);
  assert.equal(notes.asked, 1);
  await page.keyboard.press("Escape");
  await page.locator("#l-burning .title", { hasText: "Elm House" }).click();
  await page.locator("#moves-text").fill("Not sent yet");
  const noted = page.waitForResponse("**/note", WAIT);
  notes.go();
  await noted;
  await settled(page);
  assert.match(await page.locator("#story-title").innerText(), /Elm House/);
  assert.equal(await page.locator("#moves-text").inputValue(), "Not sent yet");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#moves-text").value === "", null, WAIT);
  assert.equal(notes.asked, 2);
  await leave(page);
}

// A story that takes its time is not told of another ticket.
async function twoStories(browser) {
  const page = await visit(browser, {}, human);
  await board(page);
  const of = async (place) => (await page.locator("#l-burning .entry", { hasText: place }).getAttribute("data-id"));
  const late = { what: "note", at: "2026-01-05T10:00:00Z", actor: "user:x", data: { text: "Of another ticket" } };
  const story = await hold(page, `**/api/v1/tickets/${await of("Oak Court")}/events*`, { items: [late], next: null });
  await page.locator("#l-burning .title", { hasText: "Oak Court" }).click();
  await story.first;
  await page.keyboard.press("Escape");
  await page.locator("#l-burning .title", { hasText: "Elm House" }).click();
  await page.locator("#story-line li").first().waitFor(WAIT);
  const told = page.waitForResponse("**/events?*", WAIT);
  story.go();
  await told;
  await settled(page);
  assert.equal(await page.getByText("Of another ticket").count(), 0);
  await leave(page);
}

// What a fleet brought along is released from the page, so many at a time, under one key for each try.
async function sweep(browser) {
  for (const viewport of VIEWS) {
    const page = await visit(browser, { viewport }, human);
    await page.route("**/api/v1/board", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), held: { battery: 31, silent: 4 } } });
    });
    await page.reload();
    await page.getByText("31 low batteries").waitFor(WAIT);
    await sound(page);
    await page.screenshot({ path: path.join(folder, `sweep-${viewport.width}.png`) });
    const asked = page.waitForRequest("**/api/v1/sweep/release", WAIT);
    await page.getByLabel("Begin with").fill("7");
    await page.getByRole("button", { name: "Write to them" }).click();
    const request = await asked;
    assert.deepEqual(request.postDataJSON(), { count: 7 });
    assert.match(request.headers()["idempotency-key"], /^[0-9a-f]{32}$/);
    assert.equal((await request.response()).status(), 200);
    await leave(page);
  }
}

async function languages(browser) {
  const page = await visit(browser, { locale: "zh-CN" });
  await board(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.getByRole("heading", { name: "正在发生" }).waitFor(WAIT);
  await page.screenshot({ path: path.join(folder, "board-zh.png") });
  await page.getByRole("button", { name: "Switch to English" }).click();
  await page.getByRole("heading", { name: "Burning now" }).waitFor(WAIT);
  await page.reload();
  await board(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  const missing = await page.evaluate(async () => {
    const { words } = await import("/page/words.js");
    const keys = (o, at = "") => Object.entries(o).flatMap(([k, v]) => (typeof v === "object" ? keys(v, `${at}${k}.`) : [`${at}${k}`])).sort();
    const [en, zh] = [keys(words.en), keys(words["zh-CN"])];
    return [...en.filter((k) => !zh.includes(k)), ...zh.filter((k) => !en.includes(k))];
  });
  assert.deepEqual(missing, [], "words in one language only");
  await leave(page);
}

run(main);
