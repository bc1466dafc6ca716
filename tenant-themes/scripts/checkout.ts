// From a hold to a paid order: who, then how, with the time that is left always in sight.

import checkIcon from "../base/icons/check.svg";
import { call, explain, newKey, type Problem, problemOf, showProblem } from "./lib/api";
import { countdown, digits, thresholds } from "./lib/countdown";
import { el, find, icon, say } from "./lib/dom";
import { busy, type Hold } from "./lib/hold";
import { money, page, t } from "./lib/page";
import { mountPayment, type PaymentForm } from "./lib/payment";
import { holds, type KeptHold, type KeptOrder, orders, type Payment } from "./lib/store";
import { eventBox, lines, total } from "./lib/summary";

interface OrderAnswer {
  order_id: string;
  token: string;
  status: string;
  total: number;
  currency: string;
  expires_at: string;
  payment: Payment | null;
}

interface OrderNow {
  status: string;
  total: number;
  currency: string;
  expires_at: string;
  lines?: Hold["units"];
  progress?: { client_secret?: string | null } | null;
}

interface PayAnswer {
  status: "paid" | "processing" | "requires_action";
  client_secret?: string;
  action_url?: string;
}

const id = page.hold ?? "";
const root = find<HTMLElement>("#checkout");
const held = find<HTMLElement>("#held");
const live = find<HTMLElement>("#live");
const over = find<HTMLElement>("#over");
const details = find<HTMLFormElement>("#details");
const paymentForm = find<HTMLFormElement>("#payment");
const payButton = find<HTMLButtonElement>("[data-action=pay]");
const detailsProblem = find<HTMLElement>("[data-problem]", details);
const payProblem = find<HTMLElement>("[data-problem]", paymentForm);
const giveBack = find<HTMLButtonElement>("#give-back");

let kept: KeptHold | null = holds.get(id);
let hold: Hold | null = null;
let form: PaymentForm | null = null;
let stop = () => {};
let paying = false;

/* Time */

function inWords(seconds: number): string {
  if (seconds > 90) return t("held-minutes", { count: Math.ceil(seconds / 60) });
  if (seconds > 60) return t("held-minutes", { count: 1 });
  return t("held-seconds", { count: Math.max(0, Math.ceil(seconds)) });
}

function startClock(expires: string): void {
  stop();
  const ends = new Date(expires);
  const whole = Math.max(1, ends.getTime() - new Date(kept?.made_at ?? Date.now()).getTime());
  const bar = find<HTMLElement>("[data-bar]", held);
  const wordsBox = find("[data-words]", held);
  const announce = thresholds([300, 120, 60, 30], (seconds) =>
    say(find("[data-announce]", held), inWords(seconds)),
  );
  stop = countdown(ends, (seconds) => {
    const words = seconds > 60 ? inWords(seconds) : t("held-last");
    if (wordsBox.textContent !== words) wordsBox.textContent = words;
    find("[data-digits]", held).textContent = digits(seconds);
    bar.style.transform = `scaleX(${Math.min(1, Math.max(0, (seconds * 1000) / whole))})`;
    held.toggleAttribute("data-urgent", seconds < 120);
    announce(seconds);
    if (seconds <= 0 && !paying) end("held-over-title", "held-over-text");
  });
}

/** The hold is over: what happened, what was not charged, and the way back. */
function end(title: string, text: string): void {
  stop();
  const url = kept?.summary?.url;
  holds.drop(id);
  held.hidden = true;
  live.hidden = true;
  over.hidden = false;
  const heading = el("h2", { tabindex: "-1" }, t(title));
  const again = el("a", { class: "button", href: url ?? "/" }, t(url ? "held-again" : "back-home"));
  over.replaceChildren(heading, el("p", { class: "lead" }, t(text)), again);
  heading.focus();
}

/* What is bought */

function showSummary(units: Hold["units"], amount: number, currency: string): void {
  const box = find("#summary");
  const event = eventBox(kept?.summary ?? null, "h3");
  box.replaceChildren(...(event ? [event] : []), lines(units), total(units, amount, currency));
}

/* Step one: who */

