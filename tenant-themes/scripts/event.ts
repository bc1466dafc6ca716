// On a phone the way on sticks to the screen's end, and steps back while the page's own is in sight: one button, not two.

import { all, find } from "./lib/dom";

const bar = find<HTMLElement>(".sticky-way");
const seen = new Set<Element>();

/** What is as high as the bar at the screen's end is not in sight. */
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) seen.add(target);
      else seen.delete(target);
    }
    bar.toggleAttribute("data-idle", seen.size > 0);
  },
  { rootMargin: "0px 0px -80px 0px", threshold: 1 },
);

for (const way of all("main .button")) if (!bar.contains(way)) observer.observe(way);
