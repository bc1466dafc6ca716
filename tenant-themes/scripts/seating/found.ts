// Seats for somebody who would rather not choose: the best that are free, near what people look at.

import { type Layout, middleOf, type Point, type Seat, seatsOf } from "../map/plan";
import type { Board } from "./board";
import { frontOf } from "./front";

export interface Wanted {
  /** Index of the price level. */
  level: number;
  count: number;
  /** Side by side, or nothing. */
  adjacent: boolean;
}

/** How many sections are looked through: the nearest that have what is wanted. */
const SECTIONS = 6;
/** One of so many of the best is taken: many ask at the same moment, and should not all get the same. */
const SPREAD = 5;

const far = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

const centre = (seats: Seat[]): Point => ({
  x: seats.reduce((sum, seat) => sum + seat.x, 0) / seats.length,
  y: seats.reduce((sum, seat) => sum + seat.y, 0) / seats.length,
});

/** Free seats as wanted, or none. `taken`: seats that are chosen already. */
export function findSeats(
  layout: Layout,
  board: Board,
  wanted: Wanted,
  taken: Set<number>,
  lot: () => number = Math.random,
): Seat[] {
  const { level, count, adjacent } = wanted;
  const front = frontOf(layout);
  const sections = layout.sections
    .map((section, at) => ({ at, way: far(middleOf(section.box), front), has: board.count(at, level) }))
    .sort((a, b) => a.way - b.way);
  const runs = sections
    .filter(({ has }) => has.together >= count)
    .slice(0, SECTIONS)
    .flatMap(({ at }) => {
      const seats = seatsOf(layout, at);
      const first = layout.sections[at]?.first ?? 0;
      return board.runs(at, level, count).map((run) => seats.slice(run - first, run - first + count));
    })
    .filter((seats) => !seats.some((seat) => taken.has(seat.at)))
    .map((seats) => ({ seats, way: far(centre(seats), front) }))
    .sort((a, b) => a.way - b.way);
  const chosen = runs[Math.floor(lot() * Math.min(SPREAD, runs.length))];
  if (chosen || adjacent) return chosen?.seats ?? [];
  const single: Seat[] = [];
  for (const { at } of sections.filter(({ has }) => has.free > 0)) {
    const free = seatsOf(layout, at).filter(
      (seat) => seat.level === level && board.free[seat.at] && !taken.has(seat.at),
    );
    single.push(...free.sort((a, b) => far(a, front) - far(b, front)));
    if (single.length >= count) return single.slice(0, count);
  }
  return [];
}
