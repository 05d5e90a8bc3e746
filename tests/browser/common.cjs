// What every script that drives a page with a real Chromium needs.

const assert = require("node:assert/strict");
const path = require("node:path");
const { chromium } = require(path.join(process.env.NIGHTPORTER_NODE_MODULES, "playwright-core"));

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const VIEWS = [{ width: 390, height: 844 }, { width: 1280, height: 900 }];
const WAIT = { timeout: 15_000 };

// Does all of it in one browser; prints "done" when everything held.
async function run(main) {
  try {
    const browser = await chromium.launch({ executablePath: process.env.NIGHTPORTER_CHROMIUM, args: FLAGS });
    try {
      await main(browser);
    } finally {
      await browser.close();
    }
    console.log("done");
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

// A page that notes what a good page never does.
async function open(browser, base, address, options = {}, signedIn = "") {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  if (signedIn) await context.addCookies([{ name: "nightporter_session", value: signedIn, url: base, httpOnly: true, sameSite: "Strict" }]);
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (m) => m.type() === "error" && !m.text().includes("401") && page.faults.push(m.text()));
  page.on("pageerror", (e) => page.faults.push(String(e)));
  page.on("request", (r) => r.url().startsWith(base) || page.faults.push(`asked another host: ${r.url()}`));
  await page.goto(address);
  return page;
}

async function leave(page) {
  await page.unrouteAll({ behavior: "ignoreErrors" }); // a look may be under way
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

// Forgets faults that belong to what was tried.
const forgive = (page, pattern) => page.faults.splice(0, page.faults.length, ...page.faults.filter((f) => !pattern.test(f)));

// Nothing wider than the screen, nothing paler than AA.
async function sound(page) {
  const { overflow, pale } = await page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const ground = (node) => {
      for (let n = node; n; n = n.parentElement) {
        const [r, g, b, a] = rgba(getComputedStyle(n).backgroundColor);
        if (a === 255) return [r, g, b];
      }
      return [255, 255, 255];
    };
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const contrast = (one, two) => (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const pale = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode.parentElement;
      if (!walk.currentNode.data.trim() || !node.checkVisibility()) continue;
      const ratio = contrast(light(rgba(getComputedStyle(node).color)), light(ground(node)));
      if (ratio < 4.5) pale.push(`${walk.currentNode.data.trim()}: ${ratio.toFixed(2)}`);
    }
    return { overflow: document.documentElement.scrollWidth - innerWidth, pale };
  });
  assert.ok(overflow <= 0, `wider than the screen by ${overflow} px`);
  assert.deepEqual(pale, []);
}


module.exports = { VIEWS, WAIT, forgive, leave, open, run, sound };
