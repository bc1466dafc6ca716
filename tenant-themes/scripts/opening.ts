// A sale that has not opened: the time until it does, and the page anew when it has.

import { countdown, digits, thresholds } from "./lib/countdown";
import { find, say } from "./lib/dom";
import { t } from "./lib/page";

const box = find<HTMLElement>("[data-opens]");
const opens = new Date(box.dataset.opens ?? "");
const digitsBox = find<HTMLElement>("[data-digits]", box);
const words = find<HTMLElement>("[data-words]", box);

function inWords(seconds: number): string {
  if (seconds < 60) return t("opens-seconds", { count: Math.max(1, Math.ceil(seconds)) });
  if (seconds < 5400) return t("opens-minutes", { count: Math.round(seconds / 60) });
  if (seconds < 129600) return t("opens-hours", { count: Math.round(seconds / 3600) });
  return t("opens-days", { count: Math.round(seconds / 86400) });
}

const announce = thresholds([3600, 600, 300, 60, 10], (seconds) =>
  say(find("[data-announce]", box), inWords(seconds)),
);

/** Asks until the shop itself says that it is open: clocks differ. */
async function reload(): Promise<void> {
  words.textContent = t("opens-now");
  for (let attempt = 0; attempt < 40; attempt++) {
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    const html = answer?.ok ? await answer.text() : "";
    if (html && !html.includes("data-opens")) break;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  location.reload();
}

countdown(opens, (seconds) => {
  digitsBox.textContent = seconds < 86400 ? digits(seconds) : "";
  announce(seconds);
  if (seconds <= 0) void reload();
});
