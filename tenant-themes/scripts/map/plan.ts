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

export interface Seat {
  id: string;
  section: number;
  /** Its place within the section, as in the availability's bits. */
  index: number;
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
  seats: Seat[];
  /** The last word of its name, if short: `3` of `Ground floor, block 3`. */
  short: string;
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
  sections: Section[];
  seats: Seat[];
  floors: Floor[];
  areas: Area[];
  /** Distance between neighbours. */
  pitch: number;
  box: Box;
}

export const boxOf = (points: { x: number; y: number }[]): Box => ({
  left: Math.min(...points.map((p) => p.x)),
  top: Math.min(...points.map((p) => p.y)),
  right: Math.max(...points.map((p) => p.x)),
  bottom: Math.max(...points.map((p) => p.y)),
});

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

/** Finds for each seat its level, and for each section its floor: sections share one when their names begin alike. */
export function layOut(plan: Plan, levels: Level[]): Layout {
  const levelOf = plan.categories.map((category) =>
    levels.findIndex((one) => one.categories.includes(category.name)),
  );
  const sections: Section[] = plan.sections.map((section, at) => {
    const seats: Seat[] = section.seats.id.map((id, index) => ({
      id,
      section: at,
      index,
      row: section.seats.row[index] ?? "",
      number: section.seats.number[index] ?? "",
      x: section.seats.x[index] ?? 0,
      y: section.seats.y[index] ?? 0,
      level: levelOf[section.seats.category[index] ?? -1] ?? -1,
    }));
    const last = section.name.split(/[\s,·:]+/).pop() ?? "";
    const short = last.length <= 4 ? last : "";
    return { id: section.id, name: section.name, short, seats, floor: 0, box: boxOf(seats) };
  });
  const seats = sections.flatMap((section) => section.seats);
  const pitch = pitchOf(seats, sections);
  const areas = plan.areas ?? [];
  const floors = floorsOf(sections);
  const drawn = areas.map(cornersOf).filter((corners) => corners.length > 0);
  const all = [...floors.map((floor) => floor.box), ...drawn.map(boxOf)].reduce(join);
  return { sections, seats, floors, areas, pitch, box: grow(all, pitch * 2.2) };
}

/** The usual distance to the nearest seat of the same section. */
function pitchOf(seats: Seat[], sections: Section[]): number {
  const distances = seats.slice(0, 400).map((seat) => {
    const others = sections[seat.section]?.seats ?? [];
    return Math.min(
      ...others.filter((one) => one !== seat).map((one) => Math.hypot(one.x - seat.x, one.y - seat.y)),
    );
  });
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
export function cornersOf(area: Area): { x: number; y: number }[] {
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
export function hull(points: { x: number; y: number }[]): { x: number; y: number }[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (list: { x: number; y: number }[]) => {
    const out: { x: number; y: number }[] = [];
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

/** The free bits of a section: bit i, least significant first, is seat i. */
export function bits(base64: string): (index: number) => boolean {
  const bytes = atob(base64);
  return (index) => ((bytes.charCodeAt(index >> 3) >> (index & 7)) & 1) === 1;
}
