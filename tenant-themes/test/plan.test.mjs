// The pure parts of the scripts: bits, layout, ways of the keyboard, digits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";

async function load(entry) {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

const plan = await load("scripts/map/plan.ts");
const keys = await load("scripts/map/keys.ts");
const board = await load("scripts/seating/board.ts");
const near = await load("scripts/seating/nearby.ts");
const wishes = await load("scripts/seating/sections.ts");
const turn = await load("scripts/map/turn.ts");
const countdown = await load("scripts/lib/countdown.ts");

/** Blocks of three by three seats, 10 apart. */
const section = (id, name, left) => {
  const seats = { id: [], row: [], number: [], x: [], y: [], category: [] };
  for (let at = 0; at < 9; at++) {
    seats.id.push(`${id}-${at}`);
    seats.row.push("ABC"[Math.floor(at / 3)]);
    seats.number.push(String((at % 3) + 1));
    seats.x.push(left + (at % 3) * 10);
    seats.y.push(Math.floor(at / 3) * 10);
    seats.category.push(at < 3 ? 0 : 1);
  }
  return { id, name, outline: [], seats };
};
const size = { width: 200, height: 100 };
const categories = [
  { name: "I", color: "#000000" },
  { name: "II", color: "#ffffff" },
];
const sections = [section("a", "Ground floor, block 1", 0), section("b", "Ground floor, block 2", 60)];
const layout = plan.layOut({ size, categories, sections }, [
  { id: "l", name: "Band A", categories: ["II"], ticket_types: [] },
]);

const bytes = (...list) => Buffer.from(list).toString("base64");
/** Seats 0 to 8 of each section, as the bits say. */
const stateOf = (a, b) => ({
  price_levels: [{ id: "l", free: 7 }],
  sections: [
    { id: "a", free: a },
    { id: "b", free: b },
  ],
});
const opened = (a, b) => {
  const made = new board.Board(layout);
  made.state(stateOf(a, b));
  return made;
};

test("bit i, least significant first, is seat i", () => {
  const made = new board.Board(layout);
  assert.deepEqual(made.state(stateOf(bytes(0b0000_0101, 0b1), bytes(0b1000_0000, 0))), [0, 2, 8, 16]);
  assert.equal([...made.free].join(""), "101000001000000010");
  assert.equal(made.levels.get("l"), 7);
  // What the shop no longer speaks of is not free.
  assert.deepEqual(made.state({ price_levels: [], sections: [] }), [0, 2, 8, 16]);
});

test("changes come one by one, and only what is another state counts", () => {
  const made = opened(bytes(0xff, 1), bytes(0, 0));
  const sections = [{ id: "a", gone: [3, 3, 99, -1], free: [4] }];
  assert.deepEqual(made.delta({ price_levels: [{ id: "l", free: 6 }], sections }), [3]);
  assert.deepEqual(made.delta({ sections: [{ id: "unheard of", free: [1] }] }), []);
  assert.equal(made.levels.get("l"), 6);
  assert.deepEqual(made.take([4, 4, 3]), [4]);
});

test("seats side by side are counted within row and level", () => {
  const made = opened(bytes(0xff, 1), bytes(0b1110_1000, 1));
  // The first row is not for sale.
  assert.deepEqual(made.count(0), { free: 6, together: 3 });
  assert.deepEqual(made.count(1), { free: 5, together: 3 });
  assert.deepEqual(made.runs(1, 0, 2), [9 + 6, 9 + 7]);
  made.delta({ sections: [{ id: "b", gone: [7] }] });
  assert.deepEqual(made.count(1), { free: 4, together: 1 });
  assert.deepEqual(made.count(1, 3), { free: 0, together: 0 });
});

test("a section stands to a wish by what is free together and by price", () => {
  const made = opened(bytes(0b0001_1000, 0), bytes(0, 0));
  const look = (at, level, count) => wishes.standing(made, at, { level, count }, [4200], 0);
  assert.deepEqual(look(0, -1, 2), { free: 2, together: 2, fits: true, level: 0, price: 4200 });
  assert.equal(look(0, -1, 3).fits, false);
  assert.deepEqual(look(1, 0, 1), { free: 0, together: 0, fits: false, level: 0, price: null });
  assert.deepEqual(
    [0, 1, 25, 50, 100].map((free) => wishes.share(free, 100)),
    [0, 1, 2, 3, 4],
  );
});

test("what is offered instead is near, side by side, and in another section only at need", () => {
  const made = opened(bytes(0b1101_0000, 1), bytes(0b1100_0000, 1));
  made.delta({ sections: [{ id: "a", gone: [6] }] });
  const lost = plan.seatsOf(layout, 0)[5];
  const offer = (count, seat = lost) => near.nearby(layout, made, seat, count).map((one) => one.id);
  assert.deepEqual(offer(1), ["a-4"]);
  assert.deepEqual(offer(1, { ...lost, x: 999, y: 999 }), ["a-4"], "where it is drawn does not matter");
  assert.deepEqual(offer(2), ["a-7", "a-8"]);
  assert.deepEqual(offer(3), ["b-6", "b-7", "b-8"]);
  assert.deepEqual(offer(4), []);
});

test("sections belong together by the beginning of their names", () => {
  const names = (...list) =>
    wishes
      .tiersOf(
        list.map((name) => ({ name })),
        (at) => (at < 10 ? "Band A" : "Band B"),
      )
      .map((tier) => tier.name);
  assert.deepEqual(names("Lower tier, block 1", "Lower tier, block 2", "Upper tier, block 1"), [
    "Lower tier",
    "Upper tier",
  ]);
  const blocks = Array.from({ length: 20 }, (_, at) => `Block ${at < 10 ? 101 + at : 191 + at}`);
  assert.deepEqual(names(...blocks), ["Band A", "Band B"]);
  assert.deepEqual(names("101", "102"), ["Band A"]);
});

test("a section is turned so that its rows lie level and its front is above", () => {
  // Rows run downwards, and what they look at lies to the left.
  const seats = [0, 1].flatMap((row) =>
    [0, 1, 2].map((at) => ({ at, row: String(row), x: row * 10, y: at * 10 })),
  );
  const ys = turn.faceFront(seats, { x: -100, y: 10 }).map((seat) => Math.round(seat.y));
  assert.equal(new Set(ys.slice(0, 3)).size, 1);
  assert.ok(ys[0] < ys[3], "the first row is in front");
});

test("seats know their level, sections their floor and number", () => {
  assert.equal(layout.pitch, 10);
  assert.deepEqual(
    plan
      .seatsOf(layout, 0)
      .slice(0, 4)
      .map((seat) => seat.level),
    [-1, -1, -1, 0],
  );
  assert.deepEqual(
    [0, 8, 9, 17].map((at) => plan.sectionOf(layout, at)),
    [0, 0, 1, 1],
  );
  assert.deepEqual(
    layout.floors.map((floor) => [floor.name, floor.count]),
    [["Ground floor", 2]],
  );
  assert.deepEqual(
    layout.sections.map((one) => one.short),
    ["1", "2"],
  );
});

test("arrow keys go to the nearest seat that way, over gaps too", () => {
  const seats = [0, 1].flatMap((at) => plan.seatsOf(layout, at));
  const spots = seats.map(({ x, y, section, row }) => ({ x, y, line: `${section}/${row}` }));
  const go = (from, key) => keys.next(spots, from, key);
  assert.equal(go(0, "ArrowRight"), 1);
  assert.equal(go(0, "ArrowDown"), 3);
  assert.equal(go(2, "ArrowRight"), 9);
  assert.equal(go(0, "ArrowLeft"), null);
  assert.equal(go(0, "ArrowUp"), null);
  assert.deepEqual([go(4, "Home"), go(4, "End")], [3, 5]);
  assert.equal(go(4, "x"), null);
});

test("the hull goes around all points", () => {
  const corners = plan.hull([
    { x: 0, y: 0 },
    { x: 2, y: 0 },
    { x: 1, y: 1 },
    { x: 2, y: 2 },
    { x: 0, y: 2 },
  ]);
  assert.equal(corners.length, 4);
});

test("time left in digits", () => {
  assert.deepEqual([599.2, 59, 0.4, 0, -3, 3700].map(countdown.digits), [
    "10:00",
    "0:59",
    "0:01",
    "0:00",
    "0:00",
    "1:01:40",
  ]);
});

test("a threshold is said once, and not on arrival", () => {
  const said = [];
  const tick = countdown.thresholds([60, 30], (at) => said.push(at));
  for (const left of [50, 31, 30, 29, 10]) tick(left);
  assert.deepEqual(said, [30]);
});
