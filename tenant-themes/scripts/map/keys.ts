// Moving among seats with the arrow keys: to the nearest seat that lies that way.

import type { Point } from "./plan";

/** Something that lies on the plan; `line` is shared by those that Home and End go along. */
export interface Spot extends Point {
  line?: string;
}

const WAYS: Record<string, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Index of the one to go to, or null when there is none that way. */
export function next(spots: Spot[], from: number, key: string): number | null {
  const here = spots[from];
  if (!here) return null;
  if (key === "Home" || key === "End") {
    const row = spots.flatMap((spot, at) => (here.line !== undefined && spot.line === here.line ? [at] : []));
    return (key === "Home" ? row[0] : row[row.length - 1]) ?? null;
  }
  const way = WAYS[key];
  if (!way) return null;
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  spots.forEach((spot, at) => {
    const [dx, dy] = [spot.x - here.x, spot.y - here.y];
    const along = dx * way.x + dy * way.y;
    const across = Math.abs(dx * way.y - dy * way.x);
    if (along < 1 || across > along * 1.6) return;
    const cost = along + across * 2.2;
    if (cost < least) [best, least] = [at, cost];
  });
  return best;
}
