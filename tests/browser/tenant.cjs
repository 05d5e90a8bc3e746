// Drives the page of a tenant's phone with a real Chromium: node tenant.cjs BASE TOKEN FOLDER. There are a leak and a low
// battery at the start, and a credit. Prints "later" when a minute may pass, "ready" when the
// leak may be called off, "done" when everything held.

const assert = require("node:assert/strict");
const path = require("node:path");
const { VIEWS, WAIT, forgive, leave, open, run, sound } = require("./common.cjs");

const [base, token, folder] = process.argv.slice(2);
const [PHONE] = VIEWS;
const visit = (browser, options = {}) => open(browser, base, `${base}/t/${token}`, { viewport: PHONE, ...options });
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });

async function main(browser) {
  for (const viewport of VIEWS) for (const colorScheme of ["light", "dark"]) await looks(browser, viewport, colorScheme);
  await inEnglish(browser);
  await inChinese(browser);
  await calm(browser);
}

async function looks(browser, viewport, colorScheme) {
  const page = await visit(browser, { viewport, colorScheme, locale: colorScheme === "dark" ? "zh-CN" : "en-GB" });
  await page.locator(".job").first().waitFor(WAIT);
  await sound(page);
  await shot(page, `home-${viewport.width}-${colorScheme}`);
  await leave(page);
}

// A bed, said once by however many taps; a photo; no texts, and texts again.
async function inEnglish(browser) {
  const page = await visit(browser);
  const says = [];
  page.on("request", (r) => r.url().includes("/home/words") && says.push(r.postDataJSON().text));
  const leak = page.locator(".job[data-kind=leak]");
  await leak.waitFor(WAIT);
  assert.match(await page.locator("main").innerText(), /Hello, Li Wei[\s\S]*12B · Oak Court[\s\S]*Water: Under the sink[\s\S]*Somebody is being found[\s\S]*Chen Mei looks after this[\s\S]*Battery: Front door[\s\S]*Please put in fresh batteries/);
  assert.doesNotMatch(await page.locator("main").innerText(), /t_[0-9a-f]{8}/, "nobody sees a number of a ticket");
  assert.match(await page.locator(".balance").innerText(), /10\.00/);
  await leak.getByRole("button", { name: "I need a bed tonight" }).dblclick();
  await leak.getByText("We know that you need a place").waitFor(WAIT);
  assert.deepEqual(says, ["I need a place to stay tonight"]);
  await shot(page, "home-bed-390-light");
  const battery = page.locator(".job[data-kind=battery]");
  const buffer = await page.screenshot();
  await battery.getByLabel("Add a photo").setInputFiles({ name: "IMG_1.png", mimeType: "image/png", buffer });
  await battery.getByText("The photo is there").waitFor(WAIT);
  await battery.getByRole("button", { name: "New batteries are in" }).click();
  await battery.getByText("it has arrived").waitFor(WAIT);
  await page.getByRole("button", { name: "No texts at all" }).click();
  await page.getByText("not even when there is water in your home?").waitFor(WAIT);
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByRole("button", { name: "No questions how we did" }).click();
  await page.getByText("You get no texts about: how we did.").waitFor(WAIT);
  await page.getByRole("button", { name: "No texts at all" }).click();
  await page.getByRole("button", { name: "Yes, no texts" }).click();
  await page.getByText("You said so").waitFor(WAIT);
  await sound(page);
  await shot(page, "home-stopped-390-light");
  const before = await page.locator("#link-text").innerText();
  console.log("later"); // of two wishes the later one counts
  await page.waitForFunction((at) => (dispatchEvent(new Event("online")), document.querySelector("#link-text").textContent !== at), before, { ...WAIT, polling: 200 });
  await page.getByRole("button", { name: "Write to me again" }).click();
  await page.getByText("You get texts about everything").waitFor(WAIT);
  await tooMuch(page, "Send", "please send it again in 15 minutes");
  forgive(page, /429/);
  await leave(page);
}

// Who says too much at once is told when to go on; what they typed stays.
async function tooMuch(page, send, told) {
  await page.unrouteAll();
  await page.route("**/home/words*", (route) => route.fulfill({ status: 429, headers: { "Retry-After": "900" }, json: {} }));
  await page.locator("#words").fill("And one more");
  await page.locator(".ask").getByRole("button", { name: send, exact: true }).click();
  await page.locator(".ask").getByText(told).waitFor(WAIT);
  assert.equal(await page.locator("#words").inputValue(), "And one more");
  await page.locator("#words").fill("");
  await page.unrouteAll();
}

// Somebody is to come; and words of one's own, sent again under the same name when the first answer is lost.
async function inChinese(browser) {
  const page = await visit(browser, { locale: "zh-CN", colorScheme: "dark" });
  const battery = page.locator(".job[data-kind=battery]");
  await battery.getByRole("button", { name: "请派人来" }).click();
  await battery.getByText("已收到").waitFor(WAIT);
  let tries = 0;
  await page.route("**/home/words*", async (route) => {
    if (tries++ === 0) { await route.fetch(); return route.abort(); }
    return route.continue();
  });
  await page.locator("#words").fill("是否可以养猫？");
  await page.getByRole("button", { name: "发送" }).click();
  await page.getByText("不会重复执行").waitFor(WAIT);
  assert.equal(await page.locator("#words").inputValue(), "是否可以养猫？");
  await page.getByRole("button", { name: "发送" }).click();
  await page.locator(".ask").getByText("已收到").waitFor(WAIT);
  assert.equal(await page.locator("#words").inputValue(), "");
  assert.equal(tries, 2);
  await tooMuch(page, "发送", "请 15 分钟后再发送");
  await sound(page);
  await shot(page, "home-said-390-dark");
  forgive(page, /ERR_FAILED|429/);
  await leave(page);
}

// What is over is gone from the page by the next look.
async function calm(browser) {
  const page = await visit(browser);
  await page.locator(".job[data-kind=leak]").waitFor(WAIT);
  console.log("ready");
  await page.waitForFunction(() => (dispatchEvent(new Event("online")), !document.querySelector(".job[data-kind=leak]")), null, { ...WAIT, polling: 500 });
  await leave(page);
}

run(main);
