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

test("bit i, least significant first, is seat i", () => {
  const free = plan.bits(Buffer.from([0b0000_0101, 0b1000_0000]).toString("base64"));
  assert.deepEqual([0, 1, 2, 7, 15, 16].map(free), [true, false, true, false, true, false]);
});

test("seats know their level, sections their floor and number", () => {
  assert.equal(layout.pitch, 10);
  assert.deepEqual(
    layout.seats.slice(0, 4).map((seat) => seat.level),
    [-1, -1, -1, 0],
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
  const go = (from, key) => keys.next(layout.seats, from, key);
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
