// What the browser keeps of holds and orders, how addresses are written, and which seats are found for somebody.

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";

async function load(entry) {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

const kept = new Map();
globalThis.localStorage = {
  get length() {
    return kept.size;
  },
  key: (at) => [...kept.keys()][at] ?? null,
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
globalThis.dispatchEvent = () => true;
const OLD = "hold:old";
kept.set(OLD, JSON.stringify({ value: { token: "t" }, until: Date.now() - 1 }));
kept.set("order:broken", "{");
kept.set("theirs", "stays");

const { holds, orders } = await load("scripts/lib/store.ts");
const mail = await load("scripts/lib/mail.ts");
const found = await load("scripts/seating/found.ts");
const board = await load("scripts/seating/board.ts");
const plan = await load("scripts/map/plan.ts");

const hold = (performance, minutes) => ({
  token: "secret",
  performance,
  made_at: new Date(Date.now() - minutes * 1000).toISOString(),
  expires_at: new Date(Date.now() + minutes * 60_000).toISOString(),
  summary: null,
});

test("what has ended or is broken goes, and nothing of others", () => {
  assert.equal(kept.has(OLD), false);
  assert.equal(kept.has("order:broken"), false);
  assert.equal(kept.get("theirs"), "stays");
});

test("holds are found by their performance, the newest first, until they end", () => {
  holds.set("a", hold("p", 10));
  holds.set("b", hold("p", 5));
  holds.set("c", hold("other", 5));
  assert.deepEqual(
    holds.of("p").map(({ id }) => id),
    ["b", "a"],
  );
  holds.end("b", "released");
  assert.deepEqual(
    holds.of("p").map(({ id }) => id),
    ["a"],
  );
  const ended = holds.get("b");
  assert.equal(ended.ended, "released");
  assert.equal(ended.token, "", "what opened it is forgotten");
});

test("a hold that was paid for leads to its order, any other end forgets the order", () => {
  const order = { id: "o", token: "t", email: "a@b.example", name: "A", payment: null };
  holds.set("d", { ...hold("p", 10), order });
  holds.end("d", "paid");
  assert.equal(holds.get("d").order.id, "o");
  holds.set("e", { ...hold("p", 10), order });
  holds.end("e", "over");
  assert.equal(holds.get("e").order, undefined);
  holds.end("never heard of", "over");
  assert.equal(holds.get("never heard of"), null);
});

test("an order opens until a month after its event", () => {
  const day = 86_400_000;
  const days = () => Math.round((JSON.parse(kept.get("order:o")).until - Date.now()) / day);
  orders.set("o", { token: "t", summary: null });
  assert.equal(days(), 30);
  orders.set("o", { token: "t", summary: null }, new Date(Date.now() + 100 * day).toISOString());
  assert.equal(days(), 130);
  orders.drop("o");
  assert.equal(orders.get("o"), null);
});

test("addresses are written in their own letters, and sent in those of mail", () => {
  for (const [sent, written] of [
    ["foo@xn--mller-kva.example", "foo@müller.example"],
    ["a@xn--fiqs8s.xn--55qx5d.cn", "a@中国.公司.cn"],
    ["a@plain.example", "a@plain.example"],
  ]) {
    assert.equal(mail.mailAsWritten(sent), written);
    assert.equal(mail.mailToSend(written), sent);
  }
  for (const odd of ["a@xn--", "a@xn--99999999.example", "a@xn--a.example", "nobody", "", "a@Big.Example"]) {
    assert.equal(mail.mailAsWritten(odd).includes("\u0000"), false);
    assert.equal(mail.mailToSend(odd), odd);
  }
});

test("seats are found side by side near the front, never those that are chosen", () => {
  const seats = { id: [], row: [], number: [], x: [], y: [], category: [] };
  for (let at = 0; at < 12; at++) {
    seats.id.push(`s${at}`);
    seats.row.push("ABC"[Math.floor(at / 4)]);
    seats.number.push(String((at % 4) + 1));
    seats.x.push((at % 4) * 10);
    seats.y.push(Math.floor(at / 4) * 10);
    seats.category.push(0);
  }
  const stage = { x: 0, y: -20, width: 30, height: 10, text: { text: "Stage", x: 15, y: -15, size: 3 } };
  const layout = plan.layOut(
    {
      size: { width: 40, height: 40 },
      categories: [{ name: "I", color: "#000000" }],
      sections: [{ id: "a", name: "Stalls", seats }],
      areas: [stage],
    },
    [{ id: "l", name: "Band A", categories: ["I"], ticket_types: [] }],
  );
  const made = new board.Board(layout);
  // Row A: 1, 3, 4 free; B: 1 and 2; C: all.
  const free = Buffer.from([0b0011_1101, 0b1111]).toString("base64");
  made.state({ price_levels: [{ id: "l", free: 9 }], sections: [{ id: "a", free }] });
  const find = (count, adjacent, taken = []) =>
    found
      .findSeats(layout, made, { level: 0, count, adjacent }, new Set(taken), () => 0)
      .map((seat) => seat.id);
  assert.deepEqual(find(2, true), ["s2", "s3"]);
  assert.deepEqual(find(2, true, [3]), ["s4", "s5"]);
  assert.deepEqual(find(4, true), ["s8", "s9", "s10", "s11"]);
  assert.deepEqual(find(5, true), []);
  assert.equal(find(5, false).length, 5);
  assert.deepEqual(find(10, false), []);

  const parties = board.inParties(plan.seatsOf(layout, 0), made, 2);
  assert.deepEqual(
    parties.flatMap((fits, at) => (fits ? [at] : [])),
    [2, 3, 4, 5, 8, 9, 10, 11],
  );
  assert.equal(board.inParties(plan.seatsOf(layout, 0), made, 1).every(Boolean), true);
});
