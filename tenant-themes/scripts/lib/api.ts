// Calls to the shop. A call that changes something carries a key, and every repetition of it the same key, so that
// an answer lost on the way does no harm.

import { day, hasText, t, time } from "./page";

export interface Problem {
  status: number;
  code: string;
  title: string;
  detail?: string;
  seats?: string[];
  opens_at?: string;
  decline_code?: string;
  /** Why calls are limited, where it is not their number alone. */
  reason?: string;
  /** Seconds after which to come again. */
  retry_after?: number;
  /** What happened to money that was taken. */
  notice?: { code: string; text: string };
  errors?: { pointer: string; code: string; detail: string }[];
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

interface Call {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
  /** Makes repetition safe; required for what changes something. */
  key?: string;
  /** How often to repeat after a lost or overloaded answer. */
  tries?: number;
  /** Told before each wait for a shop that is overloaded; given, it is tried for as long as a minute and a half. */
  onWait?: (seconds: number) => void;
}

/** For how long somebody waits for an overloaded shop. */
const PATIENCE = 90_000;
/** The longest wait between two tries, in seconds. */
const LONGEST = 15;

export const newKey = (): string =>
  crypto.randomUUID?.() ??
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const { method = "GET", body, headers = {}, key, onWait } = options;
  const { tries = key || method === "GET" ? 3 : 1 } = options;
  const begun = Date.now();
  let lost = 0;
  const request: RequestInit = {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(key ? { "Idempotency-Key": key } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  for (let attempt = 1; ; attempt++) {
    let response: Response;
    try {
      response = await fetch(`/api/v1${path}`, request);
    } catch {
      lost += 1;
      if (lost >= tries) throw new ApiError({ status: 0, code: "network", title: "network" });
      await wait(600 * lost);
      continue;
    }
    if (response.ok) return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
    const problem = await read(response);
    const again = response.status === 503 || problem.code === "idempotency_in_flight";
    const patient = onWait && response.status === 503 && Date.now() - begun < PATIENCE;
    if (!again || (attempt >= tries && !patient)) throw new ApiError(problem);
    const seconds = Math.min(Number(response.headers.get("Retry-After")) || attempt, onWait ? LONGEST : 5);
    onWait?.(seconds);
    // Not all at the same moment.
    await wait(seconds * 1000 + Math.random() * 400);
  }
}

async function read(response: Response): Promise<Problem> {
  const fallback: Problem = { status: response.status, code: "other", title: response.statusText };
  try {
    const retry_after = Number(response.headers.get("Retry-After")) || undefined;
    return { ...fallback, ...(await response.json()), status: response.status, retry_after };
  } catch {
    return fallback;
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { status: 0, code: "other", title: String(error) };
}

/** What happened, in the visitor's words. `label` names seats by their id. */
export function explain(
  problem: Problem,
  label: (seat: string) => string = (seat) => seat,
  count = 0,
): string {
  if (problem.code === "payment_declined") {
    const key = `declined-${problem.decline_code ?? ""}`;
    return t(hasText(key) ? key : "declined-generic");
  }
  if (problem.code === "seat_taken") {
    const seats = problem.seats ?? [];
    return t("problem-seat_taken", { count: Math.max(seats.length, 1), seats: seats.map(label).join("; ") });
  }
  if (problem.code === "not_on_sale") {
    if (!problem.opens_at) return t("problem-not_on_sale-closed");
    return t("problem-not_on_sale", { opens: `${day(problem.opens_at)}, ${time(problem.opens_at)}` });
  }
  if (problem.reason === "declined_payments")
    return t("problem-declined_payments", { seconds: problem.retry_after ?? 60 });
  const key = `problem-${problem.code}`;
  return hasText(key) ? t(key, { count }) : t("problem-other");
}

/** Shows a problem beside the thing it is about, or clears it. */
export function showProblem(box: HTMLElement, words: string | null): void {
  box.hidden = words === null;
  box.textContent = words ?? "";
}
