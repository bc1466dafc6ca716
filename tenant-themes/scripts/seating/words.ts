// How seats and prices are called.

import { type Level, money, page, type Performance, type TicketType, t } from "../lib/page";
import type { Layout, Seat, Section } from "../map/plan";
import type { SeatState } from "./sale";

export function performanceOfPage(): Performance {
  if (!page.performance) throw new Error("no performance on this page");
  return page.performance;
}

export const show: Performance = performanceOfPage();
export const levels: Level[] = show.levels;
export const limit: number = show.limit;

export const levelOf = (seat: Seat): Level | undefined => levels[seat.level];

export const currency = (): string => levels[0]?.ticket_types[0]?.price.currency ?? "EUR";

/** `Section 104` of `104`: a bare number says too little. */
export const titleOf = (section: Section | undefined): string =>
  /^\d/.test(section?.name ?? "") ? t("section-name", { name: section?.name ?? "" }) : (section?.name ?? "");

export const sectionName = (layout: Layout, seat: Seat): string => titleOf(layout.sections[seat.section]);

export const nameOf = (layout: Layout, seat: Seat): string =>
  t("seat-label", { section: sectionName(layout, seat), row: seat.row, number: seat.number });

export const inRow = (seat: Seat): string => t("seat-in-row", { row: seat.row, number: seat.number });

/** What is read of a seat. */
export function labelOf(layout: Layout, seat: Seat, state: SeatState): string {
  const name = nameOf(layout, seat);
  const level = levelOf(seat);
  const type = level?.ticket_types[0];
  if (!level || !type) return t("seat-not-sold", { seat: name });
  if (state === "held") return t("seat-held", { seat: name });
  if (state === "gone") return t("seat-gone", { seat: name });
  const words = { seat: name, level: level.name, price: priceOf(type) };
  return t(state === "chosen" ? "seat-chosen" : "seat-available", words);
}

export const priceOf = (type: TicketType): string => money(type.price.total, type.price.currency);

/** What a ticket of a level costs unless another kind is chosen, as the legend says. */
export const usualPrice = (level: Level): number => level.ticket_types[0]?.price.total ?? 0;
