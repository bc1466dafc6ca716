//! The payment simulator, as its controls show it.

use serde_json::{Value, json};

use crate::client::Client;

/// The simulator of one house.
#[derive(Debug, Clone)]
pub struct Money {
    client: Client,
    secret_key: String,
}

impl Money {
    /// The simulator behind `client`.
    pub fn new(client: Client, secret_key: &str) -> Self {
        Self { client, secret_key: secret_key.to_owned() }
    }

    /// A call as a client library makes it.
    pub async fn api(&self, path: &str, account: &str, form: &str) -> Value {
        let call = self.client.post_raw(path, form.as_bytes().to_vec(), "application/x-www-form-urlencoded");
        let call = call.header("authorization", &format!("Bearer {}", self.secret_key));
        call.header("stripe-account", account).send().await.expect(200)
    }

    /// A call that may be refused; answers its status.
    pub async fn try_api(&self, path: &str, account: &str, form: &str) -> u16 {
        let call = self.client.post_raw(path, form.as_bytes().to_vec(), "application/x-www-form-urlencoded");
        let call = call.header("authorization", &format!("Bearer {}", self.secret_key));
        call.header("stripe-account", account).try_send().await.map_or(0, |answer| answer.status)
    }

    /// A confirmation token for a test card.
    pub async fn token(&self, card: &str, account: &str) -> String {
        let form = format!("payment_method={card}");
        let token = self.api("/v1/test_helpers/confirmation_tokens", account, &form).await;
        token["id"].as_str().unwrap().to_owned()
    }

    /// Everything of one kind.
    pub async fn all(&self, kind: &str) -> Vec<Value> {
        self.everything().await.into_iter().filter(|one| one["kind"] == kind).collect()
    }

    /// Everything that is money.
    pub async fn everything(&self) -> Vec<Value> {
        let all = self.client.get("/_sim/money").send().await.expect(200);
        all["data"].as_array().unwrap().clone()
    }

    /// The PaymentIntents made for an order.
    pub async fn intents(&self, order: &str) -> Vec<Value> {
        let all = self.all("payment_intent").await;
        all.into_iter().filter(|one| one["metadata"]["order_id"] == order).collect()
    }

    /// How much was captured for an order, and in how many intents.
    pub async fn captured(&self, order: &str) -> (usize, i64) {
        let intents = self.intents(order).await;
        let taken: Vec<i64> = intents.iter().filter(|one| one["status"] == "succeeded").map(amount).collect();
        (taken.len(), taken.iter().sum())
    }

    /// The requests that were made: `POST /v1/…`.
    pub async fn requests(&self) -> Vec<Value> {
        self.client.get("/_sim/requests").send().await.expect(200)["data"].as_array().unwrap().clone()
    }

    /// Adds a fault.
    pub async fn fault(&self, call: &str, times: u64, fault: &str, value: Value) {
        let body = json!({ "match": call, "times": times, "fault": fault, "value": value });
        self.client.post("/_sim/faults", &body).send().await.expect(200);
    }

    /// Takes the faults back.
    pub async fn heal(&self) {
        self.client.delete("/_sim/faults").send().await.expect(200);
    }

    /// Sets how many calls a second the provider takes; none: any number.
    pub async fn limit(&self, per_second: Option<u32>) {
        self.client.post("/_sim/limits", &json!({ "per_second": per_second })).send().await.expect(200);
    }

    /// How many calls it refused since the limit was set.
    pub async fn refused(&self) -> u64 {
        self.client.get("/_sim/limits").send().await.expect(200)["refused"].as_u64().unwrap()
    }

    /// Sets how events are delivered.
    pub async fn webhooks(&self, settings: Value) {
        self.client.post("/_sim/webhooks", &settings).send().await.expect(200);
    }

    /// The ids of events about a payment, oldest first, whose kind begins so.
    pub async fn events_about(&self, account: &str, intent: &str, kind: &str) -> Vec<String> {
        let about = |event: &&Value| {
            let object = &event["data"]["object"];
            object["id"] == intent || object["payment_intent"] == intent
        };
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/events?limit=100{after}");
            let call = self.client.get(&path).header("authorization", &format!("Bearer {}", self.secret_key));
            let page = call.header("stripe-account", account).send().await.expect(200);
            let data = page["data"].as_array().unwrap();
            found.extend(data.iter().filter(about).cloned());
            // Newest first, and nothing about a payment is older than its beginning.
            let whole = found.last().is_some_and(|event| event["type"] == "payment_intent.created");
            match data.last().and_then(|event| event["id"].as_str()) {
                Some(last) if !whole && page["has_more"] == true => after = format!("&starting_after={last}"),
                _ => break,
            }
        }
        let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
        let wanted = found.iter().rev().filter(|event| text(event, "type").starts_with(kind));
        wanted.map(|event| text(event, "id")).collect()
    }

    /// An event that says whatever it likes; answers its id.
    pub async fn invent(&self, account: &str, kind: &str, object: Value) -> String {
        let body = json!({ "type": kind, "object": object, "account": account });
        let event = self.client.post("/_sim/events", &body).send().await.expect(200);
        event["id"].as_str().unwrap().to_owned()
    }

    /// Sends an event now, so often, and waits for the answers.
    pub async fn deliver(&self, event: &str, times: u64) {
        let path = format!("/_sim/events/{event}/deliver");
        let answers = self.client.post(&path, &json!({ "times": times })).send().await.expect(200);
        for answer in answers["data"].as_array().unwrap() {
            assert_eq!(answer["status"], 200, "{answers}");
        }
    }

    /// Time passes for the provider.
    pub async fn advance(&self, seconds: u32) {
        self.client.post("/_sim/clock", &json!({ "advance_s": seconds })).send().await.expect(200);
    }

    /// Events not delivered yet.
    pub async fn waiting(&self) -> i64 {
        self.client.get("/_sim/webhooks").send().await.expect(200)["waiting"].as_i64().unwrap()
    }

    /// The buyer answers their bank, which may not have asked; answers the status.
    pub async fn try_authenticate(&self, intent: &str, outcome: &str) -> u16 {
        let path = format!("/_sim/payment_intents/{intent}/authenticate");
        let call = self.client.post(&path, &json!({ "outcome": outcome }));
        call.try_send().await.map_or(0, |answer| answer.status)
    }

    /// A control call with a body; answers what it says.
    pub async fn control(&self, path: &str, body: Value) -> Value {
        self.client.post(path, &body).send().await.expect(200)
    }

    /// How much went back and how often, over everything: what succeeded or is on its way.
    pub async fn refunded(&self) -> (usize, i64) {
        let all = self.all("refund").await;
        let alive: Vec<&Value> = all.iter().filter(|one| one["status"] != "failed").collect();
        (alive.len(), alive.iter().map(|one| one["amount"].as_i64().unwrap()).sum())
    }

    /// The buyer answers their bank.
    pub async fn authenticate(&self, intent: &str, outcome: &str) {
        let path = format!("/_sim/payment_intents/{intent}/authenticate");
        self.client.post(&path, &json!({ "outcome": outcome })).send().await.expect(200);
    }
}

fn amount(intent: &Value) -> i64 {
    match &intent["captured"] {
        Value::Number(number) => number.as_i64().unwrap(),
        _ => intent["amount"].as_i64().unwrap(),
    }
}
