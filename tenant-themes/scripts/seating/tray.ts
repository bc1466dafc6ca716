// The tray: what is chosen, what it costs, and the way on.

import removeIcon from "../../base/icons/x.svg";
import { showProblem } from "../lib/api";
import { el, find, icon } from "../lib/dom";
import { type Level, money, t } from "../lib/page";
import type { Chosen, Sale } from "./sale";
import { currency, inRow, levelOf, nameOf, sectionName } from "./words";

const tray = find<HTMLElement>("#tray");
const list = find<HTMLElement>("#tray-list");
const problem = find<HTMLElement>("[data-problem]", tray);
const notice = find<HTMLElement>("[data-notice]", tray);
const offer = find<HTMLElement>("[data-offer]", tray);

export const way = find<HTMLButtonElement>("[data-action=checkout]", tray);

/** What went wrong with what was chosen; an offer beside it, if there is one. */
export function trayProblem(words: string | null, instead?: { words: string; take(): void }): void {
  showProblem(problem, words);
  showProblem(notice, null);
  offer.hidden = !instead;
  offer.replaceChildren();
  if (!instead) return;
  const button = el("button", { type: "button", class: "button button-quiet" }, instead.words);
  button.addEventListener("click", instead.take);
  offer.append(button);
}

/** Said calmly: a wait, or a seat that went to somebody else. */
export function trayNotice(words: string | null): void {
  showProblem(notice, words);
}

/** Where waiting is said. */
export const trayWait = notice;

export function showTray(sale: Sale | null, remove: (one: Chosen) => void): void {
  const chosen = sale?.chosen ?? [];
  list.replaceChildren(...(sale ? chosen.map((one) => item(sale, one, remove)) : []));
  tray.toggleAttribute("data-some", chosen.length > 0);
  find("[data-count]", tray).textContent = t("tray-count", { count: chosen.length });
  showTotal(sale);
  way.disabled = chosen.length === 0;
}

function showTotal(sale: Sale | null): void {
  const some = sale && sale.chosen.length > 0;
  find("[data-total]", tray).textContent = some ? money(sale.total, currency()) : "";
}

function item(sale: Sale, one: Chosen, remove: (one: Chosen) => void): HTMLElement {
  const { seat, type } = one;
  const level = levelOf(seat);
  const name = nameOf(sale.layout, seat);
  const button = el("button", {
    type: "button",
    class: "tray-remove",
    "aria-label": t("remove", { seat: name }),
  });
  button.append(icon(removeIcon));
  button.addEventListener("click", () => {
    remove(one);
    (list.querySelector<HTMLElement>(".tray-remove") ?? way).focus();
  });
  const price = el("span", { class: "price" }, money(type.price.total, type.price.currency));
  return el(
    "li",
    { class: "tray-item" },
    el("i", { class: `swatch level-${seat.level + 1}` }),
    el("span", { class: "seat-name" }, inRow(seat), el("small", {}, sectionName(sale.layout, seat))),
    level && level.ticket_types.length > 1 ? typeSelect(sale, one, level, name) : price,
    button,
  );
}

function typeSelect(sale: Sale, one: Chosen, level: Level, name: string): HTMLSelectElement {
  const select = el("select", { "aria-label": t("ticket-type-for", { seat: name }) });
  for (const type of level.ticket_types) {
    const price = money(type.price.total, type.price.currency);
    const option = el("option", { value: type.id }, `${type.name} ${price}`);
    option.selected = type.id === one.type.id;
    select.append(option);
  }
  select.addEventListener("change", () => {
    one.type = level.ticket_types.find((type) => type.id === select.value) ?? one.type;
    showTotal(sale);
  });
  return select;
}
