// The seating plan as the shop sends it, and how it lies on the sheet.

import type { Level } from "../lib/page";

export interface Plan {
  size: { width: number; height: number };
  categories: { name: string; color: string }[];
  sections: {
    id: string;
    name: string;
    outline?: [number, number][];
    seats: { id: string[]; row: string[]; number: string[]; x: number[]; y: number[]; category: number[] };
  }[];
  areas?: Area[];
}

export interface Area {
  shape?: string;
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  /** Radius of a circle or an ellipse, to the right and downwards. */
  rx?: number;
  ry?: number;
  /** Degrees clockwise around `x`, `y`. */
  rotation?: number;
  points?: [number, number][];
  text?: { text: string; x: number; y: number; size: number };
}

export interface Point {
  x: number;
  y: number;
}

export interface Seat {
  /** Its place among all seats of the plan. */
  at: number;
  id: string;
  section: number;
  row: string;
  number: string;
  x: number;
  y: number;
  /** Index of its price level; -1 when not for sale. */
  level: number;
}

export interface Section {
  id: string;
  name: string;
  /** The last word of its name, if short: `3` of `Ground floor, block 3`. */
  short: string;
  /** Where its first seat stands among all seats, and how many it has. */
  first: number;
  count: number;
  floor: number;
  box: Box;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Floor {
  name: string;
  box: Box;
  /** How many sections it has. */
  count: number;
}

export interface Layout {
  plan: Plan;
  sections: Section[];
  /** How many seats there are. */
  total: number;
  /** The price level of each seat; -1 when not for sale. */
  levels: Int8Array;
  floors: Floor[];
  areas: Area[];
  /** Distance between neighbours. */
  pitch: number;
  box: Box;
}

export function boxOf(points: Iterable<Point>): Box {
  const far = Number.POSITIVE_INFINITY;
  const box = { left: far, top: far, right: -far, bottom: -far };
  for (const { x, y } of points) {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

const join = (a: Box, b: Box): Box => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
});

export const grow = (box: Box, by: number): Box => ({
  left: box.left - by,
  top: box.top - by,
  right: box.right + by,
  bottom: box.bottom + by,
});

export const middleOf = (box: Box): Point => ({
  x: (box.left + box.right) / 2,
  y: (box.top + box.bottom) / 2,
});

/**
 * Finds for each seat its level, and for each section its floor: sections share one when their names begin alike. The
 * seats stay in the plan's columns; those of a section are made when it is drawn.
 */
export function layOut(plan: Plan, levels: Level[]): Layout {
  const levelOf = plan.categories.map((category) =>
    levels.findIndex((one) => one.categories.includes(category.name)),
  );
  const total = plan.sections.reduce((sum, section) => sum + section.seats.id.length, 0);
  const seatLevels = new Int8Array(total);
  let first = 0;
  const sections = plan.sections.map((section): Section => {
    const { x, y, category } = section.seats;
    const count = section.seats.id.length;
    for (let index = 0; index < count; index++)
      seatLevels[first + index] = levelOf[category[index] ?? -1] ?? -1;
    const last = section.name.split(/[\s,·:]+/).pop() ?? "";
    const box = boxOf(x.map((left, index) => ({ x: left, y: y[index] ?? 0 })));
    const short = last.length <= 4 ? last : "";
    const made = { id: section.id, name: section.name, short, first, count, floor: 0, box };
    first += count;
    return made;
  });
  const areas = plan.areas ?? [];
  const floors = floorsOf(sections);
  const drawn = areas.map(cornersOf).filter((corners) => corners.length > 0);
  const all = [...floors.map((floor) => floor.box), ...drawn.map(boxOf)].reduce(join);
  const layout = { plan, sections, total, levels: seatLevels, floors, areas, pitch: 25, box: all };
  layout.pitch = pitchOf(layout);
  layout.box = grow(all, layout.pitch * 2.2);
  return layout;
}

/** The seats of a section, in the plan's order. */
export function seatsOf(layout: Layout, at: number): Seat[] {
  const [section, source] = [layout.sections[at], layout.plan.sections[at]?.seats];
  if (!section || !source) return [];
  return source.id.map((id, index) => ({
    at: section.first + index,
    id,
    section: at,
    row: source.row[index] ?? "",
    number: source.number[index] ?? "",
    x: source.x[index] ?? 0,
    y: source.y[index] ?? 0,
    level: layout.levels[section.first + index] ?? -1,
  }));
}

/** The section that a seat is of. */
export function sectionOf(layout: Layout, at: number): number {
  let [low, high] = [0, layout.sections.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((layout.sections[middle]?.first ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The line around a section's seats: the plan's own, or the hull. */
export function outlineOf(layout: Layout, at: number): Point[] {
  const own = layout.plan.sections[at]?.outline ?? [];
  if (own.length > 2) return own.map(([x, y]) => ({ x, y }));
  return spread(hull(seatsOf(layout, at)), layout.pitch * 0.62);
}

/** Moves corners away from their middle. */
export function spread(points: Point[], by: number): Point[] {
  const cx = points.reduce((sum, p) => sum + p.x, 0) / points.length;
  const cy = points.reduce((sum, p) => sum + p.y, 0) / points.length;
  return points.map((p) => {
    const far = Math.hypot(p.x - cx, p.y - cy) || 1;
    return { x: p.x + ((p.x - cx) / far) * by, y: p.y + ((p.y - cy) / far) * by };
  });
}

/** The usual distance to the nearest seat of the same section. */
function pitchOf(layout: Layout): number {
  const distances: number[] = [];
  for (let at = 0; at < layout.sections.length && distances.length < 400; at++) {
    const seats = seatsOf(layout, at);
    for (const seat of seats.slice(0, 400 - distances.length)) {
      let least = Number.POSITIVE_INFINITY;
      for (const one of seats)
        if (one !== seat) least = Math.min(least, Math.hypot(one.x - seat.x, one.y - seat.y));
      distances.push(least);
    }
  }
  const sorted = distances.filter((one) => Number.isFinite(one) && one > 0).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 25;
}

/** `Ground floor` of `Ground floor, block 3`. */
const floorName = (section: Section) => section.name.split(/[,·–—:]/)[0]?.trim() ?? section.name;

function floorsOf(sections: Section[]): Floor[] {
  const names = [...new Set(sections.map(floorName))];
  return names.map((name, floor) => {
    const mine = sections.filter((section) => floorName(section) === name);
    for (const section of mine) section.floor = floor;
    return { name, box: mine.map((section) => section.box).reduce(join), count: mine.length };
  });
}

/** The corners of an area's box or line, before it is turned; none for lettering alone. */
export function cornersOf(area: Area): Point[] {
  if (area.points) return area.points.map(([x, y]) => ({ x, y }));
  const [x, y] = [area.x ?? 0, area.y ?? 0];
  if (area.rx) {
    const ry = area.ry ?? area.rx;
    return [
      { x: x - area.rx, y: y - ry },
      { x: x + area.rx, y: y + ry },
    ];
  }
  if (!area.width || !area.height) return [];
  return [
    { x, y },
    { x: x + area.width, y: y + area.height },
  ];
}

/** The corners around a set of points, in order (Andrew's monotone chain). */
export function hull(points: Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (list: Point[]) => {
    const out: Point[] = [];
    for (const p of list) {
      while (out.length > 1) {
        const [a, b] = [out[out.length - 2], out[out.length - 1]];
        if (!a || !b || (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) > 0) break;
        out.pop();
      }
      out.push(p);
    }
    return out.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}
