//! What a fan does on a site: hold, order, pay, look.

use serde_json::{Value, json};

use crate::client::{Answer, Call, Client, fresh_key};
use crate::fixtures::{PerformanceFixture, TenantFixture};
use crate::money::Money;

/// A fan of one tenant.
#[derive(Debug, Clone)]
pub struct Fan {
    /// Their browser.
    pub client: Client,
    /// Whose site they are on.
    pub tenant: TenantFixture,
    /// The provider, who turns a card into a token.
    pub money: Money,
    /// Their address; a fan may give another one each time.
    pub email: String,
}

/// A hold that was made.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Its id.
    pub id: String,
    /// Its token.
    pub token: String,
    /// The whole answer.
    pub body: Value,
}

/// An order that was placed.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// Its token.
    pub token: String,
    /// The whole answer.
    pub body: Value,
}

impl Hold {
    /// Reads a 201.
    pub fn of(answer: Answer) -> Self {
        let body = answer.expect(201);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { id: text("hold_id"), token: text("token"), body }
    }
}

impl Order {
    /// Reads a 201.
    pub fn of(answer: Answer) -> Self {
        let body = answer.expect(201);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { id: text("order_id"), token: text("token"), body }
    }
}

/// The body that asks for these seats.
pub fn seats(seats: &[String]) -> Value {
    json!({ "seats": seats.iter().map(|seat| json!({ "seat": seat })).collect::<Vec<_>>() })
}

/// The body that asks for so many places of a performance's first level.
pub fn places(performance: &PerformanceFixture, quantity: i64) -> Value {
    json!({ "places": [{ "price_level": performance.levels[0].id, "quantity": quantity }] })
}

impl Fan {
    /// Asks for a hold, under a fresh key that the call may replace.
    pub fn asks(&self, performance: &PerformanceFixture, body: &Value) -> Call {
        self.client.post(&format!("/api/v1/performances/{}/holds", performance.id), body)
    }

    /// Holds what the body asks for.
    pub async fn hold(&self, performance: &PerformanceFixture, body: &Value) -> Hold {
        Hold::of(self.asks(performance, body).fresh().send().await)
    }

    /// Holds seats of the seated performance.
    pub async fn hold_seats(&self, wanted: &[String]) -> Hold {
        self.hold(&self.tenant.seated.clone(), &seats(wanted)).await
    }

    /// Holds places of the standing performance.
    pub async fn hold_places(&self, quantity: i64) -> Hold {
        let standing = self.tenant.standing.clone();
        self.hold(&standing, &places(&standing, quantity)).await
    }

    /// The body that orders a hold.
    pub fn order_body(&self, hold: &Hold) -> Value {
        json!({ "hold_id": hold.id, "buyer": { "email": self.email, "name": "Ada Lovelace", "locale": "en-IE" } })
    }

    /// Asks to order a hold; needs a key.
    pub fn orders(&self, hold: &Hold) -> Call {
        self.client.post("/api/v1/orders", &self.order_body(hold)).header("hold-token", &hold.token)
    }

    /// Orders a hold.
    pub async fn order(&self, hold: &Hold) -> Order {
        Order::of(self.orders(hold).fresh().send().await)
    }

    /// Asks to pay with a confirmation token; needs a key.
    pub fn pays(&self, order: &Order, token: Option<&str>) -> Call {
        let body = token.map_or_else(|| json!({}), |token| json!({ "confirmation_token": token }));
        self.client
            .post(&format!("/api/v1/orders/{}/pay", order.id), &body)
            .header("order-token", &order.token)
    }

    /// Tries to pay with a test card.
    pub async fn pay(&self, order: &Order, card: &str) -> Answer {
        let token = self.money.token(card, self.tenant.account).await;
        self.pays(order, Some(&token)).key(&fresh_key()).send().await
    }

    /// Asks for an order.
    pub fn looks(&self, order: &Order) -> Call {
        self.client.get(&format!("/api/v1/orders/{}", order.id)).header("order-token", &order.token)
    }

    /// An order as it stands.
    pub async fn look(&self, order: &Order) -> Value {
        self.looks(order).send().await.expect(200)
    }

    /// Buys what a hold keeps with a card that works; answers the order as it stands then.
    pub async fn buy(&self, hold: &Hold) -> (Order, Value) {
        let order = self.order(hold).await;
        assert_eq!(self.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
        let body = self.look(&order).await;
        (order, body)
    }

    /// How many units of the seated performance are free, as the page would show it.
    pub async fn free(&self, performance: &PerformanceFixture) -> u64 {
        let path = format!("/api/v1/performances/{}/availability", performance.id);
        let body = self.client.get(&path).send().await.expect(200);
        body["price_levels"].as_array().unwrap().iter().map(|level| level["free"].as_u64().unwrap()).sum()
    }
}

/// The codes of a paid order's tickets.
pub fn codes(order: &Value) -> Vec<String> {
    let tickets = order["tickets"].as_array().unwrap_or_else(|| panic!("no tickets: {order}"));
    tickets.iter().map(|ticket| ticket["code"].as_str().unwrap().to_owned()).collect()
}
