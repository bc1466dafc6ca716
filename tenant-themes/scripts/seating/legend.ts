// The prices above the plan: each shows only its own seats, or all again.

import { all } from "../lib/dom";
import { t } from "../lib/page";
import type { Board } from "./board";
import { levels } from "./words";

const buttons = all<HTMLButtonElement>(".legend-level");

/** Calls with the index of the level that is to be seen alone, -1 for all. */
export function onLegend(changed: (level: number) => void): void {
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      for (const other of buttons) other.setAttribute("aria-pressed", String(on && other === button));
      changed(on ? levels.findIndex((one) => one.id === button.dataset.level) : -1);
    });
  }
}

/** Levels of which what is seen has no seat are not shown. */
export function showLegend(used: Set<string | undefined>): void {
  for (const button of buttons) button.hidden = !used.has(button.dataset.level);
}

export function countLegend(board: Board): void {
  for (const button of buttons) {
    const free = board.levels.get(button.dataset.level ?? "");
    if (free === undefined) continue;
    button.toggleAttribute("data-gone", free === 0);
    const words = button.querySelector("[data-free]");
    if (words) words.textContent = t("legend-free", { count: free });
  }
}
