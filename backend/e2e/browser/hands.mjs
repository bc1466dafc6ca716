// A phone's screen and a keyboard and nothing else: no click, no tap. What the walks through the pages share.
import { chromium } from "playwright-core";

const { CHROMIUM, FOLDER, RESOLVE } = process.env;
export const WIDTH = 390;
export const HEIGHT = 844;
export const PATIENCE = 20_000;

/** Opens a browser and walks; prints what the walk tells, or what went wrong, with a picture of it. */
export async function walk(steps) {
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
  const hands = new Hands(browser, context, page);
  try {
    const told = await steps(hands);
    if (hands.faults.length) throw new Error(hands.faults.join("\n"));
    console.log(JSON.stringify(told));
  } catch (error) {
    await page.screenshot({ path: `${FOLDER}/failed.png` }).catch(() => {});
    console.error(`${hands.step}: ${error.stack}\n${hands.faults.join("\n")}`);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

class Hands {
  /** Where the walk is, for whoever reads that it ended there. */
  step = "start";
  /** What the pages complained of. */
  faults = [];

  constructor(browser, context, page) {
    Object.assign(this, { browser, context, page });
    page.on("pageerror", (error) => this.faults.push(`error on ${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(`console on ${page.url()}: ${message.text()}`);
    });
  }

  /** The focused element, through shadow roots; whether it matches, and in words. */
  focused(selector) {
    return this.page.evaluate((wanted) => {
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
  }

  /** What has the focus comes into sight, at the latest when a page has scrolled there. */
  async seen(selector) {
    for (const until = Date.now() + 3_000; !(await this.focused(selector)).seen; ) {
      if (Date.now() > until) throw new Error(`the focus is on ${selector}, and nobody can see it`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Goes on with Tab until what is wanted has the focus. */
  async tabTo(selector, most = 150) {
    const passed = [];
    for (let at = 0; at < most; at += 1) {
      const { matches, words } = await this.focused(selector);
      if (matches) {
        await this.seen(selector);
        return;
      }
      passed.push(words);
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${selector} on ${this.page.url()}; it passed\n${passed.join("\n")}`);
  }

  /** Nothing is wider than the phone. */
  async fits() {
    const width = await this.page.evaluate(() => document.documentElement.scrollWidth);
    if (width > WIDTH) throw new Error(`${this.page.url()} is ${width} px wide on a phone of ${WIDTH}`);
  }
}
