// Choosing seats: the plan, the tray, and the best seats by list.

import minusIcon from "../base/icons/x.svg";
import { ApiError, call, explain, problemOf, showProblem } from "./lib/api";
import { all, el, find, icon, say } from "./lib/dom";
import { busy, holdAndGo } from "./lib/hold";
import { type Level, money, moneyShort, page, type TicketType, t } from "./lib/page";
import { Camera } from "./map/camera";
import { type Drawing, draw } from "./map/drawing";
import { next } from "./map/keys";
import { bits, type Layout, layOut, type Plan, type Seat } from "./map/plan";

const show = page.performance;
if (!show) throw new Error("no performance on this page");
const levels: Level[] = show.levels;
const limit = show.limit;

const map = find<HTMLElement>("#map");
const said = find<HTMLElement>("#said");
const tray = find<HTMLElement>("#tray");
const list = find<HTMLElement>("#tray-list");
const where = find<HTMLElement>("#map-where");
const way = find<HTMLButtonElement>("[data-action=checkout]", tray);
const trayProblem = find<HTMLElement>("[data-problem]", tray);

interface Chosen {
  seat: number;
  type: TicketType;
}

let layout: Layout | null = null;
let drawing: Drawing | null = null;
let camera: Camera | null = null;
let free: boolean[] = [];
let focused = 0;
let chosen: Chosen[] = [];

/* Words */

const nameOf = (seat: Seat) =>
  t("seat-label", {
    section: layout?.sections[seat.section]?.name ?? "",
    row: seat.row,
    number: seat.number,
  });

const levelOf = (seat: Seat) => levels[seat.level];

function labelOf(seat: Seat, at: number): string {
  const name = nameOf(seat);
  const level = levelOf(seat);
  const type = level?.ticket_types[0];
  if (!level || !type) return t("seat-not-sold", { seat: name });
  if (isChosen(at)) return t("seat-chosen", words(name, level, type));
  return free[at] ? t("seat-available", words(name, level, type)) : t("seat-gone", { seat: name });
}

const words = (seat: string, level: Level, type: TicketType) => ({
  seat,
  level: level.name,
  price: money(type.price.total, type.price.currency),
});

const isChosen = (at: number) => chosen.some((one) => one.seat === at);
const sum = () => chosen.reduce((total, one) => total + one.type.price.total, 0);
const currency = () => levels[0]?.ticket_types[0]?.price.currency ?? "EUR";

/* State → page */

function paint(at: number): void {
  const seat = layout?.seats[at];
  const element = drawing?.seats[at];
  if (!seat || !element) return;
  const can = (free[at] || isChosen(at)) && seat.level >= 0;
  element.setAttribute("aria-checked", String(isChosen(at)));
  if (can) element.removeAttribute("aria-disabled");
  else element.setAttribute("aria-disabled", "true");
  element.setAttribute("aria-label", labelOf(seat, at));
}

function showTray(): void {
  list.replaceChildren(
    ...chosen.flatMap((one) => {
      const seat = layout?.seats[one.seat];
      const level = seat && levelOf(seat);
      if (!seat || !level) return [];
      const name = nameOf(seat);
      const remove = el("button", {
        type: "button",
        class: "tray-remove",
        "aria-label": t("remove", { seat: name }),
      });
      remove.append(icon(minusIcon));
      remove.addEventListener("click", () => {
        toggle(one.seat);
        const rest = list.querySelector<HTMLElement>(".tray-remove");
        (rest ?? drawing?.seats[one.seat] ?? way).focus();
      });
      const price = moneyShort(one.type.price.total, one.type.price.currency);
      const section = layout?.sections[seat.section]?.name ?? "";
      const place = t("seat-in-row", { row: seat.row, number: seat.number });
      return [
        el(
          "li",
          { class: "tray-item" },
          el("i", { class: `swatch level-${seat.level + 1}` }),
          el("span", { class: "seat-name" }, place, el("small", {}, section)),
          level.ticket_types.length > 1
            ? typeSelect(one, level, name)
            : el("span", { class: "price" }, price),
          remove,
        ),
      ];
    }),
  );
  find("[data-count]", tray).textContent = t("tray-count", { count: chosen.length });
  find("[data-total]", tray).textContent = chosen.length > 0 ? money(sum(), currency()) : "";
  way.disabled = chosen.length === 0;
}

function typeSelect(one: Chosen, level: Level, name: string): HTMLSelectElement {
  const select = el("select", { "aria-label": t("ticket-type-for", { seat: name }) });
  for (const type of level.ticket_types) {
    const price = moneyShort(type.price.total, type.price.currency);
    const option = el("option", { value: type.id }, `${type.name} ${price}`);
    option.selected = type.id === one.type.id;
    select.append(option);
  }
  select.addEventListener("change", () => {
    one.type = level.ticket_types.find((type) => type.id === select.value) ?? one.type;
    find("[data-total]", tray).textContent = money(sum(), currency());
  });
  return select;
}

