// What part of the plan is in view: pinch, wheel, drag and buttons move it, never beyond the plan.

import type { Box } from "./plan";

const MOTION = 220;

export class Camera {
  /** Left, top and width of what is in view, in the plan's units. */
  private x: number;
  private y: number;
  private w: number;
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private moved = false;
  private frame = 0;
  private readonly sizes = new ResizeObserver(() => (this.isWhole() ? this.whole(false) : this.apply()));

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly world: Box,
    private readonly pitch: number,
    private readonly changed: (pixelsPerSeat: number, zoomed: boolean) => void,
  ) {
    [this.x, this.y, this.w] = [0, 0, 0];
    this.whole(false);
    svg.addEventListener("pointerdown", this.down);
    svg.addEventListener("pointermove", this.move);
    for (const end of ["pointerup", "pointercancel"] as const) svg.addEventListener(end, this.up);
    svg.addEventListener("wheel", this.wheel, { passive: false });
    this.sizes.observe(svg);
  }

  /** Looks no longer. */
  end(): void {
    cancelAnimationFrame(this.frame);
    this.sizes.disconnect();
  }

  /** Was the pointer that just went up used to move the plan? Then it was no tap. */
  get dragged(): boolean {
    return this.moved;
  }

  /** Pixels between two neighbours. */
  get pixelsPerSeat(): number {
    return (this.pitch * this.svg.clientWidth) / this.w;
  }

  private get ratio(): number {
    return this.svg.clientHeight / Math.max(1, this.svg.clientWidth);
  }

  private get widest(): number {
    const [w, h] = [this.world.right - this.world.left, this.world.bottom - this.world.top];
    return Math.max(w, h / Math.max(0.1, this.ratio));
  }

  private get narrowest(): number {
    return Math.min(this.widest, (this.pitch * this.svg.clientWidth) / 52);
  }

  private isWhole(): boolean {
    return this.w >= this.widest * 0.995;
  }

  whole(animate = true): void {
    const w = this.widest;
    const [cx, cy] = [(this.world.left + this.world.right) / 2, (this.world.top + this.world.bottom) / 2];
    this.go(cx - w / 2, cy - (w * this.ratio) / 2, w, animate);
  }

  zoom(factor: number): void {
    const [cx, cy] = [this.x + this.w / 2, this.y + (this.w * this.ratio) / 2];
    this.about(cx, cy, factor, true);
  }

  /** Brings a box into view as large as it goes, at least large enough to tap seats. */
  fit(box: Box): void {
    const room = this.pitch * 3;
    const wanted = Math.max(box.right - box.left + room, (box.bottom - box.top + room) / this.ratio);
    const tappable = (this.pitch * this.svg.clientWidth) / 30;
    const w = Math.max(this.narrowest, Math.min(wanted, Math.max(tappable, this.narrowest)));
    const [cx, cy] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    this.go(cx - w / 2, cy - (w * this.ratio) / 2, w, true);
  }

  /** Comes so close to where a pointer is that seats can be tapped. */
  come(event: { clientX: number; clientY: number }): void {
    const point = this.at(event);
    const w = Math.max(this.narrowest, (this.pitch * this.svg.clientWidth) / 34);
    this.go(point.x - w / 2, point.y - (w * this.ratio) / 2, w, true);
  }

  /** Moves just enough to have a point well in view. */
  reveal(point: { x: number; y: number }): void {
    if (this.isWhole()) return;
    const margin = this.w * 0.14;
    const h = this.w * this.ratio;
    const x = Math.min(Math.max(this.x, point.x + margin - this.w), point.x - margin);
    const y = Math.min(Math.max(this.y, point.y + margin - h), point.y - margin);
    if (x !== this.x || y !== this.y) this.go(x, y, this.w, true);
  }

  private about(cx: number, cy: number, factor: number, animate: boolean): void {
    const w = Math.min(this.widest, Math.max(this.narrowest, this.w / factor));
    const [fx, fy] = [(cx - this.x) / this.w, (cy - this.y) / (this.w * this.ratio)];
    this.go(cx - fx * w, cy - fy * w * this.ratio, w, animate);
  }

  private go(x: number, y: number, w: number, animate: boolean): void {
    cancelAnimationFrame(this.frame);
    const h = w * this.ratio;
    const keep = (at: number, size: number, low: number, high: number) =>
      size >= high - low ? (low + high - size) / 2 : Math.min(Math.max(at, low), high - size);
    const end = {
      x: keep(x, w, this.world.left, this.world.right),
      y: keep(y, h, this.world.top, this.world.bottom),
      w,
    };
    const still =
      matchMedia("(prefers-reduced-motion: reduce)").matches || document.visibilityState !== "visible";
    if (!animate || still) {
      Object.assign(this, end);
      this.apply();
      return;
    }
    const from = { x: this.x, y: this.y, w: this.w };
    const begun = performance.now();
    const step = (now: number) => {
      const u = Math.min(1, (now - begun) / MOTION);
      const ease = 1 - (1 - u) ** 3;
      this.x = from.x + (end.x - from.x) * ease;
      this.y = from.y + (end.y - from.y) * ease;
      this.w = from.w + (end.w - from.w) * ease;
      this.apply();
      if (u < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  private apply(): void {
    this.svg.setAttribute("viewBox", `${this.x} ${this.y} ${this.w} ${this.w * this.ratio}`);
    this.changed(this.pixelsPerSeat, !this.isWhole());
  }

  private at(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = this.svg.getBoundingClientRect();
    return {
      x: this.x + ((event.clientX - box.left) / box.width) * this.w,
      y: this.y + ((event.clientY - box.top) / box.height) * this.w * this.ratio,
    };
  }

  private readonly down = (event: PointerEvent) => {
    if (this.pointers.size === 0) this.moved = false;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };

  private readonly move = (event: PointerEvent) => {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const perPixel = this.w / Math.max(1, this.svg.clientWidth);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    const other = others[0];
    const now = { x: event.clientX, y: event.clientY };
    if (other) {
      const gap = (p: { x: number; y: number }) => Math.hypot(p.x - other.x, p.y - other.y) || 1;
      const middle = this.at({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 });
      this.moved = true;
      this.about(middle.x, middle.y, gap(now) / gap(before), false);
      this.x -= ((now.x - before.x) / 2) * perPixel;
      this.y -= ((now.y - before.y) / 2) * perPixel;
      this.go(this.x, this.y, this.w, false);
    } else if (!this.isWhole()) {
      if (!this.moved && Math.hypot(now.x - before.x, now.y - before.y) < 6) return;
      if (!this.moved) this.svg.setPointerCapture(event.pointerId);
      this.moved = true;
      this.svg.parentElement?.classList.add("is-dragging");
      const y = this.y - (now.y - before.y) * perPixel;
      this.go(this.x - (now.x - before.x) * perPixel, y, this.w, false);
      // At the plan's edge a finger goes on to move the page, as it does everywhere else.
      const rest = (y - this.y) / perPixel;
      if (event.pointerType === "touch") scrollBy({ top: rest, behavior: "instant" });
    }
    this.pointers.set(event.pointerId, now);
  };

  private readonly up = (event: PointerEvent) => {
    this.pointers.delete(event.pointerId);
    this.svg.parentElement?.classList.remove("is-dragging");
  };

  private readonly wheel = (event: WheelEvent) => {
    // Without a modifier the page scrolls, unless the plan is already near.
    if (!event.ctrlKey && this.isWhole()) return;
    event.preventDefault();
    const point = this.at(event);
    this.about(point.x, point.y, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), false);
  };
}
