// Drives the page of a housekeeper's phone with a real Chromium: node phone.cjs BASE TOKEN OTHER LEAD FOLDER. There are a
// leak and two requests at the start. Prints "done" when everything held. Screenshots go to FOLDER.

const assert = require("node:assert/strict");
const path = require("node:path");
const { VIEWS, WAIT, forgive, leave, open, run, sound } = require("./common.cjs");

const [base, token, other, lead, folder] = process.argv.slice(2);
const [PHONE] = VIEWS;
const visit = (browser, options = {}, whose = token) => open(browser, base, `${base}/h/${whose}`, { viewport: PHONE, ...options });
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });

async function main(browser) {
  for (const viewport of VIEWS) for (const colorScheme of ["light", "dark"]) await looks(browser, viewport, colorScheme);
  await inEnglish(browser);
  await inChinese(browser);
  await taken(browser);
  await seenByLead(browser);
  await gone(browser);
  await words(browser);
}

const job = (page, text) => page.locator(".job", { hasText: text });

async function looks(browser, viewport, colorScheme) {
  const page = await visit(browser, { viewport, colorScheme, locale: colorScheme === "dark" ? "zh-CN" : "en-GB" });
  await page.locator("#offered .job").first().waitFor(WAIT);
  await sound(page);
  await shot(page, `jobs-offered-${viewport.width}-${colorScheme}`);
  await leave(page);
}

// The leak: taken, announced, reached, photographed, done; offline in between, and every tap twice.
async function inEnglish(browser) {
  const page = await visit(browser);
  const moves = [];
  page.on("request", (r) => r.method() === "POST" && moves.push(r.url().split("/").pop()));
  await page.locator("#offered .job").first().waitFor(WAIT);
  const leak = page.locator(".job[data-kind=leak]");
  const all = await page.locator("#offered .job").evaluateAll((nodes) => nodes.map((n) => n.dataset.severity));
  assert.equal(all[0], "emergency", "what cannot wait stands first");
  assert.match(await leak.innerText(), /Emergency · Water[\s\S]*12B · Oak Court[\s\S]*Under the sink · floor 12[\s\S]*1 Oak Lane[\s\S]*The key is with the porter[\s\S]*Call Li Wei/);
  assert.equal(await leak.getByRole("link", { name: "Call Li Wei" }).getAttribute("href"), "tel:+8613800000001");
  assert.equal(await leak.getByRole("link", { name: "Map" }).getAttribute("href"), "geo:31.2304,121.4737?q=31.2304,121.4737");
  const big = await leak.getByRole("button", { name: "I take it" }).boundingBox();
  assert.ok(big.height >= 64 && big.width > 250, `a target for gloves: ${JSON.stringify(big)}`);
  await leak.getByRole("button", { name: "I take it" }).dblclick();
  await page.locator("#mine").getByText("On my way, there in").waitFor(WAIT);
  await sound(page);
  await shot(page, "jobs-mine-390-light");
  await leak.getByRole("button", { name: "30 min" }).dblclick();
  await leak.getByText("There later, in").waitFor(WAIT);
  await leak.getByRole("button", { name: "I am here" }).click();
  await leak.getByRole("button", { name: "Done" }).waitFor(WAIT);
  await photo(page, leak, "Add a photo", "The photo is there", "Look at the photo");
  await leak.getByRole("button", { name: "Look at the photo" }).click();
  await leak.locator("canvas.picture").waitFor(WAIT);
  await shot(page, "jobs-photo-390-light");
  await leak.getByRole("button", { name: "Done" }).click();
  await leak.getByLabel("What was it").fill("The cap under the sink was loose");
  await shot(page, "jobs-done-form-390-light");
  await page.context().setOffline(true);
  await leak.getByRole("button", { name: "Yes, it is done" }).click();
  await leak.getByText("Nothing you typed is lost").waitFor(WAIT);
  await page.getByText("No connection just now").waitFor(WAIT);
  assert.equal(await leak.getByLabel("What was it").inputValue(), "The cap under the sink was loose");
  await shot(page, "jobs-offline-390-light");
  await page.context().setOffline(false);
  await page.getByText("Up to date").waitFor(WAIT); // the phone says that its network is back
  await page.reload();
  await leak.getByRole("button", { name: "Done" }).click();
  assert.equal(await leak.getByLabel("What was it").inputValue(), "The cap under the sink was loose", "also not by a page that is loaded anew");
  await leak.getByRole("button", { name: "Yes, it is done" }).click();
  await leak.getByText("over by itself when the sensor is dry").waitFor(WAIT);
  assert.deepEqual(moves.filter((m) => m !== "resolve"), ["accept", "eta", "arrive", "photos", "photos"], "no tap counts twice; the photo was sent again");
  await sound(page);
  forgive(page, /ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
  await leave(page);
}

async function photo(page, card, add, said, look) {
  const input = card.getByLabel(add);
  await input.setInputFiles({ name: "broken.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") });
  await card.getByText(/cannot be read|读不了/).waitFor(WAIT);
  const buffer = await page.screenshot({ fullPage: true });
  await page.route("**/photos", (route) => route.abort(), { times: 1 });
  await input.setInputFiles({ name: "IMG_1.png", mimeType: "image/png", buffer });
  await card.getByText(/did not arrive|没有送达/).waitFor(WAIT);
  const sent = page.waitForRequest("**/photos", WAIT);
  await card.getByRole("button", { name: /Send the photo again|重新发送照片/ }).click();
  const request = await sent;
  assert.equal(request.headers()["content-type"], "image/jpeg", "drawn anew");
  await card.getByText(said).waitFor(WAIT);
  await card.getByRole("button", { name: look }).waitFor(WAIT);
}

