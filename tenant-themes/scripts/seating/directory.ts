// The sections in words, tier by tier: what each costs and how many are free. The same wish as the drawing's decides.

import { el, find } from "../lib/dom";
import { money, t } from "../lib/page";
import type { Layout } from "../map/plan";
import { sectionWords } from "./finder";
import { type Filter, type Standing, type Tier, tiersOf } from "./sections";
import { currency, levels, titleOf } from "./words";

interface Row {
  item: HTMLElement;
  button: HTMLButtonElement;
  swatch: HTMLElement;
  price: HTMLElement;
  free: HTMLElement;
}

interface Hooks {
  open(section: number): void;
  /** A section is pointed at; none with -1. */
  point(section: number): void;
}

export class Directory {
  private readonly host = find<HTMLElement>("#sections");
  private readonly none = find<HTMLElement>("#sections-none");
  private readonly rows: Row[] = [];
  private readonly tiers: { tier: Tier; box: HTMLDetailsElement; facts: HTMLElement }[] = [];

  private level = -1;

  constructor(
    private readonly layout: Layout,
    home: number[],
    hooks: Hooks,
  ) {
    const called = (at: number) => levels[home[at] ?? -1]?.name ?? "";
    for (const tier of tiersOf(layout.sections, called)) {
      const facts = el("span", { class: "tier-facts" });
      const items = tier.sections.map((at) => this.row(at, tier, hooks));
      const summary = el("summary", {}, el("span", { class: "tier-name" }, tier.name), facts);
      const box = el("details", { class: "tier" }, summary, el("ul", {}, ...items));
      this.tiers.push({ tier, box, facts });
    }
    const [first] = this.tiers;
    if (first && matchMedia("(min-width: 64rem)").matches) first.box.open = true;
    this.host.replaceChildren(...this.tiers.map((one) => one.box));
  }

  /** Shows how sections stand; `changed` are those that may stand otherwise than before. */
  paint(standings: Standing[], changed: Iterable<number>, filter: Filter): void {
    for (const at of changed) this.paintRow(at, standings[at], filter);
    let any = false;
    const only: HTMLDetailsElement[] = [];
    for (const { tier, box, facts } of this.tiers) {
      const all = tier.sections.flatMap((at) => standings[at] ?? []);
      const fitting = all.filter((one) => one.fits);
      const free = fitting.reduce((sum, one) => sum + one.free, 0);
      const price = Math.min(...fitting.map((one) => one.price ?? Number.POSITIVE_INFINITY));
      const words = t("tier-facts", { price: money(price, currency()), count: free });
      facts.textContent = fitting.length > 0 ? words : t("legend-free", { count: 0 });
      box.hidden = fitting.length === 0 && (filter.level >= 0 || filter.count > 1);
      any ||= fitting.length > 0;
      if (!box.hidden) only.push(box);
    }
    // Of a price that one tier alone has, its sections are what was asked for.
    if (filter.level !== this.level && filter.level >= 0 && only.length === 1 && only[0]) only[0].open = true;
    this.level = filter.level;
    this.none.hidden = any;
    this.none.textContent = any ? "" : t("finder-none", { count: filter.count });
  }

  private paintRow(at: number, one: Standing | undefined, filter: Filter): void {
    const [row, section] = [this.rows[at], this.layout.sections[at]];
    if (!row || !section || !one) return;
    row.item.hidden = !one.fits && (one.free > 0 || filter.level >= 0);
    row.swatch.className = `swatch level-${one.level + 1}`;
    row.price.textContent = one.fits ? t("from", { price: money(one.price ?? 0, currency()) }) : "";
    row.free.textContent = t("legend-free", { count: one.fits ? one.free : 0 });
    row.button.setAttribute("aria-label", sectionWords(titleOf(section), one, filter));
    row.button.toggleAttribute("data-gone", !one.fits);
  }

  private row(at: number, tier: Tier, hooks: Hooks): HTMLElement {
    const name = titleOf(this.layout.sections[at]);
    // Within its tier a section needs no more than the rest of its name.
    const own = name.startsWith(tier.name) ? name.slice(tier.name.length).replace(/^[\s,·–—:]+/, "") : name;
    const swatch = el("i", {});
    const price = el("span", { class: "price" });
    const free = el("span", { class: "row-free" });
    const label = el("span", { class: "row-name" }, own.charAt(0).toUpperCase() + own.slice(1) || name);
    const button = el("button", { type: "button", class: "section-row" }, swatch, label, price, free);
    const item = el("li", {}, button);
    button.addEventListener("click", () => hooks.open(at));
    for (const on of ["pointerenter", "focus"]) button.addEventListener(on, () => hooks.point(at));
    for (const off of ["pointerleave", "blur"]) button.addEventListener(off, () => hooks.point(-1));
    this.rows[at] = { item, button, swatch, price, free };
    return item;
  }
}
