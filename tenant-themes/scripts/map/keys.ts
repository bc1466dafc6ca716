// Moving among seats with the arrow keys: to the nearest seat that lies that way.

import type { Seat } from "./plan";

const WAYS: Record<string, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Index of the seat to go to, or null when there is none that way. */
export function next(seats: Seat[], from: number, key: string): number | null {
  const here = seats[from];
  if (!here) return null;
  if (key === "Home" || key === "End") {
    const row = seats.flatMap((seat, at) =>
      seat.section === here.section && seat.row === here.row ? [at] : [],
    );
    return (key === "Home" ? row[0] : row[row.length - 1]) ?? null;
  }
  const way = WAYS[key];
  if (!way) return null;
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  seats.forEach((seat, at) => {
    const [dx, dy] = [seat.x - here.x, seat.y - here.y];
    const along = dx * way.x + dy * way.y;
    const across = Math.abs(dx * way.y - dy * way.x);
    if (along < 1 || across > along * 1.6) return;
    const cost = along + across * 2.2;
    if (cost < least) [best, least] = [at, cost];
  });
  return best;
}
