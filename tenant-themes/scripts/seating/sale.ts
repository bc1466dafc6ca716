// What somebody has chosen, against what is free.

import type { TicketType } from "../lib/page";
import type { Layout, Seat } from "../map/plan";
import type { Board, Changed } from "./board";
import { levelOf, limit } from "./words";

export interface Chosen {
  seat: Seat;
  type: TicketType;
}

/** `held`: by this browser, so for nobody else. */
export type SeatState = "free" | "chosen" | "held" | "gone";

export type Toggled = "added" | "removed" | "gone" | "limit" | "not-sold";

export class Sale {
  chosen: Chosen[] = [];
  /** While a hold is asked for, the seats that go are most likely its own. */
  holding = false;
  /** Seats that this browser holds already. */
  held = new Set<string>();

  constructor(
    readonly layout: Layout,
    readonly board: Board,
  ) {}

  isChosen(at: number): boolean {
    return this.chosen.some((one) => one.seat.at === at);
  }

  stateOf(seat: Seat): SeatState {
    if (this.isChosen(seat.at)) return "chosen";
    if (this.board.free[seat.at] && seat.level >= 0) return "free";
    return this.held.has(seat.id) ? "held" : "gone";
  }

  get total(): number {
    return this.chosen.reduce((sum, one) => sum + one.type.price.total, 0);
  }

  toggle(seat: Seat): Toggled {
    const type = levelOf(seat)?.ticket_types[0];
    if (!type) return "not-sold";
    if (this.isChosen(seat.at)) {
      this.drop([seat.at]);
      return "removed";
    }
    if (!this.board.free[seat.at]) return "gone";
    if (this.chosen.length >= limit) return "limit";
    this.chosen = [...this.chosen, { seat, type }];
    return "added";
  }

  drop(seats: number[]): void {
    this.chosen = this.chosen.filter((one) => !seats.includes(one.seat.at));
  }

  /** Takes away what was chosen and is gone; answers with it. */
  lose(changed: Changed): Chosen[] {
    if (this.holding || this.chosen.length === 0) return [];
    const among = new Set(changed);
    const lost = this.chosen.filter(({ seat }) => among.has(seat.at) && !this.board.free[seat.at]);
    this.drop(lost.map((one) => one.seat.at));
    return lost;
  }
}
