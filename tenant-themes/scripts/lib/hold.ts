// Making a hold and going on to checkout.

import { call, newKey } from "./api";
import { page, t } from "./page";
import { holds } from "./store";

/** A unit of a hold, or a line of an order. */
export interface Unit {
  unit_id: string;
  /** The plan's seat: of a hold's unit, where it is one. */
  seat?: string | null;
  label: string;
  price_level: string;
  ticket_type: string;
  ticket_type_name?: string;
  price: { total: number; face: number; fees: number; tax: number; currency: string };
}

export interface Hold {
  hold_id: string;
  token?: string;
  expires_at: string;
  total: number;
  currency: string;
  units: Unit[];
}

export interface Wish {
  seats?: { seat: string; ticket_type?: string }[];
  places?: { price_level: string; quantity: number; ticket_type?: string; adjacent?: boolean }[];
}

let last: { wish: string; key: string } | null = null;

/**
 * Holds what is wished for and opens checkout. The same wish after a lost answer is the same request. While the shop is
 * overloaded it is tried again, and `onWait` told in how many seconds.
 */
export async function holdAndGo(
  performance: string,
  wish: Wish,
  onWait?: (seconds: number) => void,
): Promise<void> {
  const body = JSON.stringify(wish);
  if (last?.wish !== body) last = { wish: body, key: newKey() };
  try {
    const hold = await call<Hold & { token: string }>(`/performances/${performance}/holds`, {
      method: "POST",
      body: wish,
      key: last.key,
      ...(onWait ? { onWait } : {}),
    });
    last = null;
    holds.set(hold.hold_id, {
      token: hold.token,
      performance,
      made_at: new Date().toISOString(),
      expires_at: hold.expires_at,
      summary: page.summary ?? null,
      seats: hold.units.flatMap((unit) => unit.seat ?? []),
    });
    location.assign(`/checkout/${hold.hold_id}`);
  } catch (error) {
    // Refused: another try is another request. Lost: the key stays.
    if ((error as { problem?: { status: number } }).problem?.status) last = null;
    throw error;
  }
}

/** Gives a hold back: its tickets go on sale again. */
export async function giveBackHold(id: string, token: string): Promise<void> {
  await call<void>(`/holds/${id}`, { method: "DELETE", headers: { "Hold-Token": token } });
  holds.end(id, "released");
}

/** Says calmly beside a button that many are booking and when the next try is; takes it away with `null`. */
export function showWait(box: HTMLElement, seconds: number | null): void {
  const words = seconds === null ? "" : t("waiting", { count: Math.max(1, Math.round(seconds)) });
  if (box.textContent !== words) box.textContent = words;
  box.hidden = seconds === null;
}

/** While a request runs its button says so and takes no second press. */
export async function busy<T>(button: HTMLButtonElement, words: string, work: () => Promise<T>): Promise<T> {
  const before = [...button.childNodes];
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  button.textContent = words;
  try {
    return await work();
  } finally {
    button.replaceChildren(...before);
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}
