// What an order's page tells, read from how the order stands: pure, so that each case can be looked at alone.

import type { Unit } from "../lib/hold";

export interface Ticket {
  ticket_id: string;
  label: string;
  code: string;
  holder: string;
  status: "valid" | "used" | "void";
}

export interface Refund {
  refund_id: string;
  amount: number;
  currency: string;
  state: "requested" | "pending" | "succeeded" | "failed";
  reason: "requested" | "seat_lost" | "cancelled" | "postponed" | "provider";
}

export interface Postponement {
  starts_at_before: string;
  starts_at: string;
  return_until: string;
  note: string | null;
  choice: "keep" | "return" | null;
  open: boolean;
}

export interface Order {
  number?: string;
  status: string;
  /** What happened to the payment and what happens next, where the status alone does not say it. */
  notice?: { code: string; text: string } | null;
  total: number;
  currency: string;
  lines?: Unit[];
  tickets?: Ticket[];
  refunds?: Refund[];
  cancellation?: { cancelled_at: string; note: string | null } | null;
  postponement?: Postponement | null;
  buyer?: { email?: string };
  performance_id?: string;
  hold_id?: string;
  /** Until when it can be paid. */
  expires_at?: string;
  /** Where an open payment stands. */
  progress?: { action_url?: string | null } | null;
  event?: {
    slug: string;
    title: string;
    starts_at: string;
    doors_at?: string;
    venue: string;
    city: string;
  } | null;
}

export interface Story {
  /** Keys of the texts; `text` falls back to `title`'s case where there is none of its own. */
  title: string;
  text: string;
  /** Minor units that the text speaks of. */
  amount?: number;
  /** More to know beside it. */
  aside?: { text: string; amount?: number; count?: number };
  /** The performance is not at its date. */
  off: boolean;
  /** The buyer may keep or return now, and has not said. */
  asks: boolean;
  /** Milliseconds after which to look again; null: nothing more will happen by itself. */
  again: number | null;
}

const SOON = 2500;

const sum = (refunds: Refund[]) => refunds.reduce((all, one) => all + one.amount, 0);

/** How the money of an order stands, in minor units. */
export function money(order: Order) {
  const refunds = order.refunds ?? [];
  const back = sum(refunds.filter((one) => one.state === "succeeded"));
  const coming = sum(refunds.filter((one) => one.state === "requested" || one.state === "pending"));
  const failed = refunds.some((one) => one.state === "failed") && back + coming < order.total;
  return { back, coming, failed, left: Math.max(0, order.total - back - coming) };
}

const isPaid = (order: Order) => ["paid", "partially_refunded", "refunded"].includes(order.status);

/** Where money that goes back stands: the ends of the texts' names. */
function stage(order: Order): "failed" | "coming" | "done" | "free" {
  const { coming, failed, back } = money(order);
  if (order.total === 0) return "free";
  if (coming > 0) return "coming";
  if (failed) return "failed";
  return back > 0 ? "done" : "coming";
}

/** The tickets that were taken back. Those that were replaced by others for the same places are not among them. */
export function takenBack(order: Order): Ticket[] {
  const tickets = order.tickets ?? [];
  const gone = tickets.filter((one) => one.status === "void");
  if (!order.lines) return gone;
  const without = new Map<string, number>();
  const count = (label: string, by: number) => without.set(label, (without.get(label) ?? 0) + by);
  for (const line of order.lines) count(line.label, 1);
  for (const ticket of tickets) if (ticket.status !== "void") count(ticket.label, -1);
  return gone.filter((ticket) => {
    const left = without.get(ticket.label) ?? 0;
    without.set(ticket.label, left - 1);
    return left > 0;
  });
}

export function story(order: Order): Story {
  if (order.cancellation) return cancelled(order);
  if (!isPaid(order) || order.notice) return unpaid(order);
  const tickets = order.tickets ?? [];
  const good = tickets.some((one) => one.status !== "void");
  if (order.status === "refunded" || (tickets.length > 0 && !good)) return refunded(order);
  return paid(order, takenBack(order).length);
}

function cancelled(order: Order): Story {
  const base = { off: true, asks: false };
  if (!isPaid(order)) {
    const open = ["processing", "requires_action", "pending"].includes(order.status);
    const late =
      order.notice && ["refund_under_way", "paid_back", "refund_failed"].includes(order.notice.code);
    const text = late
      ? `notice-${order.notice?.code}-text`
      : open && order.status !== "pending"
        ? "order-called-off-stopping"
        : "order-called-off-unpaid";
    return { ...base, title: "order-called-off-title", text, again: open || late ? SOON : null };
  }
  const { back, coming, left } = money(order);
  const at = stage(order);
  const amount = at === "done" ? back : coming || left;
  return {
    ...base,
    title: "order-called-off-title",
    text: `order-called-off-${at}`,
    amount,
    again: at === "coming" ? SOON : null,
  };
}

function unpaid(order: Order): Story {
  const base = { off: false, asks: false };
  const open = ["processing", "requires_action", "pending"].includes(order.status);
  const status = order.status === "requires_action" ? "processing" : order.status;
  const told = order.notice && order.notice.code !== "nothing_charged";
  const own = told ? `notice-${order.notice?.code}` : `order-${status}`;
  const comes =
    order.notice && ["refund_under_way", "giving_up", "payment_unstoppable"].includes(order.notice.code);
  return { ...base, title: `${own}-title`, text: `${own}-text`, again: open || comes ? SOON : null };
}

function refunded(order: Order): Story {
  const { back, coming } = money(order);
  const returned = order.postponement?.choice === "return";
  const at = stage(order);
  return {
    off: false,
    asks: false,
    title: returned ? "order-returned-title" : `order-refund-${at}-title`,
    text: `order-refund-${at}-text`,
    amount: at === "coming" ? coming : back,
    again: at === "coming" ? SOON : null,
  };
}

function paid(order: Order, voids: number): Story {
  const { back, coming, failed } = money(order);
  const moved = order.postponement;
  const asks = Boolean(moved?.open && moved.choice === null);
  const written = (order.tickets ?? []).length > 0;
  const base: Story = {
    title: asks ? "order-moved-title" : "order-paid-title",
    text: asks ? "order-moved-text" : moved ? "order-moved-kept-text" : "order-paid-text",
    off: false,
    asks,
    again: !written ? 1500 : coming > 0 ? SOON : null,
  };
  if (coming > 0) return { ...base, aside: { text: "order-part-coming", amount: coming, count: voids } };
  if (failed) return { ...base, aside: { text: "order-part-failed", count: voids } };
  if (back > 0) return { ...base, aside: { text: "order-part-done", amount: back, count: voids } };
  if (voids > 0) return { ...base, aside: { text: "order-part-free", count: voids } };
  return base;
}
