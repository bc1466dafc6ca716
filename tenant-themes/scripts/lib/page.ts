// What the server wrote into the page for its scripts, and the texts.

import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";

export interface Price {
  total: number;
  face: number;
  fees: number;
  tax: number;
  currency: string;
}

export interface TicketType {
  id: string;
  name: string;
  price: Price;
}

export interface Level {
  id: string;
  name: string;
  categories: string[];
  ticket_types: TicketType[];
}

export interface Performance {
  id: string;
  plan_url: string | null;
  limit: number;
  /** The plan is too large for all its seats at once: its sections come first. */
  large?: boolean;
  levels: Level[];
}

/** What checkout repeats of the event. */
export interface Summary {
  title: string;
  /** The event's name in addresses. */
  event: string;
  url: string;
  date: string;
  time: string;
  doors: string | null;
  venue: string;
  city: string;
  poster: string | null;
}

interface PageData {
  locale: string;
  language: string;
  timezone: string;
  texts: string;
  performance?: Performance;
  summary?: Summary;
  hold?: string;
  order?: string;
  payment_script?: string;
}

export const page: PageData = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}");

const bundle = new FluentBundle(page.language, { useIsolating: false });
bundle.addResource(new FluentResource(page.texts));

/** A text in the page's language. */
export function t(key: string, args?: Record<string, FluentVariable>): string {
  const pattern = bundle.getMessage(key)?.value;
  return pattern ? bundle.formatPattern(pattern, args ?? {}, []) : key;
}

/** Is there such a text? */
export function hasText(key: string): boolean {
  return bundle.hasMessage(key);
}

/** Writers of prices: making one takes far longer than using it. */
const writers = new Map<string, Intl.NumberFormat>();

/** A price as people write it. */
export function money(amount: number, currency: string): string {
  const format = writers.get(currency) ?? new Intl.NumberFormat(page.locale, { style: "currency", currency });
  writers.set(currency, format);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** A date in the tenant's zone, as the server writes it: `Fri 4 Dec`. */
export function day(iso: string): string {
  const options = { year: "numeric", month: "numeric", day: "numeric", timeZone: page.timezone } as const;
  const parts = new Intl.DateTimeFormat("en", options).formatToParts(new Date(iso));
  const part = (name: string) => Number(parts.find(({ type }) => type === name)?.value);
  const [year, month, date] = [part("year"), part("month"), part("day")];
  const weekday = new Date(Date.UTC(year, month - 1, date)).getUTCDay() || 7;
  return t("date-short", {
    weekday: t(`weekday-short-${weekday}`),
    day: String(date),
    month: t(`month-short-${month}`),
    year: String(year),
  });
}

/** A time of day in the tenant's zone: `20:00`. */
export function time(iso: string): string {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: page.timezone } as const;
  return new Intl.DateTimeFormat(page.locale, options).format(new Date(iso));
}
