// The best seats that are free, by price and number: for those who would rather not choose.

import { explain, problemOf, showProblem } from "../lib/api";
import { all, el, find } from "../lib/dom";
import { busy, holdAndGo, showWait } from "../lib/hold";
import { money, t } from "../lib/page";
import type { Wanted } from "./found";
import { currency, levels, limit, show } from "./words";

const form = find<HTMLFormElement>("#best");
const [levelSelect, typeSelect, countSelect] = all<HTMLSelectElement>("select", form);
const together = form.querySelector<HTMLInputElement>("input[name=adjacent]");
const problem = find<HTMLElement>("[data-problem]", form);
const notice = find<HTMLElement>("[data-notice]", form);

const level = () => levels.find((one) => one.id === levelSelect?.value) ?? levels[0];

const count = (): number => Number(countSelect?.value ?? 1);

/** Levels of which the plan has no seat are not offered. */
export function offerLevels(used: Set<string | undefined>): void {
  for (const option of [...(levelSelect?.options ?? [])]) if (!used.has(option.value)) option.remove();
  showTypes();
  showTotal();
}

/** Takes over what was chosen elsewhere on the page. */
export function wishFor(wish: { level?: string; count?: number }): void {
  if (wish.level && levelSelect) levelSelect.value = wish.level;
  if (wish.count && countSelect) countSelect.value = String(wish.count);
  showTypes();
  showTotal();
}

function showTypes(): void {
  const before = typeSelect?.value;
  const types = level()?.ticket_types ?? [];
  typeSelect?.replaceChildren(...types.map((type) => el("option", { value: type.id }, type.name)));
  if (typeSelect && types.some((type) => type.id === before)) typeSelect.value = before ?? "";
  // One kind of ticket is no choice.
  form.toggleAttribute("data-one-type", types.length < 2);
}

function showTotal(): void {
  const type = level()?.ticket_types.find((one) => one.id === typeSelect?.value);
  find("[data-best-total]", form).textContent = money((type?.price.total ?? 0) * count(), currency());
  if (together) together.disabled = count() < 2;
}

countSelect?.append(
  ...Array.from({ length: limit }, (_, at) => el("option", { value: String(at + 1) }, String(at + 1))),
);
if (countSelect) countSelect.value = String(Math.min(2, limit));
showTypes();
showTotal();
levelSelect?.addEventListener("change", showTypes);
form.addEventListener("change", showTotal);

/** Puts seats as wanted into the tray, and answers what is in the way; `undefined` where the page cannot tell what is free. */
export type Find = (wanted: Wanted, type: string) => string | null | undefined;

let seek: Find = () => undefined;

export function onFind(finds: Find): void {
  seek = finds;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = find<HTMLButtonElement>("button[type=submit]", form);
  const quantity = count();
  const adjacent = quantity > 1 && (together?.checked ?? true);
  const at = levels.findIndex((one) => one.id === levelSelect?.value);
  const answer = seek({ level: at, count: quantity, adjacent }, typeSelect?.value ?? "");
  if (answer !== undefined) return showProblem(problem, answer);
  // Without a plan to show them on, the shop chooses, and checkout shows what it chose.
  const type = typeSelect?.value ? { ticket_type: typeSelect.value } : {};
  const wish = { places: [{ price_level: levelSelect?.value ?? "", quantity, adjacent, ...type }] };
  showProblem(problem, null);
  busy(button, t("finding"), () => holdAndGo(show.id, wish, (seconds) => showWait(notice, seconds)))
    .catch((error: unknown) => {
      showProblem(problem, explain(problemOf(error), undefined, quantity));
    })
    .finally(() => showWait(notice, null));
});
