// A plan with too many seats to draw at once: its sections first, and the seats of one that is opened.

import { find, say } from "../lib/dom";
import { money, t } from "../lib/page";
import { holds } from "../lib/store";
import { drawSection } from "../map/drawing";
import { boxOf, grow, type Seat, seatsOf, sectionOf } from "../map/plan";
import { faceFront } from "../map/turn";
import { wishFor } from "./best";
import type { Changed } from "./board";
import { Directory } from "./directory";
import { Finder, sectionWords } from "./finder";
import { frontOf } from "./front";
import { onLegend, showLegend } from "./legend";
import type { Sale } from "./sale";
import { SeatMap } from "./seatmap";
import { type Filter, homeLevels, levelsUsed, type Standing, standing } from "./sections";
import { currency, levels, limit, show, titleOf, usualPrice } from "./words";

const seating = find<HTMLElement>("#seating");
const host = find<HTMLElement>("#map");
const said = find<HTMLElement>("#said");

export class Large {
  /** The seats that are drawn, while a section is open. */
  map: SeatMap | null = null;
  private readonly title = find<HTMLElement>("#section-title");
  private readonly facts = find<HTMLElement>("#section-facts");
  private readonly parties = find<HTMLElement>("#section-parties");
  private readonly stepper = find<HTMLElement>("#party");
  private opened = -1;
  private readonly finder: Finder;
  private readonly directory: Directory;
  private readonly home: number[];
  private readonly prices = levels.map(usualPrice);
  private filter: Filter = { level: -1, count: Math.min(2, limit) };
  private standings: Standing[] = [];

  constructor(
    private readonly sale: Sale,
    private readonly toggle: (at: number) => void,
  ) {
    this.home = homeLevels(sale.layout);
    this.finder = new Finder(sale, this.home, (at) => this.go(at));
    this.directory = new Directory(sale.layout, this.home, {
      open: (at) => this.go(at),
      point: (at) => this.finder.light(at),
    });
    this.refilter({});
    onLegend((level) => this.refilter({ level }));
    for (const step of this.stepper.querySelectorAll<HTMLButtonElement>("[data-step]"))
      step.addEventListener("click", () =>
        this.refilter({ count: this.filter.count + Number(step.dataset.step) }),
      );
    find("#all-sections").addEventListener("click", () => history.back());
    seating.addEventListener("keydown", (event) => {
      const list = event.target instanceof HTMLSelectElement;
      if (event.key === "Escape" && this.opened >= 0 && !list) history.back();
    });
    addEventListener("popstate", () => this.follow());
    this.finder.show();
    this.follow();
  }

  get camera() {
    return this.map?.camera ?? this.finder.camera;
  }

  /** Takes over what is free or gone now. */
  paint(changed: Changed): void {
    const { layout } = this.sale;
    const sections = new Set(changed.map((at) => sectionOf(layout, at)));
    this.restand(sections);
    for (const at of changed) this.map?.paint(at);
    if (!sections.has(this.opened)) return;
    this.showFacts();
    this.showParties();
  }

  /** Brings a seat before the eyes and gives it the focus. */
  reveal(seat: Seat): void {
    if (!this.map?.seatAt(seat.at)) this.go(sectionOf(this.sale.layout, seat.at));
    this.map?.focus(seat.at);
  }

  private restand(sections: Iterable<number>): void {
    const all = [...sections];
    for (const at of all) {
      const one = standing(this.sale.board, at, this.filter, this.prices, this.home[at] ?? -1);
      this.standings[at] = one;
      this.finder.paint(at, one, this.filter);
    }
    this.directory.paint(this.standings, all, this.filter);
  }

