// A hold of this browser on the page of its performance: how much is held, how long, and the ways on. Whoever comes back
// from checkout finds here what the plan shows as taken.

import { call, explain, problemOf, showProblem } from "./lib/api";
import { countdown, digits } from "./lib/countdown";
import { el, find, say } from "./lib/dom";
import { busy, giveBackHold, type Hold, type Unit } from "./lib/hold";
import { page, t } from "./lib/page";
import { holds, type KeptHold } from "./lib/store";

type Running = KeptHold & { id: string };

interface OrderNow {
  status: string;
  expires_at: string;
  lines: Unit[];
}

const box = find<HTMLElement>("#holding");
const list = find<HTMLElement>("ul", box);
const said = find<HTMLElement>("#holding-news");
const performance = page.performance?.id ?? "";
const seated = Boolean(page.performance?.plan_url);
/** Orders that are open: their hold is still running. */
const OPEN = ["pending", "requires_action", "processing"];

const stops: (() => void)[] = [];
/** What is held was shown and said once. */
let told = false;

/** What a hold has now by the shop's word, or null where it is over. */
async function look(hold: Running): Promise<{ units: Unit[]; expires: string; paying: boolean } | null> {
  const { order, id } = hold;
  try {
    if (order) {
      const now = await call<OrderNow>(`/orders/${order.id}`, { headers: { "Order-Token": order.token } });
      if (OPEN.includes(now.status))
        return { units: now.lines, expires: now.expires_at, paying: now.status !== "pending" };
      holds.end(id, ["expired", "cancelled"].includes(now.status) ? "over" : "paid");
      return null;
    }
    const now = await call<Hold>(`/holds/${id}`, { headers: { "Hold-Token": hold.token } });
    return { units: now.units, expires: now.expires_at, paying: false };
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === "hold_expired") holds.end(id, "over");
    else if (problem.code === "not_found") holds.drop(id);
    return null;
  }
}

async function show(): Promise<void> {
  const running = holds.of(performance);
  const rows = await Promise.all(
    running.map(async (hold) => {
      const now = await look(hold);
      return now ? row(hold, now.units, now.expires, now.paying) : null;
    }),
  );
  for (const stop of stops.splice(0)) stop();
  list.replaceChildren();
  for (const made of rows) {
    if (!made) continue;
    list.append(made.item);
    stops.push(made.begin());
  }
  box.hidden = list.children.length === 0;
  if (box.hidden || told) return;
  told = true;
  // A page that is come back to may be scrolled past it.
  box.scrollIntoView({ block: "nearest" });
  say(said, [...list.querySelectorAll("p")].map((one) => one.textContent).join(". "));
}

function row(hold: Running, units: Unit[], expires: string, paying: boolean) {
  const seats = [...new Set(units.map((unit) => unit.label))].join("; ");
  const left = el("span", { class: "holding-left", role: "timer", "aria-live": "off" });
  const problem = el("div", { class: "problem", role: "alert", hidden: true });
  const go = el("a", { class: "button", href: `/checkout/${hold.id}`, "data-action": "go-on" }, t("go-on"));
  const back = el(
    "button",
    { type: "button", class: "button button-quiet", "data-action": "give-back" },
    t("give-back"),
  );
  back.hidden = paying;
  const item = el(
    "li",
    { class: "holding-one" },
    el(
      "p",
      {},
      el("strong", {}, t(seated ? "hold-seats" : "hold-tickets", { count: units.length })),
      " ",
      left,
      " ",
      el("small", {}, seats),
    ),
    el("div", { class: "holding-ways" }, go, back),
    problem,
  );
  back.addEventListener("click", () => {
    showProblem(problem, null);
    busy(back, t("giving-back"), () => giveBackHold(hold.id, hold.token))
      .then(() => gone(item, "released-title", true))
      .catch((error: unknown) => {
        const known = problemOf(error);
        if (known.code === "hold_expired" || known.code === "order_state") void show();
        else showProblem(problem, explain(known));
      });
  });
  const begin = () =>
    countdown(new Date(expires), (seconds) => {
      left.textContent = t("hold-left", { time: digits(seconds) });
      if (seconds > 0) return;
      // A payment may go on beyond the time: its order knows.
      if (!paying) holds.end(hold.id, "over");
      gone(item, "held-over-title");
    });
  return { item, begin };
}

/** A hold that is over goes from the page; what had the focus in it hands that on. */
function gone(item: HTMLElement, words: string, focused = item.contains(document.activeElement)): void {
  item.remove();
  say(said, t(words));
  if (list.children.length === 0) box.hidden = true;
  if (focused) find<HTMLElement>("#main").focus();
}

// The page may be shown again as it was left, and other tabs hold and give back too.
addEventListener("pageshow", (event) => {
  if (event.persisted) void show();
});
addEventListener("storage", (event) => {
  if (event.key?.startsWith(holds.key(""))) void show();
});

void show();
