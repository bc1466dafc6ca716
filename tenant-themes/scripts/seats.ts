// Choosing seats: the plan, the tray, and the best seats by list.

import { ApiError, explain, type Problem, problemOf } from "./lib/api";
import { all, find, say } from "./lib/dom";
import { busy, holdAndGo, showWait } from "./lib/hold";
import { follow } from "./lib/live";
import { money, t } from "./lib/page";
import { holds } from "./lib/store";
import { layOut, type Plan, type Seat } from "./map/plan";
import { offerLevels, onFind } from "./seating/best";
import { type Availability, Board, type Changed, type Delta } from "./seating/board";
import { findSeats } from "./seating/found";
import { Large } from "./seating/large";
import { countLegend, showLegend } from "./seating/legend";
import { nearby } from "./seating/nearby";
import { type Chosen, Sale } from "./seating/sale";
import type { SeatMap } from "./seating/seatmap";
import { levelsUsed } from "./seating/sections";
import { showTray, trayNotice, trayProblem, trayWait, way } from "./seating/tray";
import { openWhole } from "./seating/whole";
import { currency, labelOf, levels, limit, nameOf, priceOf, sectionName, show } from "./seating/words";

const said = find<HTMLElement>("#said");
let sale: Sale | null = null;
let whole: SeatMap | null = null;
let large: Large | null = null;

const mapNow = () => whole ?? large?.map ?? null;

/** Shows what has changed, on the plan and in the tray. */
function paint(changed: Changed): void {
  if (large) large.paint(changed);
  else for (const at of changed) whole?.paint(at);
}

function tray(): void {
  showTray(sale, (one) => toggle(one.seat.at));
}

/* Choosing */

function toggle(at: number, seat = seatAt(at)): void {
  if (!sale || !seat) return;
  trayProblem(null);
  const name = nameOf(sale.layout, seat);
  const outcome = sale.toggle(seat);
  const told = { seat: name, count: sale.chosen.length, total: money(sale.total, currency()) };
  const type = levels[seat.level]?.ticket_types[0];
  if (outcome === "removed") say(said, t("seat-removed", told));
  else if (outcome === "added" && type) say(said, t("seat-added", { ...told, price: priceOf(type) }));
  else if (outcome === "limit") trayProblem(t("limit-reached", { count: limit }));
  else say(said, labelOf(sale.layout, seat, sale.stateOf(seat)));
  mapNow()?.paint(at);
  tray();
}

/** A seat that is drawn or chosen. */
const seatAt = (at: number): Seat | undefined =>
  mapNow()?.seatAt(at) ?? sale?.chosen.find((one) => one.seat.at === at)?.seat;

/* What the shop says */

function told(changed: Changed): void {
  if (!sale) return;
  const lost = sale.lose(changed);
  paint(changed);
  countLegend(sale.board);
  const [first] = lost;
  if (!first) return;
  tray();
  trayProblem(null, offerFor(lost));
  trayNotice(lost.map((one) => t("seat-lost", { seat: nameIn(one.seat) })).join(" "));
}

const nameIn = (seat: Seat) => (sale ? nameOf(sale.layout, seat) : seat.id);

/** How seats side by side are called. */
function rangeOf(seats: Seat[]): string {
  const [one, last] = [seats[0], seats[seats.length - 1]];
  if (!sale || !one || !last) return "";
  if (one === last) return nameIn(one);
  const section = sectionName(sale.layout, one);
  return t("seats-label", { section, row: one.row, first: one.number, last: last.number });
}

/** As many seats near those that are lost; together with what is still chosen where that makes a party. */
function offerFor(lost: Chosen[]): { words: string; take(): void } | undefined {
  const [first] = lost;
  if (!sale || !first) return undefined;
  const party = sale.chosen.every((one) => one.seat.level === first.seat.level) ? sale.chosen.length : 0;
  for (const count of new Set([lost.length + party, lost.length, 1])) {
    const seats = nearby(sale.layout, sale.board, first.seat, count);
    const [one, last] = [seats[0], seats[seats.length - 1]];
    if (!one || !last) continue;
    const words = t("offer", { seats: rangeOf(seats) });
    return { words, take: () => take(seats, count > lost.length) };
  }
  return undefined;
}

/** Takes what was offered, in place of the rest where that was the offer. */
function take(seats: Seat[], instead: boolean): void {
  if (!sale) return;
  trayProblem(null);
  const before = sale.chosen.map((one) => one.seat.at);
  if (instead) sale.drop(before);
  for (const seat of seats) sale.toggle(seat);
  paint([...before, ...seats.map((seat) => seat.at)]);
  if (seats[0]) large?.reveal(seats[0]);
  tray();
  say(said, t("tray-count", { count: sale.chosen.length }));
  way.focus();
}

