// A plan that is seen with all its seats at once.

import { find } from "../lib/dom";
import { t } from "../lib/page";
import { drawWhole } from "../map/drawing";
import { onLegend } from "./legend";
import type { Sale } from "./sale";
import { SeatMap } from "./seatmap";

export function openWhole(sale: Sale, toggle: (at: number) => void): SeatMap {
  const { layout } = sale;
  const label = find<HTMLElement>("#map").dataset.label ?? "";
  const drawing = drawWhole(layout, label, t("map-stage"));
  const map = new SeatMap(sale, drawing, layout.box, layout.pitch, false, {
    toggle: (seat) => toggle(seat.at),
  });
  onLegend((level) => map.only(level));
  return map;
}
