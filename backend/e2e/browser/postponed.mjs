// Two buyers of a performance with a new date, at a phone's width and by keyboard alone: one returns the tickets, after having
// thought again; one keeps them. Both come by the link of their mail. Prints one line of JSON for the test.
import { HEIGHT, WIDTH, walk } from "./hands.mjs";

const { RETURN_LINK, KEEP_LINK } = process.env;

await walk(async (hands) => {
  const { page } = hands;
  const heading = () => page.textContent("#order h1");
  const focused = (selector) => page.evaluate((one) => document.activeElement?.matches(one), selector);

  hands.step = "asked";
  await page.goto(RETURN_LINK);
  await page.waitForSelector("[data-action=return]");
  await hands.fits();
  const asked = await heading();
  await hands.tabTo("[data-action=return]");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  await hands.fits();
  if (await focused("[data-action=return-sure]")) throw new Error("what cannot be undone has the focus");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog[open]", { state: "detached" });
  if (!(await focused("[data-action=return]"))) throw new Error("the focus is lost with the dialog");

  hands.step = "return";
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  await hands.tabTo("[data-action=return-sure]");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#order .ticket", { state: "detached" });
  await hands.fits();
  const returned = await heading();
  if (await page.$("[data-action=return]")) throw new Error("what was returned can be returned again");
  await page.waitForFunction(
    (title) => document.getElementById("order-news")?.textContent?.startsWith(title),
    returned,
  );

  hands.step = "keep";
  await page.goto(KEEP_LINK);
  await page.waitForSelector("[data-action=keep]");
  await hands.tabTo("[data-action=keep]");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-action=keep]", { state: "detached" });
  await page.waitForSelector("#order .ticket-qr img");
  await hands.fits();
  const kept = await heading();
  return { asked, returned, kept, width: WIDTH, height: HEIGHT };
});
