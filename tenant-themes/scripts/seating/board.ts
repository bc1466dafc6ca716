// What is free: kept from the shop's answers, counted by section and price level as it changes.

import { type Layout, type Seat, sectionOf } from "../map/plan";

export interface Availability {
  price_levels: { id: string; free: number }[];
  sections: { id: string; free: string }[];
}

/** What has changed since: places in the section's columns, and the new counts. */
export interface Delta {
  price_levels?: { id: string; free: number }[];
  sections?: { id: string; free?: number[]; gone?: number[] }[];
}

/** Seats whose state is another one now. */
export type Changed = number[];

/** How many seats of a level are free in a section, and how many of them side by side. */
export interface Count {
  free: number;
  together: number;
}

const NONE: Count = { free: 0, together: 0 };

export class Board {
  /** 1 for each seat that is free. */
  readonly free: Uint8Array;
  /** Free units by price level's id, as the shop says: standing too. */
  readonly levels = new Map<string, number>();
  /** 1 where a seat and the next one are neighbours of one level. */
  private readonly joined: Uint8Array;
  private readonly sectionAt = new Map<string, number>();
  private readonly counts: (Map<number, Count> | null)[];

  constructor(private readonly layout: Layout) {
    this.free = new Uint8Array(layout.total);
    this.joined = neighbours(layout);
    this.counts = layout.sections.map(() => null);
    for (const [at, section] of layout.sections.entries()) this.sectionAt.set(section.id, at);
  }

  /** Takes the whole state. */
  state(answer: Availability): Changed {
    const changed: Changed = [];
    const told = new Map(answer.sections.map((one) => [one.id, one.free]));
    for (const { id, first, count } of this.layout.sections) {
      const bytes = atob(told.get(id) ?? "");
      for (let index = 0; index < count; index++) {
        const now = (bytes.charCodeAt(index >> 3) >> (index & 7)) & 1;
        if (this.free[first + index] !== now) this.turn(first + index, now, changed);
      }
    }
    return this.settle(changed, answer.price_levels);
  }

  /** Takes what has changed. */
  delta(delta: Delta): Changed {
    const changed: Changed = [];
    for (const { id, free, gone } of delta.sections ?? []) {
      const section = this.layout.sections[this.sectionAt.get(id) ?? -1];
      if (!section) continue;
      for (const [list, now] of [[free, 1] as const, [gone, 0] as const])
        for (const index of list ?? [])
          if (index >= 0 && index < section.count && this.free[section.first + index] !== now)
            this.turn(section.first + index, now, changed);
    }
    return this.settle(changed, delta.price_levels ?? []);
  }

  /** Marks seats as gone before the shop's next word on them. */
  take(seats: number[]): Changed {
    const changed: Changed = [];
    for (const at of seats) if (this.free[at]) this.turn(at, 0, changed);
    return this.settle(changed, []);
  }

  /** Counts of a section at one level (-1: at any). */
  count(section: number, level = -1): Count {
    const counts = this.countsOf(section);
    if (level >= 0) return counts.get(level) ?? NONE;
    let [free, together] = [0, 0];
    for (const one of counts.values()) {
      free += one.free;
      together = Math.max(together, one.together);
    }
    return { free, together };
  }

  /** The levels that have a free seat in a section. */
  levelsIn(section: number): number[] {
    return [...this.countsOf(section).keys()];
  }

  /** Free seats side by side in a section: all runs of `count`, each by its first seat. */
  runs(section: number, level: number, count: number): number[] {
    const one = this.layout.sections[section];
    const found: number[] = [];
    if (!one) return found;
    let long = 0;
    for (let at = one.first; at < one.first + one.count; at++) {
      const open = this.free[at] && this.layout.levels[at] === level;
      long = open ? (long > 0 && this.joined[at - 1] ? long + 1 : 1) : 0;
      if (long >= count) found.push(at - count + 1);
    }
    return found;
  }

  private countsOf(section: number): Map<number, Count> {
    const known = this.counts[section];
    if (known) return known;
    const counts = new Map<number, Count>();
    const { first, count } = this.layout.sections[section] ?? { first: 0, count: 0 };
    let long = 0;
    for (let at = first; at < first + count; at++) {
      const level = this.layout.levels[at] ?? -1;
      long = this.free[at] && level >= 0 ? (long > 0 && this.joined[at - 1] ? long + 1 : 1) : 0;
      if (long === 0) continue;
      const { free, together } = counts.get(level) ?? NONE;
      counts.set(level, { free: free + 1, together: Math.max(together, long) });
    }
    this.counts[section] = counts;
    return counts;
  }

  private turn(at: number, now: number, changed: Changed): void {
    this.free[at] = now;
    changed.push(at);
  }

  private settle(changed: Changed, levels: { id: string; free: number }[]): Changed {
    for (const at of changed) this.counts[sectionOf(this.layout, at)] = null;
    for (const { id, free } of levels) this.levels.set(id, free);
    return changed;
  }
}

/** Of some seats in the plan's order: which lie among so many free ones of their level side by side. */
export function inParties(seats: Seat[], board: Board, count: number): boolean[] {
  const fits = seats.map(() => count <= 1);
  const [first] = seats;
  if (count <= 1 || !first) return fits;
  const index = new Map(seats.map((seat, at) => [seat.at, at]));
  for (const level of board.levelsIn(first.section))
    for (const run of board.runs(first.section, level, count))
      for (let at = run; at < run + count; at++) {
        const place = index.get(at);
        if (place !== undefined) fits[place] = true;
      }
  return fits;
}

/** An aisle is wider than this many usual distances. */
const AISLE = 1.6;

function neighbours(layout: Layout): Uint8Array {
  const joined = new Uint8Array(layout.total);
  for (const [at, { first }] of layout.sections.entries()) {
    const source = layout.plan.sections[at]?.seats;
    if (!source) continue;
    const { x, y, row } = source;
    for (let index = 0; index + 1 < row.length; index++) {
      const far = Math.hypot((x[index + 1] ?? 0) - (x[index] ?? 0), (y[index + 1] ?? 0) - (y[index] ?? 0));
      const same = layout.levels[first + index] === layout.levels[first + index + 1];
      joined[first + index] = row[index] === row[index + 1] && same && far <= layout.pitch * AISLE ? 1 : 0;
    }
  }
  return joined;
}
