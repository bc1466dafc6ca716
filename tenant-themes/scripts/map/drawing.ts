// The plan as SVG: blocks, areas, and an element for each seat.

import { svg } from "../lib/dom";
import { type Area, cornersOf, hull, type Layout, type Seat } from "./plan";

export interface Drawing {
  root: SVGSVGElement;
  /** The element of each seat, in the layout's order. */
  seats: SVGGElement[];
}

const list = (points: { x: number; y: number }[]) =>
  points.map((p) => `${p.x.toFixed(1)},${p.y.toFixed(1)}`).join(" ");

/** Moves corners away from their middle. */
function spread(points: { x: number; y: number }[], by: number): { x: number; y: number }[] {
  const cx = points.reduce((sum, p) => sum + p.x, 0) / points.length;
  const cy = points.reduce((sum, p) => sum + p.y, 0) / points.length;
  return points.map((p) => {
    const far = Math.hypot(p.x - cx, p.y - cy) || 1;
    return { x: p.x + ((p.x - cx) / far) * by, y: p.y + ((p.y - cy) / far) * by };
  });
}

export function draw(layout: Layout, label: string, stage: string): Drawing {
  const root = svg("svg", { role: "group", "aria-label": label });
  root.style.setProperty("--pitch", `${layout.pitch}px`);
  const ground = svg("g", { "aria-hidden": "true" });
  for (const area of layout.areas) drawArea(ground, area, stage, layout.areas.length === 1);
  drawBlocks(ground, layout);
  root.append(ground);
  const seats = layout.seats.map((seat) => drawSeat(seat, layout.pitch));
  layout.sections.forEach((section, at) => {
    const group = svg("g", { role: "group", "aria-label": section.name });
    for (const [index, seat] of layout.seats.entries()) {
      const element = seats[index];
      if (seat.section === at && element) group.append(element);
    }
    root.append(group);
  });
  return { root, seats };
}

function drawArea(parent: SVGGElement, area: Area, stage: string, only: boolean): void {
  const corners = cornersOf(area);
  const [first, last] = [corners[0], corners[corners.length - 1]];
  const turn = area.rotation ? { transform: `rotate(${area.rotation} ${area.x ?? 0} ${area.y ?? 0})` } : {};
  if (first && last) {
    const form = { class: "map-area", ...turn };
    const box = { x: first.x, y: first.y, width: last.x - first.x, height: last.y - first.y };
    if (area.points) parent.append(svg("polygon", { ...form, points: list(corners) }));
    else if (area.rx)
      parent.append(
        svg("ellipse", { ...form, cx: area.x ?? 0, cy: area.y ?? 0, rx: area.rx, ry: area.ry ?? area.rx }),
      );
    else parent.append(svg("rect", { ...form, ...box, rx: 14 }));
  }
  const own = area.text?.text.trim();
  const middle = first && last ? { x: (first.x + last.x) / 2, y: (first.y + last.y) / 2 } : null;
  const at = own && area.text ? { x: area.text.x, y: area.text.y } : middle;
  const words = own || (only ? stage : "");
  if (!words || !at) return;
  const text = svg("text", { class: "map-text map-area-text", ...at, ...turn });
  text.textContent = words;
  parent.append(text);
}

function drawBlocks(parent: SVGGElement, layout: Layout): void {
  const { pitch } = layout;
  for (const [at, section] of layout.sections.entries()) {
    const corners = spread(hull(section.seats), pitch * 0.62);
    const block = {
      class: "map-block",
      "data-section": at,
      points: list(corners),
      "stroke-linejoin": "round",
    };
    parent.append(svg("polygon", block));
    const floor = layout.floors[section.floor];
    if (floor && section.short) {
      const [cx, cy] = [
        (section.box.left + section.box.right) / 2,
        (section.box.top + section.box.bottom) / 2,
      ];
      const [fx, fy] = [(floor.box.left + floor.box.right) / 2, (floor.box.top + floor.box.bottom) / 2];
      const far = Math.hypot(cx - fx, cy - fy) || 1;
      const edge =
        reach(section.seats, { x: (cx - fx) / far, y: (cy - fy) / far }, { x: cx, y: cy }) + pitch * 1.35;
      const text = svg("text", {
        class: "map-text",
        x: cx + ((cx - fx) / far) * edge,
        y: cy + ((cy - fy) / far) * edge,
      });
      text.textContent = section.short;
      parent.append(text);
    }
    drawRows(parent, section.seats, pitch);
  }
  if (layout.floors.length > 1) {
    for (const floor of layout.floors) {
      const at = { x: layout.box.left + pitch, y: floor.box.top + pitch * 0.5 };
      const text = svg("text", { class: "map-floor", ...at });
      text.textContent = floor.name;
      parent.append(text);
    }
  }
}

/** How far the seats reach from a middle in a direction. */
function reach(seats: Seat[], way: { x: number; y: number }, from: { x: number; y: number }): number {
  return Math.max(...seats.map((seat) => (seat.x - from.x) * way.x + (seat.y - from.y) * way.y));
}

/** The row's letter beside its first seat. */
function drawRows(parent: SVGGElement, seats: Seat[], pitch: number): void {
  const rows = new Map<string, Seat[]>();
  for (const seat of seats) rows.set(seat.row, [...(rows.get(seat.row) ?? []), seat]);
  for (const [row, list] of rows) {
    const [first, second] = list;
    if (!first) continue;
    const far = second ? Math.hypot(second.x - first.x, second.y - first.y) || 1 : 1;
    const way = second ? { x: (first.x - second.x) / far, y: (first.y - second.y) / far } : { x: -1, y: 0 };
    const text = svg("text", {
      class: "map-row",
      x: first.x + way.x * pitch * 0.86,
      y: first.y + way.y * pitch * 0.86,
    });
    text.textContent = row;
    parent.append(text);
  }
}

function drawSeat(seat: Seat, pitch: number): SVGGElement {
  const at = `translate(${seat.x.toFixed(1)} ${seat.y.toFixed(1)})`;
  const group = svg("g", {
    class: `seat${seat.level >= 0 ? ` level-${seat.level + 1}` : ""}`,
    transform: at,
    role: "checkbox",
    "aria-checked": "false",
    "data-seat": seat.id,
    tabindex: "-1",
  });
  const r = pitch * 0.4;
  const number = svg("text", { class: "number" });
  number.textContent = seat.number;
  const tick = `M${-r * 0.45} ${r * 0.05} l${r * 0.32} ${r * 0.34} l${r * 0.6} ${-r * 0.72}`;
  group.append(
    svg("rect", { x: -pitch / 2, y: -pitch / 2, width: pitch, height: pitch, fill: "transparent" }),
    svg("circle", { class: "dot", r }),
    number,
    svg("path", { class: "mark", d: tick }),
    svg("circle", { class: "halo", r: pitch * 0.6 }),
  );
  return group;
}