function toggle(at: number): void {
  const seat = layout?.seats[at];
  const type = seat && levelOf(seat)?.ticket_types[0];
  if (!seat || !type) return;
  showProblem(trayProblem, null);
  const name = nameOf(seat);
  if (isChosen(at)) {
    chosen = chosen.filter((one) => one.seat !== at);
    say(said, t("seat-removed", { seat: name, count: chosen.length, total: money(sum(), currency()) }));
  } else if (!free[at]) {
    say(said, labelOf(seat, at));
    return;
  } else if (chosen.length >= limit) {
    showProblem(trayProblem, t("limit-reached", { count: limit }));
    return;
  } else {
    chosen = [...chosen, { seat: at, type }];
    const price = money(type.price.total, type.price.currency);
    say(said, t("seat-added", { seat: name, price, count: chosen.length, total: money(sum(), currency()) }));
  }
  paint(at);
  showTray();
}

/* Plan */

function focusSeat(at: number, move = true): void {
  drawing?.seats[focused]?.setAttribute("tabindex", "-1");
  focused = at;
  const element = drawing?.seats[at];
  element?.setAttribute("tabindex", "0");
  if (!move) return;
  element?.focus({ preventScroll: true });
  const seat = layout?.seats[at];
  if (seat) camera?.reveal(seat);
}

function listen(root: SVGSVGElement): void {
  const seatAt = (target: EventTarget | null) => {
    const element = (target as Element | null)?.closest<SVGGElement>("[data-seat]");
    return element && drawing ? drawing.seats.indexOf(element) : -1;
  };
  root.addEventListener("click", (event) => {
    if (camera?.dragged && event.detail > 0) return;
    const at = seatAt(event.target);
    const section = (event.target as Element).closest<SVGElement>("[data-section]")?.dataset.section;
    const pixels = camera?.pixelsPerSeat ?? 0;
    const coarse = (event as PointerEvent).pointerType === "touch" && pixels < 20;
    const near = at >= 0 ? layout?.seats[at]?.section : section === undefined ? undefined : Number(section);
    if ((coarse || at < 0) && near !== undefined) {
      const box = layout?.sections[near]?.box;
      if (box && pixels < 26) camera?.fit(box);
      return;
    }
    if (at >= 0) {
      focusSeat(at, false);
      toggle(at);
    }
  });
  root.addEventListener("keydown", (event) => {
    const at = seatAt(event.target);
    if (at < 0 || !layout || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      toggle(at);
      return;
    }
    if (event.key === "+" || event.key === "-") {
      camera?.zoom(event.key === "+" ? 1.6 : 1 / 1.6);
      return;
    }
    const to = next(layout.seats, at, event.key);
    if (to === null) return;
    event.preventDefault();
    focusSeat(to);
  });
  root.addEventListener("focusin", (event) => {
    const at = seatAt(event.target);
    const seat = layout?.seats[at];
    if (!seat) return;
    if (at !== focused) focusSeat(at, false);
    where.textContent = nameOf(seat);
    where.hidden = false;
  });
  root.addEventListener("focusout", () => {
    where.hidden = true;
  });
}

for (const button of all<HTMLButtonElement>("[data-zoom]")) {
  button.addEventListener("click", () => {
    if (button.dataset.zoom === "whole") camera?.whole();
    else camera?.zoom(button.dataset.zoom === "in" ? 1.8 : 1 / 1.8);
  });
}

/* Legend: one price at a time, or all */

const legend = all<HTMLButtonElement>(".legend-level");
for (const button of legend) {
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const other of legend) other.setAttribute("aria-pressed", String(on && other === button));
    map.toggleAttribute("data-only", on);
    const level = levels.findIndex((one) => one.id === button.dataset.level);
    layout?.seats.forEach((seat, at) => {
      drawing?.seats[at]?.classList.toggle("is-only", on && seat.level === level);
    });
  });
}

/* Availability, at most a second old at the source */

interface Availability {
  price_levels: { id: string; free: number }[];
  sections: { id: string; free: string }[];
}

let known = "";

async function refresh(): Promise<void> {
  const answer = await call<Availability>(`/performances/${show?.id}/availability`, { tries: 1 }).catch(
    () => null,
  );
  if (!answer || !layout) return;
  // Not by its version: a hold that runs out frees seats without one.
  const now = JSON.stringify([answer.sections, answer.price_levels]);
  if (now === known) return;
  known = now;
  const bySection = new Map(answer.sections.map((section) => [section.id, bits(section.free)]));
  layout.seats.forEach((seat, at) => {
    const isFree = bySection.get(layout?.sections[seat.section]?.id ?? "")?.(seat.index) ?? false;
    if (free[at] === isFree) return;
    free[at] = isFree;
    if (!isFree && isChosen(at)) lose(at);
    paint(at);
  });
  for (const level of answer.price_levels) {
    const button = legend.find((one) => one.dataset.level === level.id);
    button?.toggleAttribute("data-gone", level.free === 0);
    const words = button?.querySelector("[data-free]");
    if (words) words.textContent = t("legend-free", { count: level.free });
  }
}