  private refilter(wish: Partial<Filter>): void {
    const count = Math.min(limit, Math.max(1, wish.count ?? this.filter.count));
    this.filter = { ...this.filter, ...wish, count };
    find("output", this.stepper).textContent = String(count);
    for (const step of this.stepper.querySelectorAll<HTMLButtonElement>("[data-step]"))
      step.disabled = Number(step.dataset.step) < 0 ? count <= 1 : count >= limit;
    const level = levels[this.filter.level];
    wishFor({ count, ...(level ? { level: level.id } : {}) });
    this.restand(this.sale.layout.sections.keys());
    this.map?.only(this.filter.level);
    this.showParties();
    if (wish.level === undefined && wish.count === undefined) return;
    // In an open section its seats answer, not the number of others.
    const fitting = this.standings.filter((one) => one.fits).length;
    const found = t("finder-found", { count: fitting });
    say(said, this.map ? this.parties.textContent || String(count) : found);
  }

  /** In an open section: which seats have no neighbours enough for a party. */
  private showParties(): void {
    const { count } = this.filter;
    const some = this.map?.pale(count) ?? false;
    this.parties.hidden = !some;
    this.parties.textContent = some ? t("section-parties", { count }) : "";
  }

  /** Opens a section in a step of its own, which the browser's way back undoes. */
  private go(at: number): void {
    const id = this.sale.layout.sections[at]?.id ?? "";
    const url = `#${new URLSearchParams({ section: id })}`;
    if (this.opened >= 0) history.replaceState({ section: id }, "", url);
    else history.pushState({ section: id }, "", url);
    this.show(at, true);
  }

  /** Shows what the address says. */
  private follow(): void {
    const id = new URLSearchParams(location.hash.slice(1)).get("section");
    const at = this.sale.layout.sections.findIndex((section) => section.id === id);
    if (at >= 0 && history.state?.section !== id) {
      // Somebody came by a link: the way back leads to all sections first.
      history.replaceState(null, "", location.pathname);
      history.pushState({ section: id }, "", `#${new URLSearchParams({ section: id ?? "" })}`);
    }
    this.show(at, true);
  }

  private show(at: number, move: boolean): void {
    if (at === this.opened) return;
    const before = this.opened;
    this.opened = at;
    this.map?.end();
    this.map = null;
    host.querySelector(".mini")?.remove();
    host.toggleAttribute("data-only", false);
    seating.dataset.view = at >= 0 ? "seats" : "sections";
    const { layout } = this.sale;
    showLegend(levelsUsed(layout, levels, layout.sections[at]));
    // Who comes back to seats on hold is shown these first.
    const held = before < 0 && holds.of(show.id).length > 0;
    if (move && before !== at && !held) seating.scrollIntoView({ block: "start" });
    if (at < 0) {
      this.finder.show();
      if (move && before >= 0) this.finder.focus(before);
      say(said, t("finder-found", { count: this.standings.filter((one) => one.fits).length }));
      return;
    }
    this.finder.hide();
    const front = frontOf(layout);
    const seats = faceFront(seatsOf(layout, at), front);
    const name = titleOf(layout.sections[at]);
    const drawing = drawSection(layout.pitch, name, seats, front.name || t("map-stage"));
    const box = grow(boxOf(seats), layout.pitch * 1.6);
    box.top -= layout.pitch * 2.6;
    this.map = new SeatMap(this.sale, drawing, box, layout.pitch, true, {
      toggle: (seat) => this.toggle(seat.at),
    });
    this.map.only(this.filter.level);
    this.showParties();
    host.append(this.finder.mini(at));
    this.showFacts();
    if (!move) return;
    this.title.focus({ preventScroll: true });
    const one = this.standings[at];
    if (one) say(said, sectionWords(name, one, { level: -1, count: 1 }));
  }

  private showFacts(): void {
    const at = this.opened;
    const section = this.sale.layout.sections[at];
    if (!section) return;
    const all = standing(this.sale.board, at, { level: -1, count: 1 }, this.prices, this.home[at] ?? -1);
    this.title.textContent = titleOf(section);
    const price = money(all.price ?? 0, currency());
    this.facts.textContent = t(all.fits ? "section-facts" : "section-facts-gone", { price, count: all.free });
  }
}