// A request, in Chinese and in the dark, which is over with a word.
async function inChinese(browser) {
  const page = await visit(browser, { locale: "zh-CN", colorScheme: "dark" });
  const tap = job(page, "The kitchen tap drips");
  await tap.getByRole("button", { name: "我来接" }).click();
  await page.locator("#mine").getByText("已出发，预计到达").waitFor(WAIT);
  await tap.getByRole("button", { name: "15 分钟" }).click();
  await tap.getByText("改时间").waitFor(WAIT);
  await shot(page, "jobs-on-my-way-390-dark");
  await tap.getByRole("button", { name: "未能解决" }).click();
  await tap.getByRole("button", { name: "提交" }).click();
  await page.waitForFunction(() => document.activeElement.tagName === "TEXTAREA", null, WAIT);
  await tap.getByRole("button", { name: "返回" }).click();
  await tap.getByRole("button", { name: "我到了" }).click();
  await tap.getByRole("button", { name: "完成" }).waitFor(WAIT);
  await photo(page, tap, "添加照片", "照片已收到", "查看 1 张照片");
  await sound(page);
  await shot(page, "jobs-on-site-390-dark");
  await tap.getByRole("button", { name: "完成" }).click();
  await tap.getByRole("button", { name: "是的，完成了" }).click();
  await page.locator("#done li", { hasText: "报事 · 12B" }).waitFor(WAIT);
  await sound(page);
  await shot(page, "jobs-done-390-dark");
  await page.getByRole("button", { name: "Switch to English" }).click();
  await page.getByRole("heading", { name: "Hello, Chen Mei" }).waitFor(WAIT);
  await page.reload();
  await page.getByRole("heading", { name: "Your jobs" }).waitFor(WAIT);
  forgive(page, /ERR_FAILED/);
  await leave(page);
}

// A colleague takes it at the same moment: kind words, and it is gone.
async function taken(browser) {
  const page = await visit(browser);
  const bell = job(page, "门铃不响");
  await bell.getByRole("button", { name: "Pass" }).click();
  await bell.getByText("Somebody else will be asked.").waitFor(WAIT);
  await bell.getByRole("button", { name: "Back" }).click();
  await page.route("**/accept", async (route) => {
    await fetch(route.request().url(), { method: "POST", headers: { Authorization: `Bearer ${other}` } });
    return route.continue();
  });
  await bell.getByRole("button", { name: "I take it" }).click();
  await page.getByRole("alert").filter({ hasText: "A colleague was faster" }).waitFor(WAIT);
  await bell.waitFor({ state: "detached", ...WAIT });
  await sound(page);
  await shot(page, "jobs-taken-390-light");
  forgive(page, /40[49]/);
  await leave(page);
}

// Who leads sees the photo in the story.
async function seenByLead(browser) {
  const page = await open(browser, base, base, { viewport: PHONE }, lead);
  await page.locator("#l-burning .title", { hasText: "Oak Court" }).first().click();
  const picture = page.locator("#story-line img.photo");
  await picture.scrollIntoViewIfNeeded(WAIT);
  await page.waitForFunction(() => document.querySelector("#story-line img.photo").naturalWidth > 0, null, WAIT);
  await page.screenshot({ path: path.join(folder, "story-photo-390.png") });
  await leave(page);
}

async function gone(browser) {
  for (const [colorScheme, locale] of [["light", "en-GB"], ["dark", "zh-CN"]]) {
    const page = await visit(browser, { colorScheme, locale }, "np_unknown");
    await page.getByText("这个链接已失效").waitFor(WAIT);
    await page.getByText("This link is no longer good").waitFor(WAIT);
    await sound(page);
    await shot(page, `gone-390-${colorScheme}`);
    forgive(page, /404/);
    await leave(page);
  }
  // Ended while it is open: the next look says so.
  const page = await visit(browser);
  await page.getByRole("heading", { name: "Your jobs" }).waitFor(WAIT);
  await page.route("**/api/v1/jobs*", (route) => route.fulfill({ status: 401, json: {} }));
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.getByRole("heading", { name: "This link is no longer good" }).waitFor(WAIT);
  assert.equal(await page.locator(".job").count(), 0, "nothing of the house is left");
  await leave(page);
}

async function words(browser) {
  const page = await visit(browser);
  const missing = await page.evaluate(async () => {
    const { words } = await import("/page/phone-words.js");
    const keys = (o, at = "") => Object.entries(o).flatMap(([k, v]) => (typeof v === "object" ? keys(v, `${at}${k}.`) : [`${at}${k}`])).sort();
    const [en, zh] = [keys(words.en), keys(words["zh-CN"])];
    return [...en.filter((k) => !zh.includes(k)), ...zh.filter((k) => !en.includes(k))];
  });
  assert.deepEqual(missing, [], "words in one language only");
  await leave(page);
}

run(main);
