// What is being bought, in lines.

import { el } from "./dom";
import type { Unit } from "./hold";
import { money, type Summary, t } from "./page";

/** The event beside its poster, under a heading of the level that fits the page. */
export function eventBox(
  summary: Summary | null,
  heading: "h2" | "h3",
  more: {
    /** It is not at that time. */
    off?: boolean;
    /** In words: the time before, the order's number. */
    before?: string | null;
    number?: string | null;
  } = {},
): HTMLElement | null {
  if (!summary) return null;
  const when = `${summary.date}, ${summary.time}`;
  const place = summary.city === summary.venue ? summary.venue : `${summary.venue}, ${summary.city}`;
  return el(
    "div",
    { class: "summary-event" },
    summary.poster ? el("img", { src: summary.poster, alt: "", width: "240", height: "300" }) : null,
    el(
      "div",
      {},
      el(heading, {}, summary.title),
      more.off ? el("p", {}, el("s", {}, when)) : el("p", {}, when),
      more.before ? el("p", { class: "meta" }, more.before) : null,
      el("p", { class: "meta" }, place),
      more.number ? el("p", { class: "meta" }, more.number) : null,
    ),
  );
}

/** Units with the same label, ticket and price become one line with a count. */
export function lines(units: Unit[]): HTMLElement {
  const groups = new Map<string, Unit[]>();
  for (const unit of units) {
    const key = `${unit.label}/${unit.ticket_type}/${unit.price.total}`;
    groups.set(key, [...(groups.get(key) ?? []), unit]);
  }
  const items = [...groups.values()].flatMap((group) => {
    const [unit] = group;
    if (!unit) return [];
    const amount = group.reduce((sum, one) => sum + one.price.total, 0);
    const name = group.length > 1 ? t("line-count", { count: group.length, name: unit.label }) : unit.label;
    const price = el("span", { class: "price" }, money(amount, unit.price.currency));
    const type = unit.ticket_type_name ? el("small", {}, unit.ticket_type_name) : null;
    return [el("li", {}, el("span", {}, name), price, type)];
  });
  return el("ul", { class: "summary-lines" }, ...items);
}

/** The sum with its parts. */
export function total(units: Unit[], amount: number, currency: string): HTMLElement {
  const part = (name: "face" | "fees" | "tax") =>
    money(
      units.reduce((sum, one) => sum + one.price[name], 0),
      currency,
    );
  return el(
    "p",
    { class: "summary-total" },
    el("span", {}, t("total")),
    el("span", { class: "price" }, money(amount, currency)),
    el(
      "small",
      {},
      t("parts", { count: units.length, face: part("face"), fees: part("fees"), tax: part("tax") }),
    ),
  );
}
