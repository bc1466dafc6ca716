// The plan as SVG: blocks, areas, and an element for each seat.

import { svg } from "../lib/dom";
import {
  type Area,
  cornersOf,
  hull,
  type Layout,
  middleOf,
  type Point,
  type Seat,
  seatsOf,
  spread,
} from "./plan";

export interface Drawing {
  root: SVGSVGElement;
  seats: Seat[];
  /** The element of each seat, in the same order. */
  elements: SVGGElement[];
}

export const list = (points: Point[]) => points.map((p) => `${p.x.toFixed(1)},${p.y.toFixed(1)}`).join(" ");

/** The whole plan. */
export function drawWhole(layout: Layout, label: string, stage: string): Drawing {
  const groups = layout.sections.map((section, at) => ({ name: section.name, seats: seatsOf(layout, at) }));
  const ground = svg("g", { "aria-hidden": "true" });
  for (const area of layout.areas) drawArea(ground, area, layout.areas.length === 1 ? stage : "");
  for (const [at, { seats }] of groups.entries()) drawBlock(ground, layout, at, seats);
  drawFloors(ground, layout);
  return assemble(label, layout.pitch, ground, groups);
}

/** One section alone, turned so that its front is above; `front` says what is there. */
export function drawSection(pitch: number, name: string, seats: Seat[], front: string): Drawing {
  const ground = svg("g", { "aria-hidden": "true" });
  const [first] = seats;
  const points = { class: "map-block", points: list(spread(hull(seats), pitch)), "stroke-linejoin": "round" };
  ground.append(svg("polygon", points));
  drawRows(ground, seats, pitch);
  if (front && first) {
    const top = Math.min(...seats.map((seat) => seat.y));
    const [left, right] = [Math.min(...seats.map((s) => s.x)), Math.max(...seats.map((s) => s.x))];
    const x = (left + right) / 2;
    const wide = Math.min(right - left, pitch * 14) / 2;
    const y = top - pitch * 2.6;
    const line = `M${x - wide} ${y + pitch * 0.9} Q${x} ${y + pitch * 0.35} ${x + wide} ${y + pitch * 0.9}`;
    ground.append(svg("path", { class: "map-front", d: line, "stroke-width": pitch * 0.14 }));
    const text = svg("text", { class: "map-text map-front-text", x, y: y - pitch * 0.35 });
    text.textContent = front;
    ground.append(text);
  }
  return assemble(name, pitch, ground, [{ name, seats }]);
}

function assemble(
  label: string,
  pitch: number,
  ground: SVGGElement,
  groups: { name: string; seats: Seat[] }[],
): Drawing {
  const root = svg("svg", { role: "group", "aria-label": label });
  root.style.setProperty("--pitch", `${pitch}px`);
  root.append(ground);
  const elements: SVGGElement[] = [];
  for (const { name, seats } of groups) {
    const drawn = seats.map((seat) => drawSeat(seat, pitch));
    const group = svg("g", { role: "group", "aria-label": name });
    group.append(...drawn);
    root.append(group);
    elements.push(...drawn);
  }
  return { root, seats: groups.flatMap((group) => group.seats), elements };
}

/** Stage, pitch or lettering; `otherwise` is said of what has no lettering of its own. */
export function drawArea(parent: SVGGElement, area: Area, otherwise: string): void {
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
  const words = own || otherwise;
  if (!words || !at) return;
  const text = svg("text", { class: "map-text map-area-text", ...at, ...turn });
  text.textContent = words;
  parent.append(text);
}

function drawBlock(parent: SVGGElement, layout: Layout, at: number, seats: Seat[]): void {
  const { pitch } = layout;
  const section = layout.sections[at];
  const block = {
    class: "map-block",
    "data-block": at,
    points: list(spread(hull(seats), pitch * 0.62)),
    "stroke-linejoin": "round",
  };
  parent.append(svg("polygon", block));
  const floor = layout.floors[section?.floor ?? -1];
  if (floor && section?.short) {
    const [c, f] = [middleOf(section.box), middleOf(floor.box)];
    const far = Math.hypot(c.x - f.x, c.y - f.y) || 1;
    const way = { x: (c.x - f.x) / far, y: (c.y - f.y) / far };
    const edge = reach(seats, way, c) + pitch * 1.35;
    const text = svg("text", { class: "map-text", x: c.x + way.x * edge, y: c.y + way.y * edge });
    text.textContent = section.short;
    parent.append(text);
  }
  drawRows(parent, seats, pitch);
}

function drawFloors(parent: SVGGElement, layout: Layout): void {
  if (layout.floors.length < 2) return;
  for (const floor of layout.floors) {
    const at = { x: layout.box.left + layout.pitch, y: floor.box.top + layout.pitch * 0.5 };
    const text = svg("text", { class: "map-floor", ...at });
    text.textContent = floor.name;
    parent.append(text);
  }
}

/** How far the seats reach from a middle in a direction. */
function reach(seats: Seat[], way: Point, from: Point): number {
  return Math.max(...seats.map((seat) => (seat.x - from.x) * way.x + (seat.y - from.y) * way.y));
}

/** The row's letter beside its first seat. */
function drawRows(parent: SVGGElement, seats: Seat[], pitch: number): void {
  const rows = new Map<string, Seat[]>();
  for (const seat of seats) {
    const row = rows.get(seat.row);
    if (row) row.push(seat);
    else rows.set(seat.row, [seat]);
  }
  for (const [row, [first, second]] of rows) {
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
  const group = svg("g", {
    class: `seat${seat.level >= 0 ? ` level-${seat.level + 1}` : ""}`,
    transform: `translate(${seat.x.toFixed(1)} ${seat.y.toFixed(1)})`,
    role: "checkbox",
    "aria-checked": "false",
    "data-seat": seat.id,
    tabindex: "-1",
  });
  const number = svg("text", { class: "number" });
  number.textContent = seat.number;
  group.append(
    svg("rect", { x: -pitch / 2, y: -pitch / 2, width: pitch, height: pitch, fill: "transparent" }),
    svg("circle", { class: "dot", r: pitch * 0.4 }),
    number,
  );
  return group;
}

/** The tick of a chosen seat. */
export function tick(pitch: number): SVGPathElement {
  const r = pitch * 0.4;
  return svg("path", {
    class: "mark",
    d: `M${-r * 0.45} ${r * 0.05} l${r * 0.32} ${r * 0.34} l${r * 0.6} ${-r * 0.72}`,
  });
}
