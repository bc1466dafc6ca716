// What is free, as it changes: one stream while the page is seen, repeated questions where there is none.

import { call } from "./api";

interface Listener<State, Delta> {
  /** Everything, at the start and whenever something may have been missed. */
  state(state: State): void;
  /** What has changed since. */
  delta(delta: Delta): void;
}

/** How often to ask without a stream: the source is at most a second old. */
const ASK_EVERY = 1500;

export interface Live {
  /** Asks now; resolves when the answer has been told. */
  refresh(): Promise<void>;
}

/** Follows the availability of a performance until the page goes. */
export function follow<State, Delta>(performance: string, to: Listener<State, Delta>): Live {
  const path = `/performances/${performance}/availability`;
  let stream: EventSource | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  /** How much the stream has told: an answer that was asked for before its last word is older than that. */
  let told = 0;

  const refresh = async () => {
    const before = told;
    const answer = await call<State>(path, { tries: 1 }).catch(() => null);
    if (answer && told === before) to.state(answer);
  };
  const ask = () => {
    if (timer !== undefined) return;
    void refresh();
    timer = setInterval(refresh, ASK_EVERY);
  };
  const stopAsking = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const close = () => {
    stream?.close();
    stream = null;
    stopAsking();
  };
  const open = () => {
    if (stream || timer !== undefined) return;
    if (typeof EventSource === "undefined") return ask();
    stream = new EventSource(`/api/v1${path}/live`);
    const read = (event: Event) => {
      told += 1;
      return JSON.parse((event as MessageEvent<string>).data);
    };
    stream.addEventListener("state", (event) => {
      stopAsking();
      to.state(read(event) as State);
    });
    stream.addEventListener("delta", (event) => to.delta(read(event) as Delta));
    // The browser tries again by itself unless it was refused; meanwhile the page asks.
    stream.addEventListener("error", ask);
  };
  const seen = () => {
    if (document.visibilityState !== "visible") return close();
    void refresh();
    open();
  };

  document.addEventListener("visibilitychange", seen);
  addEventListener("pagehide", close);
  // Whoever comes back by the browser's button sees the page as it was left.
  addEventListener("pageshow", (event) => {
    if (event.persisted) seen();
  });
  if (document.visibilityState === "visible") open();
  return { refresh };
}
