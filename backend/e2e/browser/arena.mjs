// Two seats side by side in a house of sixty thousand, found by section, with a phone's screen and a keyboard: prices
// without scripts, sections first, one section's seats, a seat that somebody else takes meanwhile, and on to checkout.
// Prints one line of JSON for the test.
import { walk } from "./hands.mjs";

const { SITE, PERFORMANCE, TOTAL } = process.env;
/** Milliseconds that the scripts may take of a processor, whoever else runs on it: until sections show, and to open one. */
const TO_BEGIN = 400;
const TO_OPEN = 100;
/** No more of these at once, whatever the house has. */
const MOST_ELEMENTS = 6_000;

await walk(async (hands) => {
  const { browser, page } = hands;
  const address = new URL(`/performances/${PERFORMANCE}`, SITE).href;

  hands.step = "without scripts";
  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await plain.goto(address);
  if (!(await plain.textContent("#legend")).includes("€")) throw new Error("no prices without scripts");
  await plain.close();

  hands.step = "sections";
  const watch = await page.context().newCDPSession(page);
  await watch.send("Performance.enable", { timeDomain: "threadTicks" });
  /** What the page's scripts have taken so far. */
  const taken = async () => {
    const { metrics } = await watch.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ScriptDuration").value * 1000;
  };
  await page.goto(address);
  await page.waitForSelector("[data-section][tabindex='0']");
  await hands.fits();
  if (await page.$("[data-seat]")) throw new Error("a seat is drawn before its section is opened");
  const begun = await taken();
  if (begun > TO_BEGIN) throw new Error(`the scripts take ${begun} ms until sections show`);
  await light(page);
  await hands.tabTo("[data-section]");
  const focusedLabel = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.keyboard.press("End");
  const end = await focusedLabel();
  await page.keyboard.press("Home");
  if ((await focusedLabel()) === end) throw new Error(`Home and End both lead to ${end}`);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  const label = await focusedLabel();
  if (!/€.*free/.test(label)) throw new Error(`a section says ${label}`);

  hands.step = "one section";
  const before = await taken();
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-seat][tabindex='0']");
  const opening = (await taken()) - before;
  if (opening > TO_OPEN) throw new Error(`the scripts take ${opening} ms to open a section`);
  await hands.fits();
  const drawn = await page.evaluate(() => document.querySelectorAll("[data-seat]").length);
  if (drawn * 10 > Number(TOTAL)) throw new Error(`${drawn} of ${TOTAL} seats are drawn at once`);
  await light(page);

  hands.step = "back and again";
  await page.keyboard.press("Escape");
  await page.waitForSelector("[data-section]");
  if (await page.$("[data-seat]")) throw new Error("the section's seats stay");
  await hands.focused("[data-section]").then(({ matches, words }) => {
    if (!matches) throw new Error(`the focus went to ${words}`);
  });
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-seat][tabindex='0']");

  hands.step = "two seats";
  await hands.tabTo("[data-seat]:not([aria-disabled])");
  const here = () => page.evaluate(() => document.activeElement.dataset.seat);
  const first = await here();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowRight");
  // It may have been the last of its row.
  if ((await here()) === first) await page.keyboard.press("ArrowLeft");
  const second = await here();
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelectorAll("#tray-list .tray-item").length === 2);
  await page.waitForSelector("[data-action=checkout]:not([disabled])");
  // The way on is near: what is chosen can be taken back on the way, and nothing else lies between.
  const seatOfHand = await here();
  await hands.tabTo("[data-action=checkout]", 4);
  await page.locator(`[data-seat='${seatOfHand}']`).focus();

  // Somebody else takes the second one: the page says so by itself, and offers seats near it.
  hands.step = "a seat is lost";
  const rival = await (await browser.newContext()).newPage();
  await rival.goto(SITE);
  const answer = await rival.evaluate(
    async ([path, seat]) => {
      const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
      const body = JSON.stringify({ seats: [{ seat }] });
      return (await fetch(path, { method: "POST", headers, body })).status;
    },
    [`/api/v1/performances/${PERFORMANCE}/holds`, second],
  );
  if (answer !== 201) throw new Error(`the rival got ${answer}`);
  await page.waitForSelector(`[data-seat='${second}'][aria-disabled='true']`);
  await page.waitForSelector("#tray [data-notice]:visible");
  await hands.tabTo("#tray [data-offer] button");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("#tray-list .tray-item").length === 2);

  hands.step = "checkout";
  await hands.tabTo("[data-action=checkout]");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/checkout/**");
  await page.waitForSelector("#email:visible");
  await page.waitForSelector(".summary-lines li");
  await hands.fits();
  const hold = new URL(page.url()).pathname.split("/").pop();
  const lines = await page.locator(".summary-lines li").allTextContents();
  return { hold, lines, drawn, begun, opening };
});

/** The page stays light. */
async function light(page) {
  const elements = await page.evaluate(() => document.querySelectorAll("*").length);
  if (elements > MOST_ELEMENTS) throw new Error(`${elements} elements`);
}
