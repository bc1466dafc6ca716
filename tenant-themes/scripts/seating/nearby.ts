// What to offer in place of seats that are gone: as many, side by side, at the same price, and near.

import { type Layout, middleOf, type Point, type Seat, seatsOf, sectionOf } from "../map/plan";
import type { Board } from "./board";

/** How many sections around are looked through. */
const AROUND = 6;

/** The nearest free seats side by side at a level, or none. Other sections are tried only where their own has none. */
export function nearby(layout: Layout, board: Board, gone: Seat, count: number): Seat[] {
  const home = sectionOf(layout, gone.at);
  // Where it lies on the plan: on an opened section it may be drawn turned.
  const lost = seatsOf(layout, home)[gone.at - (layout.sections[home]?.first ?? 0)] ?? gone;
  const far = (at: number) => {
    const box = layout.sections[at]?.box;
    return box ? distance(middleOf(box), lost) : Number.POSITIVE_INFINITY;
  };
  const others = layout.sections
    .map((_, at) => at)
    .filter((at) => at !== home && board.count(at, lost.level).together >= count)
    .sort((a, b) => far(a) - far(b));
  for (const at of [home, ...others.slice(0, AROUND)]) {
    const seats = seatsOf(layout, at);
    const first = layout.sections[at]?.first ?? 0;
    const runs = board
      .runs(at, lost.level, count)
      .map((run) => seats.slice(run - first, run - first + count));
    const best = runs.sort((a, b) => distance(centre(a), lost) - distance(centre(b), lost))[0];
    if (best) return best;
  }
  return [];
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

const centre = (seats: Seat[]): Point => ({
  x: seats.reduce((sum, seat) => sum + seat.x, 0) / seats.length,
  y: seats.reduce((sum, seat) => sum + seat.y, 0) / seats.length,
});
