// Stripe's official library against a running simulator. STRIPE_SIM_URL says where it is, WEBHOOK_PORT where it sends events.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import test, { after, before } from "node:test";
import Stripe from "stripe";

const url = new URL(process.env.STRIPE_SIM_URL ?? "http://127.0.0.1:12111");
const account = process.env.STRIPE_SIM_ACCOUNT ?? "acct_1Riverside0000";
const client = (key) =>
  new Stripe(key, { host: url.hostname, port: url.port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
const stripe = client("sk_test_simulator");

const events = [];
const receiver = http.createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  events.push({ body, signature: request.headers["stripe-signature"] });
  response.end();
});

before(async () => {
  receiver.listen(Number(process.env.WEBHOOK_PORT ?? 0), "127.0.0.1");
  await once(receiver, "listening");
});

after(() => {
  receiver.close();
  receiver.closeAllConnections();
});

const token = async (card, options) =>
  (await stripe.testHelpers.confirmationTokens.create({ payment_method: card }, options)).id;

const intent = (more = {}, options = {}) =>
  stripe.paymentIntents.create(
    { amount: 4850, currency: "eur", capture_method: "manual", payment_method_types: ["card"], metadata: { order_id: "o-1" }, ...more },
    options,
  );

async function control(method, path, body) {
  const response = await fetch(new URL(path, url), { method, body: JSON.stringify(body) });
  assert.ok(response.ok, await response.clone().text());
  return response.json();
}

test("create, confirm, capture, refund in a connected account", async () => {
  const options = { stripeAccount: account };
  const made = await intent({ application_fee_amount: 100 }, options);
  assert.equal(made.status, "requires_payment_method");
  const held = await stripe.paymentIntents.confirm(
    made.id,
    { confirmation_token: await token("pm_card_visa", options), expand: ["latest_charge"] },
    options,
  );
  assert.equal(held.status, "requires_capture");
  assert.equal(held.latest_charge.payment_method_details.card.last4, "4242");
  const taken = await stripe.paymentIntents.capture(made.id, {}, options);
  assert.equal(taken.amount_received, 4850);
  const refund = await stripe.refunds.create({ payment_intent: made.id, amount: 850 }, options);
  assert.equal(refund.status, "succeeded");
  const charge = await stripe.charges.retrieve(taken.latest_charge, { expand: ["balance_transaction"] }, options);
  assert.equal(charge.amount_refunded, 850);
  assert.equal(charge.balance_transaction.fee_details.length, 2);
});

test("an idempotent retry is the same answer", async () => {
  const idempotencyKey = `node-${Date.now()}-${Math.random()}`;
  const first = await intent({}, { idempotencyKey });
  const again = await intent({}, { idempotencyKey });
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
  assert.equal(again.lastResponse.idempotencyKey, idempotencyKey);
  await assert.rejects(intent({ amount: 4900 }, { idempotencyKey }), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeIdempotencyError);
    return true;
  });
});

test("the library's own retry after a lost answer charges once", async () => {
  const retrying = new Stripe("sk_test_simulator", {
    host: url.hostname, port: url.port, protocol: "http", maxNetworkRetries: 2, telemetry: false,
  });
  const made = await intent();
  await stripe.paymentIntents.confirm(made.id, { payment_method: "pm_card_visa" });
  await control("POST", "/_sim/faults", { match: `POST /v1/payment_intents/${made.id}/capture`, times: 1, fault: "drop_response" });
  const taken = await retrying.paymentIntents.capture(made.id);
  assert.equal(taken.status, "succeeded");
  assert.equal(taken.lastResponse.headers["idempotent-replayed"], "true");
});

test("errors have the library's types", async () => {
  const made = await intent();
  await assert.rejects(
    async () => stripe.paymentIntents.confirm(made.id, { confirmation_token: await token("pm_card_chargeDeclinedInsufficientFunds") }),
    (error) => {
      assert.ok(error instanceof Stripe.errors.StripeCardError);
      assert.equal(error.statusCode, 402);
      assert.equal(error.code, "card_declined");
      assert.equal(error.decline_code, "insufficient_funds");
      assert.equal(error.payment_intent.id, made.id);
      assert.ok(error.requestId.startsWith("req_"));
      return true;
    },
  );
  await assert.rejects(stripe.paymentIntents.retrieve("pi_none"), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
    assert.equal(error.code, "resource_missing");
    return true;
  });
  await assert.rejects(client("sk_test_wrong").balance.retrieve(), Stripe.errors.StripeAuthenticationError);
  await assert.rejects(stripe.balance.retrieve({}, { stripeAccount: "acct_none" }), Stripe.errors.StripePermissionError);
  await control("POST", "/_sim/faults", { match: "GET /v1/balance", times: 1, fault: "status", value: 429 });
  await assert.rejects(stripe.balance.retrieve(), Stripe.errors.StripeRateLimitError);
  // Twice: the library tries a reset connection once more, whatever its settings are.
  await control("POST", "/_sim/faults", { match: "GET /v1/balance", times: 2, fault: "refuse" });
  await assert.rejects(stripe.balance.retrieve(), Stripe.errors.StripeConnectionError);
});

test("pages follow each other", async () => {
  const ids = [];
  for (let number = 0; number < 5; number += 1) ids.unshift((await intent()).id);
  const page = await stripe.paymentIntents.list({ limit: 2 });
  assert.deepEqual(page.data.map((row) => row.id), ids.slice(0, 2));
  assert.equal(page.has_more, true);
  const seen = [];
  for await (const row of stripe.paymentIntents.list({ limit: 2, created: { gte: 1 } })) {
    seen.push(row.id);
    if (seen.length === 5) break;
  }
  assert.deepEqual(seen, ids);
});

