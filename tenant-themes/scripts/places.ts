// Standing places: how many of which ticket.

import { explain, problemOf, showProblem } from "./lib/api";
import { all, find, say } from "./lib/dom";
import { busy, holdAndGo, showWait } from "./lib/hold";
import { follow } from "./lib/live";
import { money, page, t } from "./lib/page";
import { holds } from "./lib/store";

const performance = page.performance;
if (!performance) throw new Error("no performance on this page");

interface Row {
  element: HTMLElement;
  level: string;
  type: string;
  price: number;
  currency: string;
  name: string;
  count: number;
}

const form = find<HTMLFormElement>("#places");
const tray = find<HTMLElement>("#tray");
const said = find<HTMLElement>("#said");
const button = find<HTMLButtonElement>("[data-action=checkout]", tray);
const problem = find<HTMLElement>("[data-problem]", tray);
const notice = find<HTMLElement>("[data-notice]", tray);
const free = new Map<string, number>();
let holding = false;

const rows: Row[] = all<HTMLElement>(".place", form).flatMap((element) => {
  const level = performance.levels.find((one) => one.id === element.dataset.level);
  const type = level?.ticket_types.find((one) => one.id === element.dataset.type);
  if (!level || !type) return [];
  const name = level.ticket_types.length > 1 ? `${level.name}, ${type.name}` : level.name;
  const { total: price, currency } = type.price;
  return [{ element, level: level.id, type: type.id, price, currency, name, count: 0 }];
});

const chosen = () => rows.reduce((sum, row) => sum + row.count, 0);

function left(level: string): number {
  const taken = rows.filter((row) => row.level === level).reduce((sum, row) => sum + row.count, 0);
  return Math.max(0, (free.get(level) ?? performance?.limit ?? 0) - taken);
}

function show(): void {
  const count = chosen();
  const total = rows.reduce((sum, row) => sum + row.count * row.price, 0);
  for (const row of rows) {
    const [fewer, more] = all<HTMLButtonElement>("button", row.element);
    find("output", row.element).textContent = String(row.count);
    const gone = free.get(row.level) === 0 && row.count === 0;
    row.element.toggleAttribute("data-gone", gone);
    if (fewer) fewer.disabled = row.count === 0;
    if (more) more.disabled = count >= (performance?.limit ?? 0) || left(row.level) === 0;
    const tag = find<HTMLElement>("[data-state]", row.element);
    tag.hidden = !gone;
    tag.className = "tag tag-sold";
    tag.textContent = gone ? t("legend-free", { count: 0 }) : "";
  }
  find("[data-count]", tray).textContent = t("places-count", { count });
  find("[data-total]", tray).textContent = count > 0 ? money(total, rows[0]?.currency ?? "EUR") : "";
  button.disabled = count === 0;
}

for (const row of rows) {
  for (const step of all<HTMLButtonElement>("[data-step]", row.element)) {
    step.addEventListener("click", () => {
      row.count += Number(step.dataset.step);
      showProblem(problem, null);
      show();
      if (chosen() >= (performance?.limit ?? 0))
        say(said, t("limit-reached", { count: performance?.limit ?? 0 }));
    });
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  showProblem(problem, null);
  const places = rows
    .filter((row) => row.count > 0)
    .map((row) => ({ price_level: row.level, quantity: row.count, ticket_type: row.type }));
  if (places.length === 0) return;
  holding = true;
  busy(button, t("holding"), () =>
    holdAndGo(performance.id, { places }, (seconds) => showWait(notice, seconds)),
  )
    .catch((error: unknown) => {
      holding = false;
      showProblem(problem, explain(problemOf(error), undefined, chosen()));
      void live.refresh();
      show();
    })
    .finally(() => showWait(notice, null));
});

interface Availability {
  price_levels?: { id: string; free: number }[];
}

function told({ price_levels = [] }: Availability): void {
  for (const level of price_levels) free.set(level.id, level.free);
  // While a hold is asked for, what goes is most likely its own.
  if (holding) return;
  for (const row of rows) row.count = Math.min(row.count, free.get(row.level) ?? row.count);
  show();
}

let begun = false;
const live = follow<Availability, Availability>(performance.id, {
  state(answer) {
    told(answer);
    if (begun) return;
    begun = true;
    const first = rows.find((row) => left(row.level) > 0);
    // Whoever holds some already is not offered one more.
    if (first && chosen() === 0 && holds.of(performance.id).length === 0) first.count = 1;
    show();
  },
  delta: told,
});

show();
