// Time that runs out, in digits each second and in words at thresholds.

/** `8:42`, `1:05:00`. */
export function digits(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Calls `tick` with the seconds left, each second, until nothing is left or it is stopped. */
export function countdown(until: Date, tick: (seconds: number) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const step = () => {
    const left = (until.getTime() - Date.now()) / 1000;
    tick(left);
    if (left > 0) timer = setTimeout(step, (left % 1) * 1000 + 20 || 1000);
  };
  const visible = () => {
    if (document.visibilityState === "visible") {
      clearTimeout(timer);
      step();
    }
  };
  document.addEventListener("visibilitychange", visible);
  step();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", visible);
  };
}

/** Says a threshold when it is passed, each once. */
export function thresholds(at: number[], say: (seconds: number) => void): (seconds: number) => void {
  let last = Number.POSITIVE_INFINITY;
  return (seconds) => {
    const passed = at.find((one) => seconds <= one && last > one);
    if (passed !== undefined && Number.isFinite(last)) say(passed);
    last = seconds;
  };
}
