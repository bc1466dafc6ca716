// A section as somebody stands before it: turned so that its rows lie level and its front is above.

import type { Point, Seat } from "./plan";

/** The seats turned about their middle; `towards` is what they look at. */
export function faceFront(seats: Seat[], towards: Point): Seat[] {
  const middle = {
    x: seats.reduce((sum, seat) => sum + seat.x, 0) / (seats.length || 1),
    y: seats.reduce((sum, seat) => sum + seat.y, 0) / (seats.length || 1),
  };
  const along = rowsAlong(seats);
  // Of the two ways across the rows, the one to the front.
  const [fx, fy] = [towards.x - middle.x, towards.y - middle.y];
  const across = along ? { x: -along.y, y: along.x } : { x: fx, y: fy };
  const sign = across.x * fx + across.y * fy < 0 ? -1 : 1;
  const angle = -Math.PI / 2 - Math.atan2(across.y * sign, across.x * sign);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return seats.map((seat) => {
    const [x, y] = [seat.x - middle.x, seat.y - middle.y];
    return { ...seat, x: x * cos - y * sin, y: x * sin + y * cos };
  });
}

/** The direction in which rows run, or none where no row has two seats. */
function rowsAlong(seats: Seat[]): Point | null {
  const rows = new Map<string, Seat[]>();
  for (const seat of seats) {
    const row = rows.get(seat.row);
    if (row) row.push(seat);
    else rows.set(seat.row, [seat]);
  }
  let [x, y] = [0, 0];
  for (const row of rows.values()) {
    const [first, last] = [row[0], row[row.length - 1]];
    if (!first || !last || first === last) continue;
    const [dx, dy] = [last.x - first.x, last.y - first.y];
    const sign = dx * x + dy * y < 0 ? -1 : 1;
    x += dx * sign;
    y += dy * sign;
  }
  const far = Math.hypot(x, y);
  return far > 0 ? { x: x / far, y: y / far } : null;
}