test("3-D Secure", async () => {
  const made = await intent();
  const asked = await stripe.paymentIntents.confirm(made.id, {
    confirmation_token: await token("pm_card_authenticationRequired"),
    return_url: "https://shop.example/back",
  });
  assert.equal(asked.status, "requires_action");
  assert.equal(asked.next_action.type, "redirect_to_url");
  await control("POST", `/_sim/payment_intents/${made.id}/authenticate`, { outcome: "succeed" });
  assert.equal((await stripe.paymentIntents.retrieve(made.id)).status, "requires_capture");
  assert.equal((await stripe.paymentIntents.cancel(made.id)).status, "canceled");
});

test("a method that captures by itself, beside cards that are reserved", async () => {
  const params = {
    amount: 4850,
    currency: "eur",
    capture_method: "automatic",
    payment_method_options: { card: { capture_method: "manual" } },
  };
  const made = await stripe.paymentIntents.create(params);
  const ideal = await stripe.testHelpers.confirmationTokens.create({ payment_method_data: { type: "ideal", ideal: { bank: "bunq" } } });
  assert.equal(ideal.payment_method_preview.ideal.bank, "bunq");
  const asked = await stripe.paymentIntents.confirm(made.id, { confirmation_token: ideal.id, return_url: "https://shop.example/back" });
  assert.equal(asked.status, "requires_action");
  await control("POST", `/_sim/payment_intents/${made.id}/authenticate`, { outcome: "succeed" });
  const paid = await stripe.paymentIntents.retrieve(made.id, { expand: ["latest_charge"] });
  assert.equal(paid.status, "succeeded");
  assert.equal(paid.latest_charge.payment_method_details.type, "ideal");
  const other = await stripe.paymentIntents.create(params);
  const held = await stripe.paymentIntents.confirm(other.id, {
    confirmation_token: await token("pm_card_visa"),
    return_url: "https://shop.example/back",
  });
  assert.equal(held.status, "requires_capture");
});

test("a dispute is answered and won", async () => {
  const made = await intent({ capture_method: "automatic" });
  const paid = await stripe.paymentIntents.confirm(made.id, { payment_method: "pm_card_createDispute" });
  assert.equal(paid.status, "succeeded");
  const { data } = await stripe.disputes.list({ payment_intent: made.id });
  assert.equal(data[0].status, "needs_response");
  const read = await stripe.disputes.update(data[0].id, { evidence: { customer_name: "Ada" } });
  assert.equal(read.status, "under_review");
  await control("POST", `/_sim/disputes/${data[0].id}/resolve`, { outcome: "won" });
  const won = await stripe.disputes.retrieve(data[0].id);
  assert.deepEqual(won.balance_transactions.map((row) => row.net), [-4850 - 1500, 4850]);
  await assert.rejects(stripe.disputes.close(data[0].id), Stripe.errors.StripeInvalidRequestError);
});

test("a refund comes back", async () => {
  const made = await intent({ capture_method: "automatic" });
  await stripe.paymentIntents.confirm(made.id, { payment_method: "pm_card_visa" });
  const refund = await stripe.refunds.create({ payment_intent: made.id });
  await control("POST", `/_sim/refunds/${refund.id}/settle`, { outcome: "fail" });
  const failed = await stripe.refunds.retrieve(refund.id, { expand: ["failure_balance_transaction"] });
  assert.equal(failed.status, "failed");
  assert.equal(failed.failure_balance_transaction.type, "refund_failure");
});

test("a transfer and its reversal", async () => {
  const made = await intent({ capture_method: "automatic" });
  const paid = await stripe.paymentIntents.confirm(made.id, { payment_method: "pm_card_visa" });
  const transfer = await stripe.transfers.create({
    amount: 1000, currency: "eur", destination: account, source_transaction: paid.latest_charge,
  });
  const reversal = await stripe.transfers.createReversal(transfer.id, { amount: 400 });
  assert.equal(reversal.amount, 400);
  assert.equal((await stripe.transfers.retrieve(transfer.id)).amount_reversed, 400);
  await assert.rejects(
    stripe.transfers.create({ amount: 99_999_999, currency: "eur", destination: account }),
    (error) => error.code === "balance_insufficient",
  );
});

test("events are signed as the library checks", { skip: !process.env.WEBHOOK_PORT }, async () => {
  const made = await intent({ metadata: { order_id: "signed" } });
  const mine = () => events.find(({ body }) => body.includes(made.id));
  for (const start = Date.now(); !mine(); ) {
    assert.ok(Date.now() - start < 10_000, "no event came");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { body, signature } = mine();
  const event = stripe.webhooks.constructEvent(body, signature, "whsec_node");
  assert.equal(event.type, "payment_intent.created");
  assert.equal(event.data.object.id, made.id);
  assert.throws(() => stripe.webhooks.constructEvent(body, signature, "whsec_other"), Stripe.errors.StripeSignatureVerificationError);
  assert.throws(() => stripe.webhooks.constructEvent(`${body} `, signature, "whsec_node"), Stripe.errors.StripeSignatureVerificationError);
  const fetched = await stripe.events.retrieve(event.id);
  assert.equal(fetched.data.object.id, made.id);
});
