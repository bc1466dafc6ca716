// From a hold to a paid order: who, then how, with the time that is left always in sight.

import checkIcon from "../base/icons/check.svg";
import type { OrderAnswer, OrderNow, PayAnswer } from "./checkout/answers";
import { held, startClock, timeIsUp } from "./checkout/clock";
import { details, focusWrong, readBuyer, showFieldErrors } from "./checkout/details";
import { showOver, whyClosed } from "./checkout/over";
import { call, explain, newKey, type Problem, problemOf, showProblem } from "./lib/api";
import { el, find, icon } from "./lib/dom";
import { busy, giveBackHold, type Hold } from "./lib/hold";
import { mailAsWritten } from "./lib/mail";
import { money, page, t } from "./lib/page";
import { mountPayment, type PaymentForm } from "./lib/payment";
import { holds, type KeptHold, type KeptOrder, orders } from "./lib/store";
import { eventBox, lines, total } from "./lib/summary";

const id = page.hold ?? "";
const root = find<HTMLElement>("#checkout");
const paymentForm = find<HTMLFormElement>("#payment");
const paymentStep = find<HTMLElement>("#step-payment");
const paymentWait = find<HTMLElement>("#payment-wait");
const payButton = find<HTMLButtonElement>("[data-action=pay]");
const slow = find<HTMLElement>("#pay-slow");
const done = find<HTMLElement>("#details-done");
const detailsProblem = find<HTMLElement>("[data-problem]", details);
const payProblem = find<HTMLElement>("[data-problem]", paymentForm);
const giveBack = find<HTMLButtonElement>("#give-back");

/** After so long a payment takes longer than people expect, in milliseconds. */
const SLOW = 5000;

let kept: KeptHold | null = holds.get(id);
let form: PaymentForm | null = null;
/** What the payment form was made for. */
let formFor = "";
let paying = false;

/* Time */

function clock(expires: string): void {
  startClock(expires, kept?.made_at, () => {
    // While a payment may be under way, only its answer tells how this ends.
    if (!paying) void ranOut();
  });
}

/** The time is over, or the hold is: a performance that is called off is called so. */
async function ranOut(): Promise<void> {
  const order = kept?.order;
  if (unanswered && order) return toOrder(order);
  showOver(kept, await whyClosed(kept, "over", 1));
}

/** Nothing of this performance is sold any more. What an order says of it is surest. */
async function closed(): Promise<void> {
  const order = kept?.order;
  const now = order ? await orderNow(order).catch(() => null) : null;
  if (order && now && (now.cancellation || now.status !== "pending")) return toOrder(order);
  showOver(kept, await whyClosed(kept, "closed", 4));
}

/* What is bought */

function showSummary(units: Hold["units"], amount: number, currency: string): void {
  const box = find("#summary");
  const event = eventBox(kept?.summary ?? null, "h3");
  box.replaceChildren(...(event ? [event] : []), lines(units), total(units, amount, currency));
}

/* Step one: who */

/** The key of a wish is kept while its answer may have been lost. */
let asked = { body: "", key: "" };

details.addEventListener("submit", (event) => {
  event.preventDefault();
  showProblem(detailsProblem, null);
  const buyer = readBuyer();
  if (!buyer || !kept) return;
  const before = kept.order;
  if (before && before.email === buyer.email && before.name === buyer.name) return void backToPayment();
  const button = find<HTMLButtonElement>("button[type=submit]", details);
  const token = kept.token;
  const body = { hold_id: id, buyer };
  if (asked.body !== JSON.stringify(body)) asked = { body: JSON.stringify(body), key: newKey() };
  busy(button, t("holding"), async () => {
    const answer = await call<OrderAnswer>("/orders", {
      method: "POST",
      body,
      key: asked.key,
      headers: { "Hold-Token": token },
    });
    asked = { body: "", key: "" };
    const { email, name } = buyer;
    const order: KeptOrder = {
      id: answer.order_id,
      token: answer.token,
      email,
      name,
      payment: answer.payment,
    };
    if (kept) {
      kept = { ...kept, order, expires_at: answer.expires_at };
      holds.set(id, kept);
    }
    if (before) orders.drop(before.id);
    orders.set(order.id, { token: order.token, summary: kept?.summary ?? null });
    clock(answer.expires_at);
    await toPayment(order, answer.total, answer.currency, true);
  }).catch((error: unknown) => {
    const problem = problemOf(error);
    if (problem.status) asked = { body: "", key: "" };
    if (problem.code === "hold_expired") return void ranOut();
    if (problem.code === "not_on_sale") return void closed();
    // A payment for it began elsewhere.
    if (problem.code === "order_state" && before) return toOrder(before);
    if (!showFieldErrors(problem)) showProblem(detailsProblem, explain(problem));
    focusWrong();
  });
});

