// What the browser keeps while the tab lives: the tokens that open a hold or an order, and what the page said of it.

import type { Summary } from "./page";

export interface KeptHold {
  token: string;
  /** When the hold was made and when it ends, for the bar. */
  made_at: string;
  expires_at: string;
  summary: Summary | null;
  order?: KeptOrder;
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
  payment: Payment | null;
}

function read<T>(key: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") as T | null;
  } catch {
    return null;
  }
}

function write(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the page goes on, a reload will not.
  }
}

export const holds = {
  get: (id: string) => read<KeptHold>(`hold:${id}`),
  set: (id: string, hold: KeptHold) => write(`hold:${id}`, hold),
  drop: (id: string) => sessionStorage.removeItem(`hold:${id}`),
};

export interface OpenedOrder {
  token: string;
  summary: Summary | null;
  email: string | null;
}

export const orders = {
  get: (id: string) => read<OpenedOrder>(`order:${id}`),
  set: (id: string, order: OpenedOrder) => write(`order:${id}`, order),
};
