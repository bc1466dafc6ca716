// The seating plan as the shop sends it, and how it lies on the sheet.

import type { Level } from "../lib/page";

export interface Plan {
  size: { width: number; height: number };
  categories: { name: string; color: string }[];
  sections: {
    id: string;
    name: string;
    outline?: [number, number][] | { x: number; y: number }[];
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
  radius?: number;
  rotation?: number;
  points?: [number, number][] | { x: number; y: number }[];
  text?: string | { text?: string };
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
  /** Name without what all sections of its floor share. */
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

/** Lays the plan out: floors that lie over each other in the plan come one above the other on the sheet. */
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
    return { id: section.id, name: section.name, short: section.name, seats, floor: 0, box: boxOf(seats) };
  });
  const seats = sections.flatMap((section) => section.seats);
  const pitch = pitchOf(seats, sections);
  const areas = (plan.areas ?? []).map((area) => ({ ...area }));
  const floors = separate(sections, areas, pitch);
  nameShort(sections);
  const all = floors.map((floor) => floor.box).reduce(join);
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

function overlap(a: Section, b: Section, pitch: number): boolean {
  const near = pitch * 0.6;
  if (a.box.left > b.box.right + near || b.box.left > a.box.right + near) return false;
  if (a.box.top > b.box.bottom + near || b.box.top > a.box.bottom + near) return false;
  return a.seats.some((one) => b.seats.some((other) => Math.hypot(one.x - other.x, one.y - other.y) < near));
}

/** Sections that share ground go to different floors; each further floor is drawn above those before it. */
function separate(sections: Section[], areas: Area[], pitch: number): Floor[] {
  const words = (section: Section) => section.name.split(/[,·–—:/-]/)[0]?.trim() ?? section.name;
  const order = [...new Set(sections.map(words))];
  const clash = order.map((name, at) =>
    sections.some(
      (one) =>
        words(one) === name &&
        sections.some(
          (other) => order.indexOf(words(other)) < at && words(other) !== name && overlap(one, other, pitch),
        ),
    ),
  );
  for (const section of sections) {
    const group = order.indexOf(words(section));
    section.floor = clash[group] ? order.slice(0, group + 1).filter((_, at) => clash[at]).length : 0;
  }
  const count = Math.max(...sections.map((section) => section.floor)) + 1;
  const floors: Floor[] = [];
  for (let floor = 0; floor < count; floor++) {
    const mine = sections.filter((section) => section.floor === floor);
    const names = [...new Set(mine.map(words))];
    let box = mine.map((section) => section.box).reduce(join);
    if (floor > 0) {
      const above = Math.min(...floors.map((one) => one.box.top));
      const shift = above - pitch * 4.2 - box.bottom;
      for (const section of mine) {
        for (const seat of section.seats) seat.y += shift;
        section.box = boxOf(section.seats);
      }
      box = mine.map((section) => section.box).reduce(join);
    } else {
      for (const area of areas) {
        const corners = cornersOf(area);
        if (corners.length > 0) box = join(box, boxOf(corners));
      }
    }
    floors.push({ name: names.join(", "), box });
  }
  return floors;
}

/** `Ground floor, block C` among others of the ground floor is `C`. */
function nameShort(sections: Section[]): void {
  for (const section of sections) {
    const last = section.name.split(/[\s,·:]+/).pop() ?? section.name;
    section.short = last.length <= 4 ? last : "";
  }
}

export function cornersOf(area: Area): { x: number; y: number }[] {
  if (area.points) return area.points.map((p) => (Array.isArray(p) ? { x: p[0], y: p[1] } : p));
  const [x, y] = [area.x ?? 0, area.y ?? 0];
  if (area.radius) {
    const r = area.radius;
    return [
      { x: x - r, y: y - r },
      { x: x + r, y: y + r },
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
