// How a performance stands by the programme: is it called off, and has its event other dates?

import { call } from "./api";

interface EventNow {
  performances: { id: string; state: string }[];
}

export interface Standing {
  /** The contract's word: `on_sale`, `ended`, `cancelled` … */
  state: string;
  /** Other dates of the event can be booked. */
  others: boolean;
}

const PAUSE = 1000;

/**
 * Asks the programme, or answers null where it says nothing. `tries`: for how long to ask again while it still says
 * that the performance is on sale, since caches may be behind.
 */
export async function standingOf(slug: string, performance: string, tries = 1): Promise<Standing | null> {
  for (let at = 1; ; at++) {
    const event = await call<EventNow>(`/events/${encodeURIComponent(slug)}`).catch(() => null);
    const own = event?.performances.find((one) => one.id === performance);
    if (!event || !own) return null;
    const others = event.performances.some((one) => one.id !== performance && one.state === "on_sale");
    if (own.state !== "on_sale" || at >= tries) return { state: own.state, others };
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
