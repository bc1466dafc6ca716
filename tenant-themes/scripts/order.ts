// An order: how it stands, and its tickets. The token comes in the mail's link, after the `#`, where no server sees it.

import { call, problemOf } from "./lib/api";
import { countdown, digits } from "./lib/countdown";
import { el, find, say } from "./lib/dom";
import { mailAsWritten } from "./lib/mail";
import { day, hasText, money as price, page, type Summary, t, time } from "./lib/page";
import { standingOf } from "./lib/programme";
import { holds, orders } from "./lib/store";
import { eventBox, lines, total } from "./lib/summary";
import { choicePanel, when } from "./order/choice";
import { money, type Order, type Story, story, takenBack } from "./order/story";
import { dropPictures, goodTickets, pdfButton, voidTickets } from "./order/tickets";

const id = page.order ?? "";
const root = find<HTMLElement>("#order");
const spoken = find<HTMLElement>("#order-news");
let shown = "";
/** Ends the pause before the page asks again, which lasts for ever where nothing more happens by itself. */
let wake: () => void = () => {};

/** Does the heading take the focus, since what had it goes? */
let takesFocus = false;

/** The buyer chose: the page is shown anew. */
function chosen(): void {
  takesFocus = true;
  wake();
}

function readToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  if (token) orders.set(id, { summary: orders.get(id)?.summary ?? null, token });
  // Neither the token nor what a bank's way back adds stays in the address.
  if (location.hash || location.search) history.replaceState(null, "", location.pathname);
  return token ?? orders.get(id)?.token ?? null;
}

/** What the order says of its event, since a date may have moved; else what the browser kept. */
function summaryOf(order: Order): Summary | null {
  const event = order.event;
  if (!event) return orders.get(id)?.summary ?? null;
  return {
    title: event.title,
    event: event.slug,
    url: `/performances/${order.performance_id}`,
    date: day(event.starts_at),
    time: time(event.starts_at),
    doors: event.doors_at ? time(event.doors_at) : null,
    venue: event.venue,
    city: event.city,
    poster: `/posters/${encodeURIComponent(event.slug)}/240.webp`,
  };
}

/** Puts words in the page and says them to those who listen. */
function put(title: string, text: string, ...nodes: (Node | null)[]): void {
  const moved = root.contains(document.activeElement) && document.activeElement !== root;
  const heading = el("h1", { tabindex: "-1" }, title);
  const given = nodes.filter((node): node is Node => node !== null);
  root.replaceChildren(heading, el("p", { class: "lead" }, text), ...given);
  root.removeAttribute("aria-busy");
  if (moved || takesFocus) heading.focus();
  takesFocus = false;
  say(spoken, `${title}. ${text}`);
}

const home = () =>
  el("p", { class: "order-actions" }, el("a", { class: "button button-quiet", href: "/" }, t("back-home")));

/** What an unpaid order's buyer can do now, if anything, and for how long. */
function wayOn(order: Order): HTMLElement | null {
  const bank = order.status === "requires_action" ? order.progress?.action_url : null;
  const kept = order.hold_id ? holds.get(order.hold_id) : null;
  const hold = order.status === "pending" && kept && !kept.ended ? order.hold_id : null;
  const href = bank ?? (hold ? `/checkout/${hold}` : null);
  if (!href) return null;
  // After a try that failed the words above say so.
  const words = bank ? "order-confirm" : order.notice ? "order-try-again" : "order-go-on";
  const way = el("a", { class: "button", href }, t(words));
  return el("div", { class: "order-actions" }, way, order.expires_at ? timeLeft(order.expires_at) : null);
}

let stopTime = () => {};

/** How long the tickets are held; when that is over the page looks again. */
function timeLeft(expires: string): HTMLElement {
  const box = el("p", { class: "meta order-left", role: "timer", "aria-live": "off" });
  stopTime();
  stopTime = countdown(new Date(expires), (seconds) => {
    box.textContent = seconds > 0 ? t("held-left", { time: digits(seconds) }) : "";
    if (seconds <= 0) wake();
  });
  return box;
}

/** A way to the event's other dates, where there are some. */
function otherDates(order: Order): HTMLElement {
  const way = el("a", { class: "button button-quiet", href: "/" }, t("back-home"));
  const { event, performance_id } = order;
  if (event && performance_id)
    void standingOf(event.slug, performance_id).then((now) => {
      if (!now?.others) return;
      way.href = `/events/${event.slug}`;
      way.textContent = t("other-dates");
    });
  return el("p", { class: "order-actions" }, way);
}

