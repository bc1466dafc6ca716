// Step one of checkout: who buys, checked before it is sent.

import { type Problem, showProblem } from "../lib/api";
import { find } from "../lib/dom";
import { mailToSend } from "../lib/mail";
import { page, t } from "../lib/page";

export interface Buyer {
  email: string;
  name: string;
  locale: string;
}

export const details = find<HTMLFormElement>("#details");

function fieldProblem(name: "email" | "name", words: string | null): void {
  const input = find<HTMLInputElement>(`#${name}`);
  showProblem(find<HTMLElement>(`#${name}-problem`), words);
  if (words) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Puts the first field that is wrong in focus, if one is. */
export function focusWrong(): boolean {
  const first = details.querySelector<HTMLInputElement>("[aria-invalid=true]");
  first?.focus();
  return first !== null;
}

/** Who buys, or null after saying what is wrong. */
export function readBuyer(): Buyer | null {
  const email = mailToSend(find<HTMLInputElement>("#email").value.trim());
  const name = find<HTMLInputElement>("#name").value.trim();
  const goodEmail = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) || /^[^\s@]+@localhost$/.test(email);
  const goodName = [...name].length <= 200 && !/[\p{Cc}\u2028\u2029]/u.test(name);
  fieldProblem("email", goodEmail ? null : t("email-invalid"));
  fieldProblem("name", name === "" ? t("name-missing") : goodName ? null : t("name-invalid"));
  return focusWrong() ? null : { email, name, locale: page.locale };
}

/** Problems of single fields stand beside them. */
export function showFieldErrors(problem: Problem): boolean {
  let shown = false;
  for (const error of problem.errors ?? []) {
    const name = error.pointer.includes("email") ? "email" : error.pointer.includes("name") ? "name" : null;
    if (!name) continue;
    fieldProblem(name, name === "email" ? t("email-invalid") : t("name-invalid"));
    shown = true;
  }
  return shown;
}
