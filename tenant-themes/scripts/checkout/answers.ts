// What the shop answers while an order is placed and paid.

import type { Hold } from "../lib/hold";
import type { Payment } from "../lib/store";

export interface OrderAnswer {
  order_id: string;
  token: string;
  status: string;
  total: number;
  currency: string;
  expires_at: string;
  payment: Payment | null;
}

export interface OrderNow {
  status: string;
  total: number;
  currency: string;
  expires_at: string;
  lines?: Hold["units"];
  cancellation?: unknown;
  progress?: { client_secret?: string | null; attempts_left?: number } | null;
}

export interface PayAnswer {
  status: "paid" | "processing" | "requires_action";
  client_secret?: string;
  action_url?: string;
}