function fieldProblem(name: "email" | "name", words: string | null): void {
  const input = find<HTMLInputElement>(`#${name}`);
  showProblem(find<HTMLElement>(`#${name}-problem`), words);
  if (words) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function readBuyer(): { email: string; name: string; locale: string } | null {
  const email = find<HTMLInputElement>("#email").value.trim();
  const name = find<HTMLInputElement>("#name").value.trim();
  const goodEmail = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) || /^[^\s@]+@localhost$/.test(email);
  const goodName = [...name].length <= 200 && !/[\p{Cc}\u2028\u2029]/u.test(name);
  fieldProblem("email", goodEmail ? null : t("email-invalid"));
  fieldProblem("name", name === "" ? t("name-missing") : goodName ? null : t("name-invalid"));
  const first = details.querySelector<HTMLInputElement>("[aria-invalid=true]");
  first?.focus();
  return first ? null : { email, name, locale: page.locale };
}

/** Problems of single fields stand beside them. */
function showFieldErrors(problem: Problem): boolean {
  let shown = false;
  for (const error of problem.errors ?? []) {
    const name = error.pointer.includes("email") ? "email" : error.pointer.includes("name") ? "name" : null;
    if (!name) continue;
    fieldProblem(name, name === "email" ? t("email-invalid") : t("name-invalid"));
    shown = true;
  }
  return shown;
}

let orderKey = newKey();

details.addEventListener("submit", (event) => {
  event.preventDefault();
  showProblem(detailsProblem, null);
  const buyer = readBuyer();
  if (!buyer || !kept) return;
  const button = find<HTMLButtonElement>("button", details);
  const token = kept.token;
  busy(button, t("holding"), async () => {
    const body = { hold_id: id, buyer };
    const answer = await call<OrderAnswer>("/orders", {
      method: "POST",
      body,
      key: orderKey,
      headers: { "Hold-Token": token },
    });
    const order: KeptOrder = {
      id: answer.order_id,
      token: answer.token,
      email: buyer.email,
      payment: answer.payment,
    };
    if (kept) {
      kept = { ...kept, order, expires_at: answer.expires_at };
      holds.set(id, kept);
    }
    orders.set(order.id, { token: order.token, summary: kept?.summary ?? null, email: buyer.email });
    startClock(answer.expires_at);
    await toPayment(order, answer.total, answer.currency, true);
  }).catch((error: unknown) => {
    const problem = problemOf(error);
    if (problem.code === "hold_expired") return end("held-over-title", "held-over-text");
    if (problem.status) orderKey = newKey();
    if (!showFieldErrors(problem)) showProblem(detailsProblem, explain(problem));
    details.querySelector<HTMLInputElement>("[aria-invalid=true]")?.focus();
  });
});

/* Step two: how */

async function toPayment(order: KeptOrder, amount: number, currency: string, focus: boolean): Promise<void> {
  details.hidden = true;
  const done = find<HTMLElement>("#details-done");
  done.replaceChildren(icon(checkIcon), t("details-done", { email: order.email }));
  done.hidden = false;
  giveBack.hidden = true;
  find<HTMLElement>("#payment-wait").hidden = true;
  find("#step-payment").classList.remove("is-waiting");
  paymentForm.hidden = false;
  payButton.textContent = amount > 0 ? t("pay", { total: money(amount, currency) }) : t("pay-free");
  if (focus) find<HTMLElement>("#payment-title").focus();
  if (amount === 0 || !order.payment) {
    find<HTMLElement>("#payment-element").hidden = true;
    return;
  }
  try {
    const target = find<HTMLElement>("#payment-element");
    form = await mountPayment(page.payment_script ?? "", order.payment, target, page.locale);
  } catch {
    showProblem(payProblem, t("pay-script-failed"));
    const again = el("button", { type: "button", class: "link" }, t("try-again"));
    again.addEventListener("click", () => location.reload());
    payProblem.append(again);
  }
}

const toOrder = (order: KeptOrder) => {
  holds.drop(id);
  location.assign(`/orders/${order.id}`);
};

interface Attempt {
  token: string | null;
  key: string;
}

/** An attempt whose answer never came: it may have been a payment, so it is asked about before another begins. */
let unanswered: Attempt | null = null;

const lost = (problem: Problem) => problem.code === "network" || problem.status >= 500;