/* Seats that are found for somebody come to those that are chosen already */

onFind((wanted, type) => {
  if (!sale || (!mapNow() && !large) || sale.board.levels.size === 0) return undefined;
  const { count, adjacent } = wanted;
  if (sale.chosen.length + count > limit) return t("limit-reached", { count: limit });
  const taken = new Set(sale.chosen.map((one) => one.seat.at));
  const seats = findSeats(sale.layout, sale.board, wanted, taken);
  if (seats.length === 0) return t(adjacent ? "problem-no_adjacent" : "problem-sold_out", { count });
  take(seats, false);
  const kind = levels[wanted.level]?.ticket_types.find((one) => one.id === type);
  for (const one of sale.chosen) if (kind && seats.some((seat) => seat.at === one.seat.at)) one.type = kind;
  tray();
  const row = seats.every((seat) => seat.section === seats[0]?.section && seat.row === seats[0]?.row);
  trayNotice(t("found", { seats: row && adjacent ? rangeOf(seats) : seats.map(nameIn).join("; ") }));
  return null;
});

/* On to checkout */

way.addEventListener("click", () => {
  const now = sale;
  if (!now) return;
  trayProblem(null);
  mapNow()?.markLost([]);
  now.holding = true;
  const seats = now.chosen.map((one) => ({ seat: one.seat.id, ticket_type: one.type.id }));
  busy(way, t("holding"), () => holdAndGo(show.id, { seats }, (seconds) => showWait(trayWait, seconds)))
    .catch((error: unknown) => refused(now, problemOf(error)))
    .finally(() => {
      tray();
    });
});

/** Says which seats were lost, marks them, and offers others. */
async function refused(now: Sale, problem: Problem): Promise<void> {
  const gone = new Set(problem.seats ?? []);
  const lost = now.chosen.filter((one) => gone.has(one.seat.id));
  const name = (id: string) => {
    const one = lost.find(({ seat }) => seat.id === id);
    return one ? nameIn(one.seat) : id;
  };
  const words = explain(problem, name);
  const seats = lost.map((one) => one.seat.at);
  now.drop(seats);
  paint([...now.board.take(seats), ...seats]);
  mapNow()?.markLost(seats);
  await live?.refresh();
  now.holding = false;
  const later = now.lose(now.chosen.map((one) => one.seat.at));
  paint(later.map((one) => one.seat.at));
  trayProblem(words, offerFor([...lost, ...later]));
}

/* Begin */

for (const button of all<HTMLButtonElement>("[data-zoom]")) {
  button.addEventListener("click", () => {
    const camera = large?.camera ?? whole?.camera;
    if (button.dataset.zoom === "whole") camera?.whole();
    else camera?.zoom(button.dataset.zoom === "in" ? 1.8 : 1 / 1.8);
  });
}

// Whoever comes back from checkout finds the page as it stands now, not as it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

async function loadPlan(): Promise<Plan> {
  const response = await fetch(show.plan_url ?? "", { headers: { Accept: "application/json" } });
  if (!response.ok)
    throw new ApiError({ status: response.status, code: "other", title: response.statusText });
  return (await response.json()) as Plan;
}

let live: ReturnType<typeof follow> | undefined;

async function begin(): Promise<void> {
  tray();
  const wait = find<HTMLElement>(".map-wait");
  let layout: ReturnType<typeof layOut>;
  try {
    layout = layOut(await loadPlan(), levels);
  } catch {
    wait.textContent = t("map-failed");
    return;
  }
  const used = levelsUsed(layout, levels);
  showLegend(used);
  offerLevels(used);
  const now = new Sale(layout, new Board(layout));
  sale = now;
  const heldSeats = () => new Set(holds.of(show.id).flatMap((hold) => hold.seats ?? []));
  now.held = heldSeats();
  holds.onChange(() => {
    now.held = heldSeats();
    mapNow()?.paintAll();
  });
  const open = () => {
    wait.hidden = true;
    if (show.large) large = new Large(now, toggle);
    else whole = openWhole(now, toggle);
  };
  live = follow<Availability, Delta>(show.id, {
    state(answer) {
      const changed = now.board.state(answer);
      if (wait.hidden) return told(changed);
      open();
      countLegend(now.board);
    },
    delta: (delta) => told(now.board.delta(delta)),
  });
  // The plan is shown also while nothing can be said of its seats.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  if (!wait.hidden) open();
}

void begin();
