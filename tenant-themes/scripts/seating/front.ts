// What people look at.

import { type Layout, middleOf } from "../map/plan";

/** The middle of all that a plan has lettered or drawn beside its seats: what people look at. */
export function frontOf(layout: Layout): { x: number; y: number; name: string } {
  const named = layout.areas.find((area) => area.text?.text.trim());
  const area = named ?? layout.areas[0];
  const name = named?.text?.text.trim() ?? "";
  if (area?.points) {
    const [sum, count] = [
      area.points.reduce((at, [x, y]) => [at[0] + x, at[1] + y], [0, 0]),
      area.points.length,
    ];
    return { x: (sum[0] ?? 0) / count, y: (sum[1] ?? 0) / count, name };
  }
  if (area?.width && area.height)
    return { x: (area.x ?? 0) + area.width / 2, y: (area.y ?? 0) + area.height / 2, name };
  if (area) return { x: area.x ?? 0, y: area.y ?? 0, name };
  return { ...middleOf(layout.box), name };
}
