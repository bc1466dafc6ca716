// Sections as somebody looks for them: what fits a wish, at what price, and which belong together.

import type { Level } from "../lib/page";
import type { Layout, Section } from "../map/plan";
import type { Board } from "./board";

export interface Filter {
  /** Index of the only price level to look at; -1 for any. */
  level: number;
  /** How many seats side by side. */
  count: number;
}

/** How a section stands to a wish. */
export interface Standing {
  /** Free seats at the levels looked at. */
  free: number;
  /** The longest run of them side by side. */
  together: number;
  /** Does it have what is wished for? */
  fits: boolean;
  /** The level it is coloured by: of what fits, the one with the most seats. */
  level: number;
  /** The least that a fitting seat costs; null when none fits. */
  price: number | null;
}

/** One part in so many is few. */
const FEW = 20;

export function standing(board: Board, at: number, filter: Filter, prices: number[], home: number): Standing {
  const found: Standing = { free: 0, together: 0, fits: false, level: home, price: null };
  const fitting: { price: number; free: number }[] = [];
  let most = 0;
  for (const level of filter.level < 0 ? board.levelsIn(at) : [filter.level]) {
    const { free, together } = board.count(at, level);
    found.free += free;
    found.together = Math.max(found.together, together);
    if (free === 0 || together < filter.count) continue;
    found.fits = true;
    fitting.push({ price: prices[level] ?? 0, free });
    if (free > most) [most, found.level] = [free, level];
  }
  // A few places of a kind of their own do not make the price.
  const usual = fitting.filter((one) => one.free * FEW >= found.free);
  for (const { price } of usual.length > 0 ? usual : fitting)
    found.price = Math.min(found.price ?? Number.POSITIVE_INFINITY, price);
  return found;
}

/** The level that most seats of each section have. */
export function homeLevels(layout: Layout): number[] {
  return layout.sections.map(({ first, count }) => {
    const seats = new Map<number, number>();
    for (let at = first; at < first + count; at++) {
      const level = layout.levels[at] ?? -1;
      seats.set(level, (seats.get(level) ?? 0) + 1);
    }
    return [...seats].sort((a, b) => b[1] - a[1])[0]?.[0] ?? -1;
  });
}

/** How much of a section is free, in four steps; 0 when nothing is. */
export const share = (free: number, count: number): number =>
  free === 0 ? 0 : Math.min(4, 1 + Math.floor((free / Math.max(1, count)) * 4));

export interface Tier {
  name: string;
  sections: number[];
}

/** `Lower tier` of `Lower tier, block 104`; `Block` of `Block 104`. */
function tierName(section: Section): string {
  const [head = "", ...rest] = section.name.split(/\s*[,·–—:]\s*/);
  if (rest.length > 0) return head;
  return head.replace(/\s*\S*\d\S*$/, "") || head;
}

/**
 * The sections by tier, in the plan's order. Where names are numbers and say nothing of it, sections whose seats have
 * mostly the same price belong together: `called` is its name.
 */
export function tiersOf(sections: Section[], called: (at: number) => string): Tier[] {
  const bare = sections.every((section) => /^\d*$/.test(section.name));
  const byName = group(sections, bare ? (_, at) => called(at) : tierName);
  if (byName.length > 1 || sections.length < 12) return byName;
  return group(sections, (section, at) => called(at) || tierName(section));
}

function group(sections: Section[], name: (section: Section, at: number) => string): Tier[] {
  const tiers = new Map<string, number[]>();
  for (const [at, section] of sections.entries()) {
    const key = name(section, at);
    tiers.set(key, [...(tiers.get(key) ?? []), at]);
  }
  return [...tiers].map(([name, sections]) => ({ name, sections }));
}

/** The ids of the levels that a plan, or one section of it, has seats of. */
export function levelsUsed(layout: Layout, levels: Level[], section?: Section): Set<string | undefined> {
  const { first, count } = section ?? { first: 0, count: layout.total };
  const used = new Set(layout.levels.subarray(first, first + count));
  return new Set(levels.flatMap((level, at) => (used.has(at) ? [level.id] : [])));
}