/** Opens step one again: another address is another order on the same hold, and the shop drops the former. */
function change(): void {
  const order = kept?.order;
  if (!order || paying) return;
  find<HTMLInputElement>("#email").value = mailAsWritten(order.email);
  find<HTMLInputElement>("#name").value = order.name;
  showStep("details");
  find<HTMLInputElement>("#email").focus();
}

function backToPayment(): void {
  showStep("payment");
  find<HTMLElement>("#payment-title").focus();
}

function showStep(step: "details" | "payment"): void {
  const pay = step === "payment";
  details.hidden = pay;
  done.hidden = !pay;
  paymentWait.hidden = pay;
  paymentForm.hidden = !pay;
  paymentStep.classList.toggle("is-waiting", !pay);
}

/* Step two: how */

async function toPayment(order: KeptOrder, amount: number, currency: string, focus: boolean): Promise<void> {
  const again = el("button", { type: "button", class: "link", "data-action": "change" }, t("details-change"));
  again.addEventListener("click", change);
  const words = el("span", {}, t("details-done", { email: mailAsWritten(order.email) }));
  done.replaceChildren(icon(checkIcon), words, again);
  showStep("payment");
  giveBack.hidden = false;
  payButton.textContent = amount > 0 ? t("pay", { total: money(amount, currency) }) : t("pay-free");
  if (focus) find<HTMLElement>("#payment-title").focus();
  const target = find<HTMLElement>("#payment-element");
  target.hidden = amount === 0 || !order.payment;
  if (target.hidden || !order.payment) return;
  // What was typed into the form outlives a change of the address.
  const wanted = JSON.stringify(order.payment);
  if (form && formFor === wanted) return;
  try {
    form = await mountPayment(page.payment_script ?? "", order.payment, target, page.locale);
    formFor = wanted;
  } catch {
    showProblem(payProblem, t("pay-script-failed"));
    payProblem.append(reloader());
  }
}

function reloader(): HTMLElement {
  const again = el("button", { type: "button", class: "link" }, t("try-again"));
  again.addEventListener("click", () => location.reload());
  return again;
}

const toOrder = (order: KeptOrder) => location.assign(`/orders/${order.id}`);

const orderNow = (order: KeptOrder) =>
  call<OrderNow>(`/orders/${order.id}`, { headers: { "Order-Token": order.token } });

interface Attempt {
  token: string | null;
  key: string;
}

/** An attempt whose answer never came: it may have been a payment, so it is asked about before another begins. */
let unanswered: Attempt | null = null;

const lost = (problem: Problem) => problem.code === "network" || problem.status >= 500;

