//! Money that goes back: each time once, never more than was captured, with the tickets void and the seats free at once.

mod at_once;
mod by_hand;
mod failing;
mod refused;
mod whole_and_part;

use std::process::Output;

use marquee_e2e::client::{Call, Client};
use marquee_e2e::house::House;
use marquee_e2e::site::{Fan, Order};
use marquee_e2e::wait::until;
use serde_json::Value;

const REFUND: &str = "POST /v1/refunds";

/// Runs `marquee order …` and answers its JSON.
pub async fn order(house: &House, args: &[&str]) -> Value {
    let output = house.marquee(&[&["order"][..], args, &["--json"]].concat()).await;
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

fn tickets(order: &Value) -> Vec<String> {
    let all = order["tickets"].as_array().unwrap();
    all.iter().map(|ticket| ticket["ticket_id"].as_str().unwrap().to_owned()).collect()
}

fn statuses(order: &Value) -> Vec<&str> {
    order["tickets"].as_array().unwrap().iter().map(|ticket| ticket["status"].as_str().unwrap()).collect()
}

async fn bought(fan: &Fan, seats: &[String]) -> (Order, Value) {
    fan.buy(&fan.hold_seats(seats).await).await
}

/// Waits for the order to be called this.
async fn becomes(fan: &Fan, order: &Order, status: &str) -> Value {
    until(&format!("the order to be {status}"), 30, async || {
        let body = fan.look(order).await;
        (body["status"] == status).then_some(body)
    })
    .await
}

/// The provider's money and ours agree on what went back.
async fn agrees(house: &House, refunds: usize, amount: i64) {
    assert_eq!(house.money().refunded().await, (refunds, amount));
    let ours = "select coalesce(sum(amount), 0)::bigint from refunds where state in ('pending', 'succeeded')";
    assert_eq!(house.database.number(ours).await, amount);
    house.audited().await;
}

fn asks(staff: &Client, bearer: &str, placed: &Order, body: &Value) -> Call {
    let path = format!("/api/platform/v1/orders/{}/refunds", placed.id);
    staff.post(&path, body).header("authorization", bearer)
}
