// A new date: two ways, keep or return. Returning is asked again, since it cannot be undone.

import { call, explain, problemOf, showProblem } from "../lib/api";
import { el } from "../lib/dom";
import { day, money as price, t, time } from "../lib/page";
import { money, type Order, type Postponement } from "./story";

export const when = (iso: string) => `${day(iso)}, ${time(iso)}`;

interface Asked {
  id: string;
  token: string;
  order: Order;
  moved: Postponement;
  /** The buyer chose: the page is to be shown anew. */
  done: () => void;
}

/** The panel with both ways; where the buyer keeps already, the way back alone. */
export function choicePanel(asked: Asked): HTMLElement {
  const { order, moved } = asked;
  const left = money(order).left;
  const problem = el("div", { class: "problem", role: "alert", hidden: true });
  const back =
    left > 0 ? t("choice-return", { amount: price(left, order.currency) }) : t("choice-return-free");
  const giveBack = el(
    "button",
    { type: "button", class: "button button-quiet", "data-action": "return" },
    back,
  );
  const keep = el(
    "button",
    { type: "button", class: "button", "data-action": "keep" },
    t("choice-keep", { date: day(moved.starts_at) }),
  );
  const buttons = moved.choice === "keep" ? [giveBack] : [keep, giveBack];

  async function choose(choice: "keep" | "return"): Promise<void> {
    for (const button of buttons) button.disabled = true;
    showProblem(problem, null);
    try {
      const headers = { "Order-Token": asked.token };
      // The same choice again changes nothing, so a lost answer is asked for anew.
      await call(`/orders/${asked.id}/postponement`, { method: "POST", body: { choice }, headers, tries: 3 });
      asked.done();
    } catch (error) {
      const known = problemOf(error);
      for (const button of buttons) button.disabled = false;
      // Something changed meanwhile: what stands now says it.
      if (known.code === "order_state") asked.done();
      else showProblem(problem, known.code === "network" ? t("choice-network") : explain(known));
    }
  }

  keep.addEventListener("click", () => void choose("keep"));
  giveBack.addEventListener("click", () => {
    const dialog = sure(order, () => void choose("return"));
    document.body.append(dialog);
    dialog.showModal();
  });
  const until = t(moved.choice === "keep" ? "choice-kept-text" : "choice-text", {
    until: when(moved.return_until),
  });
  return el(
    "section",
    { class: "choice", "aria-labelledby": "choice-title" },
    el("h2", { id: "choice-title" }, t(moved.choice === "keep" ? "choice-kept-title" : "choice-title")),
    el("p", {}, until),
    el("div", { class: "choice-ways" }, ...buttons),
    problem,
  );
}

/** Asks once more. */
function sure(order: Order, yes: () => void): HTMLDialogElement {
  const count = (order.tickets ?? []).filter((ticket) => ticket.status !== "void").length;
  const left = money(order).left;
  const text =
    left > 0 ? t("return-sure-text", { amount: price(left, order.currency) }) : t("return-sure-free");
  const go = el(
    "button",
    { type: "button", class: "button", "data-action": "return-sure" },
    t("return-sure-yes", { count }),
  );
  const no = el(
    "button",
    { type: "button", class: "button button-quiet", autofocus: true },
    t("return-sure-no"),
  );
  const dialog = el(
    "dialog",
    { class: "sure", "aria-labelledby": "sure-title", "aria-describedby": "sure-text" },
    el("h2", { id: "sure-title" }, t("return-sure-title", { count })),
    el("p", { id: "sure-text" }, text),
    el("div", { class: "choice-ways" }, go, no),
  );
  go.addEventListener("click", () => {
    dialog.close();
    yes();
  });
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
}