/** One attempt to pay: a key of its own, and the same key for each repetition of it. */
async function pay(order: KeptOrder, one: Attempt, after = false): Promise<void> {
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
  if (after) {
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
  showSlow(false);
  await form?.action(secret);
  payButton.textContent = t("paying");
  showSlow(true);
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

let slowTimer: ReturnType<typeof setTimeout> | undefined;

/** Says after a while that it takes longer and that nothing is charged twice. */
function showSlow(on: boolean): void {
  clearTimeout(slowTimer);
  showProblem(slow, null);
  if (on) slowTimer = setTimeout(() => showProblem(slow, t("paying-slow")), SLOW);
}

/** Runs one attempt, with its button busy and its problems beside it. */
function attempt(order: KeptOrder, work: () => Promise<void>): Promise<void> {
  showProblem(payProblem, null);
  paying = true;
  giveBack.hidden = true;
  const again = done.querySelector("button");
  if (again) again.hidden = true;
  showSlow(true);
  return busy(payButton, t("paying"), work)
    .catch((error: unknown) => refused(problemOf(error), order))
    .finally(() => {
      paying = false;
      showSlow(false);
      // What may be a payment cannot be given back or placed anew.
      giveBack.hidden = unanswered !== null || payButton.hidden;
      if (again) again.hidden = giveBack.hidden;
      if (timeIsUp() && !unanswered) void ranOut();
    });
}

paymentForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const order = kept?.order;
  if (!order || paying || payButton.hidden) return;
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
    else void ranOut();
  } else if (problem.code === "not_on_sale") {
    void closed();
  } else if (problem.code === "too_many_attempts") {
    noMoreTries();
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

/** An order takes so many tries and no more: its tickets go back, and others can be chosen. */
function noMoreTries(): void {
  payButton.hidden = true;
  giveBack.hidden = true;
  find<HTMLElement>("#payment-element").hidden = true;
  find<HTMLElement>(".secure", paymentForm).hidden = true;
  const { phone } = root.dataset;
  const again = el(
    "button",
    { type: "button", class: "button", "data-action": "start-over" },
    t("start-over"),
  );
  again.addEventListener("click", () => {
    const url = kept?.summary?.url ?? "/";
    returning(again, () => location.assign(url));
  });
  const words = [t("problem-too_many_attempts"), phone ? t("call-us", { phone }) : ""];
  showProblem(payProblem, words.join(" ").trim());
  payProblem.append(again);
  again.focus();
}

/* Giving back */

function returning(button: HTMLButtonElement, then: () => void): void {
  const now = kept;
  if (!now) return;
  const problemBox = paymentForm.hidden ? detailsProblem : payProblem;
  busy(button, t("giving-back"), () => giveBackHold(id, now.token))
    .then(then)
    .catch((error: unknown) => {
      const problem = problemOf(error);
      if (problem.code === "hold_expired") return void ranOut();
      if (problem.code === "order_state" && now.order) return toOrder(now.order);
      showProblem(problemBox, explain(problem));
    });
}

giveBack.addEventListener("click", () => returning(giveBack, () => showOver(kept, "released")));

/* Begin, or go on after a reload */

// Another tab may pay for the same hold, or give it back: then this one is out of date.
addEventListener("storage", (event) => {
  if (event.key === holds.key(id) && !paying && !unanswered) location.reload();
});

async function begin(): Promise<void> {
  paymentStep.classList.add("is-waiting");
  // What a bank's way back adds to the address is nobody's business.
  if (location.search) history.replaceState(null, "", location.pathname);
  if (!kept) return showOver(null, "unknown");
  const order = kept.order;
  if (kept.ended === "paid" && order) return location.replace(`/orders/${order.id}`);
  if (kept.ended) return showOver(kept, kept.ended);
  try {
    if (order) {
      const now = await orderNow(order);
      if (now.status !== "pending" && now.status !== "requires_action")
        return location.replace(`/orders/${order.id}`);
      clock(now.expires_at ?? kept.expires_at);
      if (now.lines) showSummary(now.lines, now.total, now.currency);
      await toPayment(order, now.total, now.currency, false);
      const secret = now.progress?.client_secret;
      if (secret) await attempt(order, () => confirmed(order, secret));
      else if (now.progress?.attempts_left === 0) noMoreTries();
    } else {
      const hold = await call<Hold>(`/holds/${id}`, { headers: { "Hold-Token": kept.token } });
      clock(hold.expires_at);
      showSummary(hold.units, hold.total, hold.currency);
      giveBack.hidden = false;
    }
    root.removeAttribute("aria-busy");
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === "hold_expired") return ranOut();
    if (problem.code === "not_found") return showOver(kept, "unknown");
    const words = find<HTMLElement>("[data-words]", held);
    words.textContent = explain(problem);
    words.append(" ", reloader());
  }
}

void begin();