/** One attempt to pay: a key of its own, and the same key for each repetition of it. */
async function pay(order: KeptOrder, one: Attempt, asked = false): Promise<void> {
  unanswered = one;
  let answer: PayAnswer;
  try {
    answer = await call<PayAnswer>(`/orders/${order.id}/pay`, {
      method: "POST",
      body: one.token ? { confirmation_token: one.token } : {},
      key: one.key,
      headers: { "Order-Token": order.token },
      tries: 4,
    });
  } catch (error) {
    if (!lost(problemOf(error))) unanswered = null;
    throw error;
  }
  unanswered = null;
  if (answer.status !== "requires_action") return toOrder(order);
  if (asked) {
    showProblem(payProblem, t("declined-authentication"));
    return;
  }
  if (!answer.client_secret || !form) {
    if (answer.action_url) location.assign(answer.action_url);
    return;
  }
  return confirmed(order, answer.client_secret);
}

/** The bank's own step; how the bank decided the shop knows best. */
async function confirmed(order: KeptOrder, secret: string): Promise<void> {
  payButton.textContent = t("pay-action");
  await form?.action(secret);
  return pay(order, { token: null, key: newKey() }, true);
}

/** A token for what is in the form, or null after saying what is wrong there. Free orders need none. */
async function entered(order: KeptOrder): Promise<Attempt | null> {
  if (!form && order.payment?.amount) {
    showProblem(payProblem, t("pay-script-failed"));
    return null;
  }
  if (!form) return { token: null, key: newKey() };
  const answer = await form.token(order.email);
  if ("id" in answer) return { token: answer.id, key: newKey() };
  if (answer.problem) showProblem(payProblem, answer.problem);
  return null;
}

/** Runs one attempt, with its button busy and its problems beside it. */
function attempt(order: KeptOrder, work: () => Promise<void>): Promise<void> {
  showProblem(payProblem, null);
  paying = true;
  return busy(payButton, t("paying"), work)
    .catch((error: unknown) => refused(problemOf(error), order))
    .finally(() => {
      paying = false;
    });
}

paymentForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const order = kept?.order;
  if (!order) return;
  void attempt(order, async () => {
    const next = unanswered ?? (await entered(order));
    if (next) await pay(order, next);
  });
});

function refused(problem: Problem, order: KeptOrder): void {
  if (problem.code === "order_state") {
    toOrder(order);
  } else if (problem.code === "hold_expired") {
    // Something was charged, and goes back: the order's page says it all.
    if (problem.notice) toOrder(order);
    else end("held-over-title", "held-over-text");
  } else if (lost(problem)) {
    showProblem(
      payProblem,
      t(problem.code === "network" ? "problem-pay-network" : "problem-pay-unavailable"),
    );
  } else if (problem.code === "payment_declined") {
    showProblem(payProblem, "");
    payProblem.replaceChildren(el("strong", {}, t("declined-title")), el("span", {}, explain(problem)));
  } else {
    showProblem(payProblem, explain(problem));
  }
}

giveBack.addEventListener("click", () => {
  if (!kept) return;
  const headers = { "Hold-Token": kept.token };
  busy(giveBack, t("holding"), () => call<void>(`/holds/${id}`, { method: "DELETE", headers }))
    .then(() => end("released-title", "released-text"))
    .catch((error: unknown) => showProblem(detailsProblem, explain(problemOf(error))));
});

/* Begin, or go on after a reload */

async function begin(): Promise<void> {
  find("#step-payment").classList.add("is-waiting");
  if (!kept) return end("held-unknown-title", "held-unknown-text");
  const order = kept.order;
  try {
    if (order) {
      const now = await call<OrderNow>(`/orders/${order.id}`, { headers: { "Order-Token": order.token } });
      if (now.status !== "pending" && now.status !== "requires_action") return toOrder(order);
      startClock(now.expires_at ?? kept.expires_at);
      if (now.lines) showSummary(now.lines, now.total, now.currency);
      await toPayment(order, now.total, now.currency, false);
      const secret = now.progress?.client_secret;
      if (secret) await attempt(order, () => confirmed(order, secret));
    } else {
      hold = await call<Hold>(`/holds/${id}`, { headers: { "Hold-Token": kept.token } });
      startClock(hold.expires_at);
      showSummary(hold.units, hold.total, hold.currency);
      giveBack.hidden = false;
    }
    root.removeAttribute("aria-busy");
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === "hold_expired") return end("held-over-title", "held-over-text");
    if (problem.code === "not_found") return end("held-unknown-title", "held-unknown-text");
    const words = find<HTMLElement>("[data-words]", held);
    words.textContent = explain(problem);
    const again = el("button", { type: "button", class: "link" }, t("try-again"));
    again.addEventListener("click", () => location.reload());
    words.append(" ", again);
  }
}

void begin();
