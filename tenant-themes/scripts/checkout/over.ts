// A hold that is over: what happened, what was not charged, and the ways on.

import { el, find } from "../lib/dom";
import { page, t } from "../lib/page";
import { standingOf } from "../lib/programme";
import { type Ending, holds, type KeptHold } from "../lib/store";
import { held, stopClock } from "./clock";

const over = find<HTMLElement>("#over");
const live = find<HTMLElement>("#live");
const id = page.hold ?? "";

const TITLES: Record<Ending | "unknown", string> = {
  paid: "held-unknown",
  unknown: "held-unknown",
  over: "held-over",
  released: "released",
  closed: "closed",
  cancelled: "called-off",
};

/** Where else the event can be booked, if anywhere. */
async function otherDates(kept: KeptHold | null): Promise<string | null> {
  const slug = kept?.summary?.event;
  if (!slug || !kept) return null;
  return (await standingOf(slug, kept.performance))?.others ? `/events/${slug}` : null;
}

/** Shows how it ended, in place of all else, and remembers it for a reload. */
export function showOver(kept: KeptHold | null, how: Ending | "unknown"): void {
  stopClock();
  if (how === "unknown") holds.drop(id);
  else holds.end(id, how);
  held.hidden = true;
  live.hidden = true;
  over.hidden = false;
  const heading = el("h2", { tabindex: "-1" }, t(`${TITLES[how]}-title`));
  const text = el("p", { class: "lead" }, t(`${TITLES[how]}-text`));
  const back = how === "over" || how === "released" ? kept?.summary?.url : undefined;
  const way = el("a", { class: "button", href: back ?? "/" }, t(back ? "held-again" : "back-home"));
  over.replaceChildren(heading, text, way);
  heading.focus();
  if (how !== "cancelled" && how !== "closed") return;
  void otherDates(kept).then((href) => {
    if (href) way.replaceWith(el("a", { class: "button", href }, t("other-dates")));
  });
}

/** Tells by the programme whether a performance is called off or only not sold any more; `otherwise` where it is on sale. */
export async function whyClosed(kept: KeptHold | null, otherwise: Ending, tries: number): Promise<Ending> {
  const slug = kept?.summary?.event;
  const now = slug && kept ? await standingOf(slug, kept.performance, tries) : null;
  return now?.state === "cancelled" ? "cancelled" : otherwise;
}
