// What this browser keeps, in all its tabs: the tokens that open a hold or an order, and what the page said of it. Each
// entry has an end, after which it goes.

import type { Summary } from "./page";

const DAY = 86_400_000;
/** A hold that is over is remembered for so long, so that a reload says how it ended. */
const HOLD_AFTER = DAY;
/** An order's tickets open without its mail for so long after it was placed or last opened, and after the event. */
const ORDER_AFTER = 30 * DAY;

/** How a hold ended: paid for, its time run out, given back, or its performance not sold any more. */
export type Ending = "paid" | "over" | "released" | "closed" | "cancelled";

export interface KeptHold {
  /** Empty once it has ended. */
  token: string;
  performance: string;
  /** When the hold was made and when it ends, for the bar. */
  made_at: string;
  expires_at: string;
  summary: Summary | null;
  /** The plan's seats in it. */
  seats?: string[];
  order?: KeptOrder;
  ended?: Ending;
}

export interface Payment {
  provider: string;
  publishable_key: string;
  account: string | null;
  amount: number;
  currency: string;
}

export interface KeptOrder {
  id: string;
  token: string;
  email: string;
  name: string;
  payment: Payment | null;
}

export interface OpenedOrder {
  token: string;
  summary: Summary | null;
}

interface Entry<T> {
  value: T;
  /** Milliseconds since 1970. */
  until: number;
}

function read<T>(key: string): T | null {
  try {
    const entry = JSON.parse(localStorage.getItem(key) ?? "null") as Entry<T> | null;
    return entry && entry.until > Date.now() ? entry.value : null;
  } catch {
    return null;
  }
}

function write<T>(key: string, value: T, until: number): void {
  try {
    localStorage.setItem(key, JSON.stringify({ value, until }));
  } catch {
    // Storage is full or forbidden: the page goes on, a reload will not.
  }
}

function drop(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing can be kept, so nothing has to go.
  }
}

const HOLD = "hold:";
const ORDER = "order:";

/** The ids that are kept under a prefix. */
function ids(prefix: string): string[] {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
    return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  } catch {
    return [];
  }
}

/** Told to this tab's page when a hold that it keeps has changed; other tabs hear `storage`. */
const changed = () => dispatchEvent(new Event("holds"));

export const holds = {
  key: (id: string) => `${HOLD}${id}`,
  get: (id: string) => read<KeptHold>(`${HOLD}${id}`),
  set: (id: string, hold: KeptHold) => {
    write(`${HOLD}${id}`, hold, new Date(hold.expires_at).getTime() + HOLD_AFTER);
    changed();
  },
  /** Remembers how a hold ended, and forgets what opened it. */
  end: (id: string, ended: Ending) => {
    const hold = holds.get(id);
    if (!hold || hold.ended === ended) return;
    const { order, ...rest } = hold;
    // A hold that was paid for leads to its order.
    holds.set(id, { ...rest, ...(ended === "paid" && order ? { order } : {}), token: "", ended });
  },
  drop: (id: string) => {
    drop(`${HOLD}${id}`);
    changed();
  },
  /** Calls when any of them has changed, in whichever tab. */
  onChange: (told: () => void) => {
    addEventListener("holds", told);
    addEventListener("storage", (event) => {
      if (event.key?.startsWith(HOLD)) told();
    });
  },
  /** Those of a performance that have not ended, as far as this browser knows; the newest first. */
  of: (performance: string): (KeptHold & { id: string })[] =>
    ids(HOLD)
      .flatMap((id) => {
        const hold = holds.get(id);
        return hold && hold.performance === performance && !hold.ended ? [{ ...hold, id }] : [];
      })
      .sort((a, b) => b.made_at.localeCompare(a.made_at)),
};

export const orders = {
  get: (id: string) => read<OpenedOrder>(`${ORDER}${id}`),
  /** `after`: when its event is, where that is known. */
  set: (id: string, order: OpenedOrder, after?: string) => {
    const event = after ? new Date(after).getTime() : 0;
    write(`${ORDER}${id}`, order, Math.max(Date.now(), event) + ORDER_AFTER);
  },
  drop: (id: string) => drop(`${ORDER}${id}`),
};

/** What has ended goes, also where nobody asks for it. */
for (const [prefix, at] of [HOLD, ORDER].flatMap((one) => ids(one).map((id) => [one, id] as const)))
  if (!read(`${prefix}${at}`)) drop(`${prefix}${at}`);
