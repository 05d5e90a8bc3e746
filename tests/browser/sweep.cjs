// Drives the managers' page where a fleet has come: node sweep.cjs BASE OPERATOR FOLDER. Prints "done" when everything held.

const assert = require("node:assert/strict");
const path = require("node:path");
const { WAIT, forgive, leave, open, run, sound } = require("./common.cjs");

const [base, human, folder] = process.argv.slice(2);

// The answer to a release is lost on the way; the second try releases nothing more.
async function main(browser) {
  const page = await open(browser, base, base, { viewport: { width: 390, height: 844 } }, human);
  const left = (count) => page.locator("#sweep-text", { hasText: `${count} low batteries` }).waitFor(WAIT);
  await left(2);
  await sound(page);
  await page.screenshot({ path: path.join(folder, "sweep-390.png") });
  let tries = 0;
  await page.route("**/api/v1/sweep/release", async (route) => {
    tries += 1;
    if (tries > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.getByLabel("Begin with").fill("1");
  const send = page.getByRole("button", { name: "Write to them" });
  await send.click();
  await page.locator("#sweep-error:not(:empty)").waitFor(WAIT);
  await left(1);
  const again = page.waitForResponse("**/api/v1/sweep/release", WAIT);
  await send.click();
  assert.equal((await (await again).json()).left, 1, "the answer that was lost");
  await page.locator("#sweep-error:empty").waitFor({ state: "attached", ...WAIT });
  await page.reload();
  await left(1);
  forgive(page, /ERR_FAILED/);
  await leave(page);
}

run(main);