function lose(at: number): void {
  const seat = layout?.seats[at];
  chosen = chosen.filter((one) => one.seat !== at);
  if (seat) showProblem(trayProblem, t("seat-lost", { seat: nameOf(seat) }));
  showTray();
}

/* On to checkout */

way.addEventListener("click", () => {
  const wish = chosen.flatMap((one) => {
    const seat = layout?.seats[one.seat];
    return seat ? [{ seat: seat.id, ticket_type: one.type.id }] : [];
  });
  showProblem(trayProblem, null);
  busy(way, t("holding"), () => holdAndGo(show.id, { seats: wish }))
    .catch(async (error: unknown) => {
      const problem = problemOf(error);
      const lost = new Set(problem.seats ?? []);
      const message = explain(problem, (id) => {
        const seat = layout?.seats.find((one) => one.id === id);
        return seat ? nameOf(seat) : id;
      });
      layout?.seats.forEach((seat, at) => {
        if (lost.has(seat.id)) {
          free[at] = false;
          chosen = chosen.filter((one) => one.seat !== at);
          paint(at);
        }
      });
      await refresh();
      showProblem(trayProblem, message);
    })
    .finally(showTray);
});

/* The best seats by list */

const best = find<HTMLFormElement>("#best");
const [levelSelect, typeOf, countOf] = all<HTMLSelectElement>("select", best);
const bestProblem = find<HTMLElement>("[data-problem]", best);

const bestLevel = () => levels.find((one) => one.id === levelSelect?.value) ?? levels[0];

/** Levels of which the plan has no seat are not offered. */
function hideUnused(): void {
  const used = new Set(layout?.seats.map((seat) => levels[seat.level]?.id));
  for (const button of legend) button.hidden = !used.has(button.dataset.level);
  for (const option of [...(levelSelect?.options ?? [])]) if (!used.has(option.value)) option.remove();
  showTypes();
  showBest();
}

function showTypes(): void {
  const types = bestLevel()?.ticket_types ?? [];
  typeOf?.replaceChildren(...types.map((type) => el("option", { value: type.id }, type.name)));
}

function showBest(): void {
  const type = bestLevel()?.ticket_types.find((one) => one.id === typeOf?.value);
  const total = (type?.price.total ?? 0) * Number(countOf?.value ?? 1);
  find("[data-best-total]", best).textContent = money(total, currency());
}

countOf?.append(
  ...Array.from({ length: limit }, (_, at) => el("option", { value: String(at + 1) }, String(at + 1))),
);
if (countOf) countOf.value = String(Math.min(2, limit));
showTypes();
showBest();
levelSelect?.addEventListener("change", showTypes);
best.addEventListener("change", showBest);
best.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = find<HTMLButtonElement>("button[type=submit]", best);
  const quantity = Number(countOf?.value ?? 1);
  const place = { price_level: levelSelect?.value ?? "", quantity, adjacent: quantity > 1 };
  const wish = { places: [{ ...place, ...(typeOf?.value ? { ticket_type: typeOf.value } : {}) }] };
  showProblem(bestProblem, null);
  busy(button, t("finding"), () => holdAndGo(show.id, wish)).catch((error: unknown) => {
    showProblem(bestProblem, explain(problemOf(error), undefined, quantity));
  });
});

/* Begin */

async function loadPlan(): Promise<Plan> {
  const response = await fetch(show?.plan_url ?? "", { headers: { Accept: "application/json" } });
  if (!response.ok)
    throw new ApiError({ status: response.status, code: "other", title: response.statusText });
  return (await response.json()) as Plan;
}

async function begin(): Promise<void> {
  showTray();
  const wait = find<HTMLElement>(".map-wait", map);
  try {
    layout = layOut(await loadPlan(), levels);
  } catch {
    wait.textContent = t("map-failed");
    return;
  }
  drawing = draw(layout, map.dataset.label ?? "", t("map-stage"));
  hideUnused();
  free = layout.seats.map(() => false);
  await refresh();
  layout.seats.forEach((_, at) => {
    paint(at);
  });
  wait.hidden = true;
  map.prepend(drawing.root);
  camera = new Camera(drawing.root, layout.box, layout.pitch, (pixels, zoomed) => {
    map.classList.toggle("is-near", zoomed && pixels >= 18);
    map.classList.toggle("is-far", pixels < 18);
  });
  listen(drawing.root);
  const first = free.indexOf(true);
  focusSeat(Math.max(0, first), false);
  setInterval(() => {
    if (document.visibilityState === "visible") void refresh();
  }, 1500);
}

void begin();
