// An order: how it stands, and its tickets. The token comes in the mail's link, after the `#`, where no server sees it.

import downloadIcon from "../base/icons/download.svg";
import { ApiError, call, problemOf } from "./lib/api";
import { el, find, icon } from "./lib/dom";
import type { Unit } from "./lib/hold";
import { day, page, type Summary, t, time } from "./lib/page";
import { orders } from "./lib/store";
import { eventBox, lines, total } from "./lib/summary";

interface Ticket {
  ticket_id: string;
  label: string;
  code: string;
  holder: string;
  status: "valid" | "used" | "void";
}

interface Order {
  number?: string;
  status: string;
  total: number;
  currency: string;
  lines?: Unit[];
  tickets?: Ticket[];
  buyer?: { email?: string };
  performance_id?: string;
  event?: { slug: string; title: string; starts_at: string; venue: string; city: string } | null;
}

const id = page.order ?? "";
const root = find<HTMLElement>("#order");
const pictures: string[] = [];
let shown = "";

function readToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  if (token) {
    const known = orders.get(id);
    orders.set(id, { summary: known?.summary ?? null, email: known?.email ?? null, token });
    history.replaceState(null, "", location.pathname + location.search);
  }
  return token ?? orders.get(id)?.token ?? null;
}

const headers = (token: string) => ({ "Order-Token": token });

/** A file behind the token, as an address that the page may use. */
async function file(path: string, token: string): Promise<string> {
  const response = await fetch(`/api/v1${path}`, { headers: headers(token) });
  if (!response.ok)
    throw new ApiError({ status: response.status, code: "other", title: response.statusText });
  const url = URL.createObjectURL(await response.blob());
  pictures.push(url);
  return url;
}

/** What the browser kept of the event, or what the order says of it when it was opened from the mail. */
function summaryOf(order: Order): Summary | null {
  const known = orders.get(id)?.summary ?? null;
  const event = order.event;
  if (known || !event) return known;
  return {
    title: event.title,
    url: `/performances/${order.performance_id}`,
    date: day(event.starts_at),
    time: time(event.starts_at),
    doors: null,
    venue: event.venue,
    city: event.city,
    poster: `/posters/${encodeURIComponent(event.slug)}/240.webp`,
  };
}

function message(title: string, text: string, ...more: (Node | null)[]): void {
  const way = el(
    "p",
    { class: "order-actions" },
    el("a", { class: "button button-quiet", href: "/" }, t("back-home")),
  );
  const given = more.filter((node): node is Node => node !== null);
  root.replaceChildren(el("h1", {}, t(title)), el("p", { class: "lead" }, t(text)), ...given, way);
}

function showPaid(order: Order, token: string): void {
  const email = order.buyer?.email ?? orders.get(id)?.email;
  const back = order.status === "refunded";
  const title = back ? t("order-refunded-title") : t("order-paid-title");
  const text = back
    ? t("order-refunded-text")
    : email
      ? t("order-paid-text", { email })
      : t("order-paid-text-plain");
  const head = el(
    "header",
    { class: "order-head" },
    el("h1", {}, title),
    el("p", { class: "lead" }, text),
    order.number ? el("p", { class: "meta" }, t("order-number", { number: order.number })) : null,
    eventBox(summaryOf(order), "h2"),
    back ? null : el("p", { class: "order-actions" }, pdfButton(token)),
  );
  const tickets = order.tickets ?? [];
  const grid = el(
    "ol",
    { class: "tickets" },
    ...tickets.map((ticket, at) => ticketBox(ticket, at, tickets.length, token)),
  );
  const waiting = tickets.length === 0 ? el("p", { role: "status" }, t("order-preparing")) : null;
  const paid = order.lines
    ? el("section", {}, lines(order.lines), total(order.lines, order.total, order.currency))
    : null;
  root.replaceChildren(head, ...(waiting ? [waiting] : [grid]), ...(paid ? [paid] : []));
}

function ticketBox(ticket: Ticket, at: number, count: number, token: string): HTMLElement {
  const picture = el("div", { class: "ticket-qr" });
  file(`/orders/${id}/tickets/${ticket.ticket_id}/qr.svg`, token)
    .then((src) =>
      picture.append(
        el("img", { src, alt: t("ticket-qr", { label: ticket.label }), width: "400", height: "400" }),
      ),
    )
    .catch(() => picture.append(t("ticket-code")));
  return el(
    "li",
    { class: `ticket ticket-${ticket.status}` },
    picture,
    el("h3", {}, ticket.label),
    el(
      "p",
      {},
      ticket.holder,
      el("small", {}, ` · ${t(`ticket-${ticket.status}`)} · ${t("ticket-of", { index: at + 1, count })}`),
    ),
    el("code", { "data-ticket-code": ticket.code }, ticket.code),
  );
}

function pdfButton(token: string): HTMLButtonElement {
  const button = el("button", { type: "button", class: "button", "data-action": "tickets-pdf" });
  button.append(icon(downloadIcon), t("pdf"));
  button.addEventListener("click", () => {
    file(`/orders/${id}/tickets.pdf`, token)
      .then((href) => {
        const link = el("a", { href, download: "tickets.pdf" });
        document.body.append(link);
        link.click();
        link.remove();
      })
      .catch(() => button.after(el("p", { class: "problem", role: "alert" }, t("pdf-failed"))));
  });
  return button;
}

/** Shows the order; answers in how many milliseconds to ask again, or null. */
function show(order: Order, token: string): number | null {
  const state = JSON.stringify(order);
  const again = { processing: 2000, requires_action: 3000, pending: 3000 }[order.status];
  const unwritten = order.status === "paid" && (order.tickets ?? []).length === 0;
  if (state !== shown) {
    shown = state;
    for (const url of pictures.splice(0)) URL.revokeObjectURL(url);
    if (["paid", "partially_refunded", "refunded"].includes(order.status)) showPaid(order, token);
    else if (["processing", "requires_action"].includes(order.status)) {
      message("order-processing-title", "order-processing-text", eventBox(summaryOf(order), "h2"));
    } else if (order.status === "pending")
      message("order-pending-title", "order-pending-text", eventBox(summaryOf(order), "h2"));
    else message(`order-${order.status}-title`, `order-${order.status}-text`);
    root.removeAttribute("aria-busy");
  }
  return unwritten ? 1500 : (again ?? null);
}

async function watch(token: string): Promise<void> {
  let failures = 0;
  for (;;) {
    let pause: number | null;
    try {
      pause = show(await call<Order>(`/orders/${id}`, { headers: headers(token) }), token);
      failures = 0;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 404 || problem.status === 401)
        return message("order-locked-title", "order-locked-text");
      failures += 1;
      if (!shown) {
        const words = t(problem.code === "network" ? "order-waiting-network" : "order-waiting-text");
        root.replaceChildren(el("h1", {}, t("order-waiting-title")), el("p", { class: "lead" }, words));
      }
      pause = Math.min(15000, 2000 * failures);
    }
    if (pause === null) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

const token = readToken();
if (token) void watch(token);
else message("order-locked-title", "order-locked-text");
