// The whole house as sections alone, for plans with too many seats to draw: coloured by price, paler the fewer are left.

import { find, svg } from "../lib/dom";
import { money, t } from "../lib/page";
import { Camera } from "../map/camera";
import { drawArea, list } from "../map/drawing";
import { next, type Spot } from "../map/keys";
import { boxOf, grow, middleOf, outlineOf, type Point } from "../map/plan";
import type { Sale } from "./sale";
import { type Filter, type Standing, share, tiersOf } from "./sections";
import { currency, levels, titleOf } from "./words";

const host = find<HTMLElement>("#map");
const where = find<HTMLElement>("#map-where");

/** What is read of a section, and shown beside the pointer. */
export function sectionWords(name: string, one: Standing, filter: Filter): string {
  const price = money(one.price ?? 0, currency());
  if (one.fits) return t("section-label", { section: name, price, count: one.free });
  if (one.free === 0) return t("section-label-gone", { section: name });
  return t("section-label-few", { section: name, count: filter.count });
}

/** Names are left out where they would be smaller than this, in pixels. */
const LEAST_LETTERS = 8;

/** Where a section's name stands, and how wide it is there across its longer side. */
function heart(points: Point[]): Point & { breadth: number } {
  let [area, x, y] = [0, 0, 0];
  for (const [at, p] of points.entries()) {
    const q = points[(at + 1) % points.length] ?? p;
    const cross = p.x * q.y - q.x * p.y;
    area += cross / 2;
    x += ((p.x + q.x) * cross) / 6;
    y += ((p.y + q.y) * cross) / 6;
  }
  const box = boxOf(points);
  let long = 1;
  for (const p of points) for (const q of points) long = Math.max(long, Math.hypot(p.x - q.x, p.y - q.y));
  return area === 0
    ? { ...middleOf(box), breadth: 0 }
    : { x: x / area, y: y / area, breadth: Math.abs(area) / long };
}

export class Finder {
  camera: Camera | null = null;
  private readonly root: SVGSVGElement;
  private readonly shapes: SVGGElement[] = [];
  private readonly spots: Spot[];
  private readonly outlines: Point[][];
  private readonly names: { text: SVGTextElement; size: number }[] = [];
  private focused = 0;

  constructor(
    private readonly sale: Sale,
    home: number[],
    private readonly open: (section: number) => void,
  ) {
    const { layout } = sale;
    this.outlines = layout.sections.map((_, at) => outlineOf(layout, at));
    // Home and End go along a tier.
    const tiers = tiersOf(layout.sections, (at) => levels[home[at] ?? -1]?.name ?? "");
    const tierOf = new Map(tiers.flatMap((tier) => tier.sections.map((at) => [at, tier.name] as const)));
    this.spots = layout.sections.map((section, at) => {
      const line = tierOf.get(at);
      return { ...middleOf(section.box), ...(line === undefined ? {} : { line }) };
    });
    this.root = svg("svg", { role: "group", "aria-label": host.dataset.label ?? "", class: "finder" });
    const ground = svg("g", { "aria-hidden": "true" });
    for (const area of layout.areas) drawArea(ground, area, layout.areas.length === 1 ? t("map-stage") : "");
    this.root.append(ground);
    for (const at of layout.sections.keys()) {
      const shape = this.draw(at);
      this.shapes.push(shape);
      this.root.append(shape);
    }
    // Lettering is as large as the plan allows, not as its seats are.
    const box = this.box();
    this.root.style.setProperty("--pitch", `${(box.right - box.left) / 90}px`);
    this.listen();
    this.focus(0, false);
  }

  show(): void {
    host.prepend(this.root);
    host.classList.remove("is-near", "is-far", "is-zoomed");
    const box = this.box();
    const unit = (box.right - box.left) / 30;
    this.camera = new Camera(this.root, box, unit, (pixels, zoomed) => {
      host.classList.toggle("is-zoomed", zoomed);
      for (const { text, size } of this.names)
        text.toggleAttribute("data-small", (size * pixels) / unit < LEAST_LETTERS);
    });
  }

  hide(): void {
    this.camera?.end();
    this.camera = null;
    this.root.remove();
    where.hidden = true;
  }

