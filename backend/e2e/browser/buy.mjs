// Buys a seat as somebody does who has a phone's screen and a keyboard and nothing else: no click, no tap. Then opens the
// mail, and the order's page from it. Told by the environment where everything is; prints one line of JSON for the test.
import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";

const { SITE, MAIL, EMAIL, CHROMIUM, FOLDER, RESOLVE } = process.env;
const WIDTH = 390;
const HEIGHT = 844;
const PATIENCE = 20_000;

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--host-resolver-rules=${RESOLVE}`,
  ],
});
const context = await browser.newContext({
  viewport: { width: WIDTH, height: HEIGHT },
  hasTouch: true,
  isMobile: true,
  locale: "en-IE",
  serviceWorkers: "block",
});
const page = await context.newPage();
page.setDefaultTimeout(PATIENCE);
const faults = [];
page.on("pageerror", (error) => faults.push(`error on ${page.url()}: ${error.message}`));
page.on("console", (message) => {
  if (message.type() === "error") faults.push(`console on ${page.url()}: ${message.text()}`);
});

/** The focused element, through shadow roots; whether it matches, and in words. */
const focused = (selector) =>
  page.evaluate((wanted) => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (!at) return { matches: false, words: "nothing" };
    const box = at.getBoundingClientRect();
    return {
      matches: at.matches(wanted),
      seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
      words: at.outerHTML.slice(0, 160),
    };
  }, selector);

/** What has the focus comes into sight, at the latest when a page has scrolled there. */
async function seen(selector) {
  for (const until = Date.now() + 3_000; !(await focused(selector)).seen; ) {
    if (Date.now() > until) throw new Error(`the focus is on ${selector}, and nobody can see it`);
    await page.waitForTimeout(50);
  }
}

/** Goes on with Tab until what is wanted has the focus. */
async function tabTo(selector, most = 150) {
  const passed = [];
  for (let at = 0; at < most; at += 1) {
    const { matches, words } = await focused(selector);
    if (matches) {
      await seen(selector);
      return;
    }
    passed.push(words);
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${selector} on ${page.url()}; it passed\n${passed.join("\n")}`);
}

/** Nothing is wider than the phone. */
async function fits() {
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  if (width > WIDTH) throw new Error(`${page.url()} is ${width} px wide on a phone of ${WIDTH}`);
}

let step = "start";
try {
  step = "home";
  await page.goto(SITE);
  await fits();
  await tabTo("a[href*='/events/the-tempest']");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/events/the-tempest");
  step = "event";
  await fits();
  await tabTo("a[href*='/performances/']");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/performances/**");

  step = "seats";
  await page.waitForSelector("[data-seat][tabindex='0']");
  await fits();
  await tabTo("[data-seat]");
  await page.keyboard.press("ArrowRight");
  const seat = await page.evaluate(() => document.activeElement.getAttribute("data-seat"));
  await page.keyboard.press("Space");
  await page.waitForSelector("[data-action=checkout]:not([disabled])");
  await tabTo("[data-action=checkout]");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/checkout/**");

  step = "checkout";
  await page.waitForSelector("#email:visible");
  await fits();
  await tabTo("#email");
  await page.keyboard.type(EMAIL);
  await tabTo("#name");
  await page.keyboard.type("李小龍 Ní Bhriain");
  await page.keyboard.press("Enter");
  step = "payment";
  await page.waitForSelector("input[autocomplete=cc-number]");
  await tabTo("input[autocomplete=cc-number]");
  await page.keyboard.type("4242424242424242");
  await tabTo("input[autocomplete=cc-exp]");
  await page.keyboard.type("1240");
  await tabTo("input[autocomplete=cc-csc]");
  await page.keyboard.type("123");
  await fits();
  await tabTo("[data-action=pay]:not([disabled])");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/orders/**");
  step = "order";
  const order = new URL(page.url()).pathname.split("/").pop();
  await page.waitForSelector("#order:not([aria-busy])");
  await page.waitForSelector("#order .ticket-qr img");
  await fits();

  step = "mail";
  let mail;
  for (const until = Date.now() + PATIENCE; !mail; ) {
    const all = await (await fetch(`${MAIL}/api/email`)).json();
    mail = all.find(({ to }) => to.some(({ address }) => address === EMAIL));
    if (!mail && Date.now() > until) throw new Error("no mail came");
    if (!mail) await page.waitForTimeout(100);
  }
  const inbox = await context.newPage();
  const letter = await inbox.goto(`${MAIL}/api/email/${mail.id}/html`);
  if (!letter.ok()) throw new Error(`the mail does not open: ${letter.status()}`);
  const link = await inbox.getAttribute(`a[href*='/orders/${order}']`, "href");
  const attached = mail.attachments.find(({ contentType }) => contentType === "application/pdf");
  const pdf = await fetch(`${MAIL}/api/email/${mail.id}/attachment/${attached.generatedFileName}`);
  writeFileSync(`${FOLDER}/mailed.pdf`, Buffer.from(await pdf.arrayBuffer()));

  // Whoever opens the link elsewhere, on a browser that knows nothing yet, sees the tickets too.
  step = "link";
  const other = await (await browser.newContext({ viewport: { width: WIDTH, height: HEIGHT } })).newPage();
  const token = new URLSearchParams(new URL(link).hash.slice(1)).get("t");
  await other.goto(link);
  await other.waitForSelector("#order:not([aria-busy])");
  if (other.url().includes(token)) throw new Error("the token stays in the address");

  if (faults.length) throw new Error(faults.join("\n"));
  console.log(JSON.stringify({ order, token, seat, pdf: `${FOLDER}/mailed.pdf` }));
} catch (error) {
  await page.screenshot({ path: `${FOLDER}/failed.png` }).catch(() => {});
  console.error(`${step}: ${error.stack}\n${faults.join("\n")}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
