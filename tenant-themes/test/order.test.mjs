// What an order's page tells in each case, and that there are words for it in every language.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FluentBundle, FluentResource } from "@fluent/bundle";
import { build } from "esbuild";

async function load(entry) {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

const { story, money, takenBack } = await load("scripts/order/story.ts");

const tickets = (...states) => states.map((status, at) => ({ ticket_id: `t${at}`, label: `${at}`, status }));
const refund = (state, amount = 87, reason = "requested") => ({
  refund_id: "r",
  amount,
  currency: "EUR",
  state,
  reason,
});
const order = (more = {}) => ({
  status: "paid",
  total: 87,
  currency: "EUR",
  tickets: tickets("valid", "valid"),
  refunds: [],
  ...more,
});
const unpaid = (status, code) => order({ status, tickets: [], notice: code ? { code, text: "" } : null });
const moved = (choice, open = true) => ({
  starts_at_before: "2026-12-01T19:00:00Z",
  starts_at: "2026-12-20T19:00:00Z",
  return_until: "2026-12-10T19:00:00Z",
  note: null,
  choice,
  open,
});
const off = { cancelled_at: "2026-12-01T19:00:00Z", note: null };

const CASES = {
  paid: order(),
  pending: unpaid("pending"),
  processing: unpaid("processing", "payment_under_way"),
  bank: unpaid("requires_action", "bank_asks"),
  declined: unpaid("pending", "declined"),
  expired: unpaid("expired"),
  charged: unpaid("expired", "nothing_charged"),
  late: unpaid("expired", "refund_under_way"),
  lateBack: unpaid("refunded", "paid_back"),
  lateFailed: unpaid("expired", "refund_failed"),
  givingUp: unpaid("expired", "giving_up"),
  unstoppable: unpaid("expired", "payment_unstoppable"),
  cancelled: unpaid("cancelled"),
  partComing: order({ tickets: tickets("valid", "void"), refunds: [refund("pending", 20)] }),
  partDone: order({ status: "partially_refunded", refunds: [refund("succeeded", 20)] }),
  partFailed: order({ tickets: tickets("valid", "void"), refunds: [refund("failed", 20)] }),
  partFree: order({ total: 0, status: "partially_refunded", tickets: tickets("valid", "void") }),
  refundComing: order({ tickets: tickets("void", "void"), refunds: [refund("requested")] }),
  refundDone: order({ status: "refunded", tickets: tickets("void", "void"), refunds: [refund("succeeded")] }),
  refundFailed: order({ tickets: tickets("void", "void"), refunds: [refund("failed")] }),
  refundFree: order({ total: 0, status: "refunded", tickets: tickets("void") }),
  offSoon: order({ cancellation: off }),
  offComing: order({ cancellation: off, tickets: tickets("void"), refunds: [refund("pending")] }),
  offDone: order({ cancellation: off, status: "refunded", refunds: [refund("succeeded")] }),
  offFailed: order({ cancellation: off, tickets: tickets("void"), refunds: [refund("failed")] }),
  offFree: order({ cancellation: off, total: 0, status: "refunded", tickets: tickets("void") }),
  offUnpaid: { ...unpaid("expired"), cancellation: off },
  offStopping: { ...unpaid("processing"), cancellation: off },
  movedAsks: order({ postponement: moved(null) }),
  movedKept: order({ postponement: moved("keep") }),
  movedOver: order({ postponement: moved(null, false) }),
  movedReturned: order({
    postponement: moved("return", false),
    tickets: tickets("void"),
    refunds: [refund("requested", 87, "postponed")],
  }),
};

for (const language of ["en", "de"]) {
  test(`every case has its words in ${language}`, () => {
    const bundle = new FluentBundle(language, { useIsolating: false });
    const source = readFileSync(new URL(`../base/locales/${language}/scripts.ftl`, import.meta.url), "utf8");
    assert.deepEqual(bundle.addResource(new FluentResource(source)), []);
    for (const [name, one] of Object.entries(CASES)) {
      const told = story(one);
      for (const key of [told.title, told.text, told.aside?.text]) {
        if (key === undefined) continue;
        const pattern = bundle.getMessage(key)?.value;
        assert.ok(pattern, `${name}: no text ${key}`);
        const faults = [];
        const values = { amount: "1", email: "a@b", date: "d", before: "d", count: told.aside?.count ?? 0 };
        bundle.formatPattern(pattern, values, faults);
        assert.deepEqual(faults, [], `${name}: ${key}`);
      }
    }
  });
}

test("nobody is told that nothing was charged when something was", () => {
  const source = readFileSync(new URL("../base/locales/en/scripts.ftl", import.meta.url), "utf8");
  const bundle = new FluentBundle("en");
  bundle.addResource(new FluentResource(source));
  const text = (key) =>
    bundle.formatPattern(bundle.getMessage(key).value, {
      amount: "1",
      count: 1,
      date: "d",
      before: "d",
      email: "e",
    });
  for (const [name, one] of Object.entries(CASES)) {
    if (one.tickets.length > 0) assert.doesNotMatch(text(story(one).text), /[Nn]othing was charged/, name);
  }
});

test("money is what went back, what is on its way, and what is left", () => {
  const refunds = [refund("succeeded", 20), refund("pending", 30), refund("failed", 30)];
  assert.deepEqual(money(order({ refunds })), { back: 20, coming: 30, failed: true, left: 37 });
  assert.equal(
    money(order({ refunds: [refund("failed"), refund("succeeded")] })).failed,
    false,
    "paid another way",
  );
});

test("a buyer is asked while the time lasts, and once", () => {
  assert.equal(story(CASES.movedAsks).asks, true);
  for (const name of ["movedKept", "movedOver", "movedReturned", "paid"])
    assert.equal(story(CASES[name]).asks, false, name);
  assert.equal(story(order({ postponement: moved(null), cancellation: off })).asks, false);
});

test("the page looks again while something is to come, and rests then", () => {
  for (const name of [
    "processing",
    "bank",
    "pending",
    "refundComing",
    "offSoon",
    "offComing",
    "partComing",
    "movedReturned",
  ])
    assert.ok(story(CASES[name]).again > 0, name);
  for (const name of ["paid", "refundDone", "offDone", "offUnpaid", "movedAsks", "movedKept", "expired"])
    assert.equal(story(CASES[name]).again, null, name);
});

test("a ticket that was replaced is not one that was taken back", () => {
  const lines = ["A", "A", "B"].map((label) => ({ label }));
  const ticket = (label, status) => ({ ticket_id: `${label}${status}`, label, status });
  const replaced = [
    ticket("A", "void"),
    ticket("A", "void"),
    ticket("B", "void"),
    ticket("A", "valid"),
    ticket("B", "valid"),
  ];
  const told = order({ lines, tickets: replaced, refunds: [refund("succeeded", 29)] });
  assert.deepEqual(
    takenBack(told).map((one) => one.label),
    ["A"],
  );
  assert.equal(story(told).aside.count, 1);
});
