// Buys a seat as somebody does who has a phone's screen and a keyboard and nothing else: no click, no tap. Then opens the
// mail, and the order's page from it. Told by the environment where everything is; prints one line of JSON for the test.
import { writeFileSync } from "node:fs";
import { HEIGHT, PATIENCE, WIDTH, walk } from "./hands.mjs";

const { SITE, MAIL, EMAIL, FOLDER } = process.env;

await walk(async (hands) => {
  const { browser, context, page } = hands;
  hands.step = "home";
  await page.goto(SITE);
  await hands.fits();
  await hands.tabTo("a[href*='/events/the-tempest']");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/events/the-tempest");
  hands.step = "event";
  await hands.fits();
  await hands.tabTo("a[href*='/performances/']");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/performances/**");

  hands.step = "seats";
  await page.waitForSelector("[data-seat][tabindex='0']");
  await hands.fits();
  await hands.tabTo("[data-seat]");
  await page.keyboard.press("ArrowRight");
  const seat = await page.evaluate(() => document.activeElement.getAttribute("data-seat"));
  await page.keyboard.press("Space");
  await page.waitForSelector("[data-action=checkout]:not([disabled])");
  await hands.tabTo("[data-action=checkout]");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/checkout/**");

  // Whoever goes back finds the hold on the performance's page, and goes on with it.
  hands.step = "back from checkout";
  await page.waitForSelector("#checkout:not([aria-busy])");
  const checkout = page.url();
  await page.goBack();
  await page.waitForSelector("#holding [data-action=go-on]:visible");
  await page.waitForSelector(`[data-seat='${seat}'].is-held`);
  await hands.fits();
  await hands.tabTo("[data-action=go-on]");
  await page.keyboard.press("Enter");
  await page.waitForURL(checkout);

  hands.step = "checkout";
  await page.waitForSelector("#email:visible");
  await hands.fits();
  await hands.tabTo("#email");
  await page.keyboard.type(EMAIL);
  await hands.tabTo("#name");
  await page.keyboard.type("李小龍 Ní Bhriain");
  await page.keyboard.press("Enter");
  hands.step = "payment";
  await page.waitForSelector("input[autocomplete=cc-number]");
  await hands.tabTo("input[autocomplete=cc-number]");
  await page.keyboard.type("4242424242424242");
  await hands.tabTo("input[autocomplete=cc-exp]");
  await page.keyboard.type("1240");
  await hands.tabTo("input[autocomplete=cc-csc]");
  await page.keyboard.type("123");
  await hands.fits();
  await hands.tabTo("[data-action=pay]:not([disabled])");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/orders/**");
  hands.step = "order";
  const order = new URL(page.url()).pathname.split("/").pop();
  await page.waitForSelector("#order:not([aria-busy])");
  await page.waitForSelector("#order .ticket-qr img");
  await hands.fits();

  hands.step = "mail";
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
  hands.step = "link";
  const other = await (await browser.newContext({ viewport: { width: WIDTH, height: HEIGHT } })).newPage();
  const token = new URLSearchParams(new URL(link).hash.slice(1)).get("t");
  await other.goto(link);
  await other.waitForSelector("#order:not([aria-busy])");
  if (other.url().includes(token)) throw new Error("the token stays in the address");

  // What a browser opened once it opens in another tab as well; a browser that does not know it says so.
  hands.step = "another tab";
  const tab = await other.context().newPage();
  await tab.goto(new URL(`/orders/${order}`, SITE).href);
  await tab.waitForSelector("#order .ticket-qr img");
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(new URL(`/orders/${order}`, SITE).href);
  const said = await stranger.textContent("#order:not([aria-busy]) h1");
  if (!said.includes("not known in this browser")) throw new Error(`a stranger is told: ${said}`);

  return { order, token, seat, pdf: `${FOLDER}/mailed.pdf` };
});