  /** Shows how a section stands. */
  paint(at: number, one: Standing, filter: Filter): void {
    const [shape, section] = [this.shapes[at], this.sale.layout.sections[at]];
    if (!shape || !section) return;
    const step = one.fits ? share(one.free, section.count) : 0;
    shape.setAttribute("class", `block level-${one.level + 1} share-${step}`);
    shape.setAttribute("aria-label", sectionWords(titleOf(section), one, filter));
    if (one.fits) shape.removeAttribute("aria-disabled");
    else shape.setAttribute("aria-disabled", "true");
  }

  /** Lights up a section that is pointed at elsewhere; none with -1. */
  light(at: number): void {
    for (const [index, shape] of this.shapes.entries()) shape.toggleAttribute("data-lit", index === at);
  }

  focus(at: number, move = true): void {
    this.shapes[this.focused]?.setAttribute("tabindex", "-1");
    this.focused = at;
    const shape = this.shapes[at];
    shape?.setAttribute("tabindex", "0");
    if (move) shape?.focus({ preventScroll: true });
  }

  /** The house in small, with one section marked: where somebody is. */
  mini(at: number): SVGSVGElement {
    const box = this.box();
    const view = `${box.left} ${box.top} ${box.right - box.left} ${box.bottom - box.top}`;
    const root = svg("svg", { class: "mini", viewBox: view, "aria-hidden": "true" });
    for (const area of this.sale.layout.areas) drawArea(root, { ...area, text: undefined as never }, "");
    const all = this.outlines.map((points) => `M${list(points).replaceAll(" ", "L")}Z`).join("");
    root.append(svg("path", { class: "mini-all", d: all }));
    root.append(svg("polygon", { class: "mini-here", points: list(this.outlines[at] ?? []) }));
    return root;
  }

  private box() {
    const all = boxOf(this.outlines.flat());
    return grow(all, (all.right - all.left) * 0.015);
  }

  private draw(at: number): SVGGElement {
    const section = this.sale.layout.sections[at];
    const group = svg("g", { role: "button", "data-section": section?.id ?? "", tabindex: "-1" });
    group.append(svg("polygon", { points: list(this.outlines[at] ?? []), "stroke-linejoin": "round" }));
    if (section?.short) {
      const { x, y, breadth } = heart(this.outlines[at] ?? []);
      const size = Math.min((breadth * 1.5) / Math.max(2, section.short.length), this.span * 0.03);
      const text = svg("text", { class: "block-name", x, y, "font-size": size.toFixed(1) });
      text.textContent = section.short;
      this.names.push({ text, size });
      group.append(text);
    }
    return group;
  }

  private get span(): number {
    const { box } = this.sale.layout;
    return box.right - box.left;
  }

  private sectionAt(target: EventTarget | null): number {
    const shape = (target as Element | null)?.closest<SVGGElement>("[data-section]");
    return shape ? this.shapes.indexOf(shape) : -1;
  }

  private listen(): void {
    const point = (at: number) => {
      const words = this.shapes[at]?.getAttribute("aria-label");
      where.textContent = words ?? "";
      where.hidden = !words;
    };
    this.root.addEventListener("click", (event) => {
      if (this.camera?.dragged && event.detail > 0) return;
      const at = this.sectionAt(event.target);
      if (at < 0) return;
      this.focus(at, false);
      this.open(at);
    });
    this.root.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") point(this.sectionAt(event.target));
    });
    this.root.addEventListener("pointerleave", () => point(-1));
    this.root.addEventListener("focusin", (event) => {
      const at = this.sectionAt(event.target);
      if (at >= 0 && at !== this.focused) this.focus(at, false);
      point(at);
    });
    this.root.addEventListener("focusout", () => point(-1));
    this.root.addEventListener("keydown", (event) => {
      const at = this.sectionAt(event.target);
      if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.open(at);
        return;
      }
      if (event.key === "+" || event.key === "-") return this.camera?.zoom(event.key === "+" ? 1.6 : 1 / 1.6);
      const to = next(this.spots, at, event.key);
      const spot = to === null ? undefined : this.spots[to];
      if (to === null || !spot) return;
      event.preventDefault();
      this.focus(to);
      this.camera?.reveal(spot);
    });
  }
}
