// Tickets of an order: those that are good with their code, those that were taken back by name alone.

import downloadIcon from "../../base/icons/download.svg";
import { ApiError } from "../lib/api";
import { el, icon } from "../lib/dom";
import { t } from "../lib/page";
import type { Ticket } from "./story";

const pictures: string[] = [];

/** Lets go of the pictures shown so far. */
export function dropPictures(): void {
  for (const url of pictures.splice(0)) URL.revokeObjectURL(url);
}

/** A file behind the token, as an address that the page may use. */
async function file(path: string, token: string): Promise<string> {
  const response = await fetch(`/api/v1${path}`, { headers: { "Order-Token": token } });
  if (!response.ok)
    throw new ApiError({ status: response.status, code: "other", title: response.statusText });
  const url = URL.createObjectURL(await response.blob());
  pictures.push(url);
  return url;
}

function ticketBox(order: string, ticket: Ticket, at: number, count: number, token: string): HTMLElement {
  const picture = el("div", { class: "ticket-qr" });
  file(`/orders/${order}/tickets/${ticket.ticket_id}/qr.svg`, token)
    .then((src) =>
      picture.append(
        el("img", { src, alt: t("ticket-qr", { label: ticket.label }), width: "400", height: "400" }),
      ),
    )
    .catch(() => picture.append(t("ticket-code")));
  return el(
    "li",
    { class: `ticket ticket-${ticket.status}` },
    picture,
    el("h3", {}, ticket.label),
    el(
      "p",
      {},
      ticket.holder,
      el("small", {}, ` · ${t(`ticket-${ticket.status}`)} · ${t("ticket-of", { index: at + 1, count })}`),
    ),
    el("code", { "data-ticket-code": ticket.code }, ticket.code),
  );
}

/** The good tickets, or nothing. */
export function goodTickets(order: string, tickets: Ticket[], token: string): HTMLElement | null {
  const good = tickets.filter((ticket) => ticket.status !== "void");
  if (good.length === 0) return null;
  return el(
    "ol",
    { class: "tickets" },
    ...good.map((ticket, at) => ticketBox(order, ticket, at, good.length, token)),
  );
}

/** The tickets that were taken back, or nothing. */
export function voidTickets(gone: Ticket[]): HTMLElement | null {
  if (gone.length === 0) return null;
  return el(
    "section",
    { class: "tickets-void" },
    el("h2", {}, t("tickets-void")),
    el(
      "ul",
      {},
      ...gone.map((ticket) =>
        el("li", { class: "ticket-void" }, el("s", {}, ticket.label), el("span", {}, t("ticket-void"))),
      ),
    ),
  );
}

export function pdfButton(order: string, token: string): HTMLButtonElement {
  const button = el("button", { type: "button", class: "button", "data-action": "tickets-pdf" });
  button.append(icon(downloadIcon), t("pdf"));
  button.addEventListener("click", () => {
    file(`/orders/${order}/tickets.pdf`, token)
      .then((href) => {
        const link = el("a", { href, download: "tickets.pdf" });
        document.body.append(link);
        link.click();
        link.remove();
      })
      .catch(() => button.after(el("p", { class: "problem", role: "alert" }, t("pdf-failed"))));
  });
  return button;
}
