// The time that a hold has left: in digits, in words, as a bar, and said aloud when it gets short.

import { countdown, digits, thresholds } from "../lib/countdown";
import { find, say } from "../lib/dom";
import { t } from "../lib/page";

export const held = find<HTMLElement>("#held");

let stop = () => {};
let ends = Number.POSITIVE_INFINITY;

function inWords(seconds: number): string {
  if (seconds > 90) return t("held-minutes", { count: Math.ceil(seconds / 60) });
  if (seconds > 60) return t("held-minutes", { count: 1 });
  return t("held-seconds", { count: Math.max(0, Math.ceil(seconds)) });
}

export function stopClock(): void {
  stop();
}

export const timeIsUp = (): boolean => Date.now() >= ends;

/** Counts down to `expires`; `made`: when the hold began, for the bar. */
export function startClock(expires: string, made: string | undefined, over: () => void): void {
  stop();
  const end = new Date(expires);
  ends = end.getTime();
  const whole = Math.max(1, ends - new Date(made ?? Date.now()).getTime());
  const bar = find<HTMLElement>("[data-bar]", held);
  const wordsBox = find("[data-words]", held);
  const announce = thresholds([300, 120, 60, 30], (seconds) =>
    say(find("[data-announce]", held), inWords(seconds)),
  );
  stop = countdown(end, (seconds) => {
    const words = seconds > 60 ? inWords(seconds) : t("held-last");
    if (wordsBox.textContent !== words) wordsBox.textContent = words;
    find("[data-digits]", held).textContent = digits(seconds);
    bar.style.transform = `scaleX(${Math.min(1, Math.max(0, (seconds * 1000) / whole))})`;
    held.toggleAttribute("data-urgent", seconds < 120);
    announce(seconds);
    if (seconds <= 0) over();
  });
}
