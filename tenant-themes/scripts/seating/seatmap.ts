// A drawing with seats that can be chosen: painted as they stand, moved through by pointer and by keys.

import { find, svg } from "../lib/dom";
import { Camera } from "../map/camera";
import { type Drawing, tick } from "../map/drawing";
import { next, type Spot } from "../map/keys";
import type { Box, Layout, Seat } from "../map/plan";
import { inParties } from "./board";
import type { Sale } from "./sale";
import { inRow, labelOf, levelOf, nameOf, priceOf } from "./words";

interface Hooks {
  /** A seat was pressed. */
  toggle(seat: Seat): void;
}

const host = find<HTMLElement>("#map");
const where = find<HTMLElement>("#map-where");

/** On a phone the plan is moved out from under what lies at the screen's edges, once somebody comes closer. */
const inView = () => host.scrollIntoView({ block: "nearest" });

export class SeatMap {
  readonly camera: Camera;
  private readonly layout: Layout;
  private readonly place = new Map<number, number>();
  private readonly spots: Spot[];
  private readonly halo: SVGCircleElement;
  private focused = 0;

  /** `one`: the drawing is of a single section, near from the start. */
  constructor(
    private readonly sale: Sale,
    private readonly drawing: Drawing,
    box: Box,
    private readonly pitch: number,
    private readonly one: boolean,
    private readonly hooks: Hooks,
  ) {
    this.layout = sale.layout;
    this.spots = drawing.seats.map(({ x, y, section, row }) => ({ x, y, line: `${section}/${row}` }));
    for (const [index, seat] of drawing.seats.entries()) this.place.set(seat.at, index);
    this.halo = svg("circle", { class: "halo", r: pitch * 0.6 });
    this.paintAll();
    host.prepend(drawing.root);
    host.classList.toggle("is-one", one);
    this.camera = new Camera(drawing.root, box, pitch, (pixels, zoomed) => {
      host.classList.toggle("is-near", (zoomed || one) && pixels >= 18);
      host.classList.toggle("is-zoomed", zoomed && pixels >= 18);
      host.classList.toggle("is-far", pixels < 18);
    });
    this.listen();
    const first = drawing.seats.findIndex((seat) => sale.stateOf(seat) === "free");
    this.focus(drawing.seats[Math.max(0, first)]?.at ?? -1, false);
  }

  end(): void {
    this.camera.end();
    this.drawing.root.remove();
    where.hidden = true;
  }

  /** Shows a seat as it stands now, if it is on this drawing. */
  paint(at: number): void {
    const index = this.place.get(at) ?? -1;
    const [seat, element] = [this.drawing.seats[index], this.drawing.elements[index]];
    if (!seat || !element) return;
    const state = this.sale.stateOf(seat);
    element.setAttribute("aria-checked", String(state === "chosen"));
    if (state === "gone" || state === "held") element.setAttribute("aria-disabled", "true");
    else element.removeAttribute("aria-disabled");
    element.classList.toggle("is-held", state === "held");
    element.setAttribute("aria-label", labelOf(this.layout, seat, state));
    const mark = element.querySelector(".mark");
    if (state !== "chosen") mark?.remove();
    else if (!mark) element.append(tick(this.pitch));
  }

  paintAll(): void {
    for (const seat of this.drawing.seats) this.paint(seat.at);
  }

  /** Marks seats that somebody else was faster to take, until the next time. */
  markLost(seats: number[]): void {
    for (const element of this.drawing.elements) element.classList.remove("is-lost");
    for (const at of seats) this.drawing.elements[this.place.get(at) ?? -1]?.classList.add("is-lost");
  }

  /** Leaves only the seats of one level bright; of all with -1. */
  only(level: number): void {
    host.toggleAttribute("data-only", level >= 0);
    for (const [index, seat] of this.drawing.seats.entries())
      this.drawing.elements[index]?.classList.toggle("is-only", seat.level === level);
  }

  /** Makes free seats paler that have not so many free ones side by side; answers whether there are any. */
  pale(count: number): boolean {
    let any = false;
    for (const [index, fits] of inParties(this.drawing.seats, this.sale.board, count).entries()) {
      const seat = this.drawing.seats[index];
      const alone = !fits && seat !== undefined && this.sale.stateOf(seat) === "free";
      this.drawing.elements[index]?.classList.toggle("is-alone", alone);
      any ||= alone;
    }
    return any;
  }

  /** A seat of this drawing. */
  seatAt(at: number): Seat | undefined {
    return this.drawing.seats[this.place.get(at) ?? -1];
  }

  focus(at: number, move = true): void {
    const index = this.place.get(at);
    if (index === undefined) return;
    this.drawing.elements[this.focused]?.setAttribute("tabindex", "-1");
    this.focused = index;
    const element = this.drawing.elements[index];
    element?.setAttribute("tabindex", "0");
    element?.append(this.halo);
    if (!move) return;
    element?.focus({ preventScroll: true });
    const seat = this.drawing.seats[index];
    if (seat) this.camera.reveal(seat);
  }

  private seatOf(target: EventTarget | null): Seat | undefined {
    const element = (target as Element | null)?.closest<SVGGElement>("[data-seat]");
    return element ? this.drawing.seats[this.drawing.elements.indexOf(element)] : undefined;
  }

  private listen(): void {
    const { root } = this.drawing;
    root.addEventListener("click", (event) => this.click(event as PointerEvent));
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("focusin", (event) => {
      const seat = this.seatOf(event.target);
      if (!seat) return;
      if (this.place.get(seat.at) !== this.focused) this.focus(seat.at, false);
      where.textContent = this.one ? this.short(seat) : nameOf(this.layout, seat);
      where.hidden = false;
    });
    root.addEventListener("focusout", () => {
      where.hidden = true;
    });
  }

  private short(seat: Seat): string {
    const type = levelOf(seat)?.ticket_types[0];
    const state = this.sale.stateOf(seat);
    const gone = state === "gone" || state === "held";
    return gone || !type ? labelOf(this.layout, seat, state) : `${inRow(seat)} · ${priceOf(type)}`;
  }

  private click(event: PointerEvent): void {
    if (this.camera.dragged && event.detail > 0) return;
    const seat = this.seatOf(event.target);
    const pixels = this.camera.pixelsPerSeat;
    const coarse = event.pointerType === "touch" && pixels < 20;
    if (this.one && coarse) {
      this.camera.come(event);
      inView();
      return;
    }
    const block = (event.target as Element).closest<SVGElement>("[data-block]")?.dataset.block;
    const near = seat ? seat.section : block === undefined ? undefined : Number(block);
    if ((coarse || !seat) && near !== undefined) {
      const box = this.layout.sections[near]?.box;
      if (box && pixels < 26) this.camera.fit(box);
      if (coarse) inView();
      return;
    }
    if (!seat) return;
    this.focus(seat.at, false);
    this.hooks.toggle(seat);
  }

  private key(event: KeyboardEvent): void {
    const seat = this.seatOf(event.target);
    if (!seat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.hooks.toggle(seat);
    } else if (event.key === "+" || event.key === "-") {
      this.camera.zoom(event.key === "+" ? 1.6 : 1 / 1.6);
    } else {
      const to = next(this.spots, this.place.get(seat.at) ?? -1, event.key);
      const other = to === null ? undefined : this.drawing.seats[to];
      if (!other) return;
      event.preventDefault();
      this.focus(other.at);
    }
  }
}
