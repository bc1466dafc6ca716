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

export function standing(board: Board, at: number, filter: Filter, prices: number[], home: number): Standing {
  const found: Standing = { free: 0, together: 0, fits: false, level: home, price: null };
  let most = 0;
  for (const level of filter.level < 0 ? board.levelsIn(at) : [filter.level]) {
    const { free, together } = board.count(at, level);
    found.free += free;
    found.together = Math.max(found.together, together);
    if (free === 0 || together < filter.count) continue;
    found.fits = true;
    found.price = Math.min(found.price ?? Number.POSITIVE_INFINITY, prices[level] ?? 0);
    if (free > most) [most, found.level] = [free, level];
  }
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

/** The sections by tier, in the plan's order. Of numbered blocks without tiers, a hundred belong together. */
export function tiersOf(sections: Section[]): Tier[] {
  const byName = group(sections, tierName);
  if (byName.length > 1 || sections.length < 12) return byName;
  return group(sections, (section) => {
    const number = /\d+/.exec(section.name)?.[0];
    return number ? `${tierName(section)} ${Math.floor(Number(number) / 100)}xx` : tierName(section);
  });
}

function group(sections: Section[], name: (section: Section) => string): Tier[] {
  const tiers = new Map<string, number[]>();
  for (const [at, section] of sections.entries()) {
    const key = name(section);
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