/** What this browser keeps follows how the order stands. */
function keep(order: Order, token: string): void {
  orders.set(id, { summary: orders.get(id)?.summary ?? null, token }, order.event?.starts_at);
  const hold = order.hold_id;
  if (!hold || holds.get(hold)?.order?.id !== id) return;
  if (["paid", "partially_refunded", "refunded"].includes(order.status)) holds.end(hold, "paid");
  else if (order.cancellation) holds.end(hold, "cancelled");
  else if (order.status === "expired") holds.end(hold, "over");
}

function words(order: Order, told: Story): [string, string] {
  const moved = order.postponement;
  const email = order.buyer?.email ? mailAsWritten(order.buyer.email) : "";
  const values = {
    amount: price(told.amount ?? 0, order.currency),
    email,
    date: moved ? when(moved.starts_at) : "",
    before: moved ? when(moved.starts_at_before) : "",
  };
  const plain = told.text === "order-paid-text" && !email ? "order-paid-text-plain" : told.text;
  const text = hasText(plain) ? t(plain, values) : (order.notice?.text ?? "");
  const title = hasText(told.title) ? told.title : `order-${order.status}-title`;
  return [t(title, values), text];
}

function draw(order: Order, told: Story, token: string): void {
  dropPictures();
  stopTime();
  keep(order, token);
  const [title, text] = words(order, told);
  const tickets = order.tickets ?? [];
  const good = goodTickets(id, tickets, token);
  const moved = order.postponement;
  const note = order.cancellation?.note ?? (told.asks ? moved?.note : null);
  const aside = told.aside;
  const number = order.number ? t("order-number", { number: order.number }) : null;
  const before = moved && good && !told.off ? t("instead-of", { date: when(moved.starts_at_before) }) : null;
  const open = moved?.open && good && (told.asks || moved.choice === "keep");
  const panel = open ? choicePanel({ id, token, order, moved, done: chosen }) : null;
  const waiting = order.status === "paid" && tickets.length === 0 && !told.off;
  const paid = ["paid", "partially_refunded", "refunded"].includes(order.status);
  put(
    title,
    text,
    note ? el("blockquote", { class: "order-note" }, note) : null,
    told.asks ? panel : null,
    told.off ? null : wayOn(order),
    aside
      ? el(
          "p",
          { class: "notice" },
          t(aside.text, { amount: price(aside.amount ?? 0, order.currency), count: aside.count ?? 0 }),
        )
      : null,
    eventBox(summaryOf(order), "h2", { off: told.off, before, number }),
    good ? el("p", { class: "order-actions" }, pdfButton(id, token)) : null,
    good,
    waiting ? el("p", {}, t("order-preparing")) : null,
    // Where all are void the words above say so.
    good ? voidTickets(takenBack(order)) : null,
    told.asks ? null : panel,
    paid && order.lines
      ? el("section", {}, lines(order.lines), total(order.lines, order.total, order.currency), returns(order))
      : null,
    good ? null : told.off ? otherDates(order) : home(),
  );
}

/** What went back and what is on its way, under the sum. */
function returns(order: Order): HTMLElement | null {
  const { back, coming } = money(order);
  const line = (key: string, amount: number) =>
    amount > 0
      ? el(
          "p",
          { class: "summary-back" },
          el("span", {}, t(key)),
          el("span", { class: "price" }, `−${price(amount, order.currency)}`),
        )
      : null;
  if (back + coming === 0) return null;
  return el("div", {}, line("refund-done", back), line("refund-coming", coming));
}

/** Shows the order; answers in how many milliseconds to ask again, or null. */
function show(order: Order, token: string): number | null {
  const state = JSON.stringify(order);
  const told = story(order);
  if (state !== shown) {
    shown = state;
    draw(order, told, token);
  }
  return told.again;
}

async function watch(token: string): Promise<void> {
  let failures = 0;
  for (;;) {
    let pause: number | null;
    try {
      pause = show(await call<Order>(`/orders/${id}`, { headers: { "Order-Token": token } }), token);
      failures = 0;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 404 || problem.status === 401) return locked();
      failures += 1;
      const key = problem.code === "network" ? "order-waiting-network" : "order-waiting-text";
      if (!shown) put(t("order-waiting-title"), t(key));
      pause = Math.min(15000, 2000 * failures);
    }
    const rested = pause;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (rested !== null) setTimeout(resolve, rested);
    });
  }
}

/** Nothing here opens it; a token that opened nothing is not kept. */
function locked(): void {
  orders.drop(id);
  put(t("order-locked-title"), t("order-locked-text"), home());
}

const token = readToken();
if (token) void watch(token);
else locked();
