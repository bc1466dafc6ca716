use serde_json::Value;

use crate::support::Sim;

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let sim = Sim::start().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(sim.intent("manual").await);
    }
    made.reverse();
    let mut seen = Vec::new();
    let mut path = "/v1/payment_intents?limit=3".to_owned();
    loop {
        let page = sim.get(&path).await.ok();
        seen.extend(ids(&page));
        if page["has_more"] == false {
            break;
        }
        path = format!("/v1/payment_intents?limit=3&starting_after={}", seen.last().unwrap());
    }
    assert_eq!(seen, made);
    let back = sim.get(&format!("/v1/payment_intents?limit=2&ending_before={}", made[3])).await.ok();
    assert_eq!(ids(&back), made[1..3], "the two just before");
    assert_eq!(back["has_more"], true);
}

#[tokio::test]
async fn filters_and_bad_cursors() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    let created = sim.get(&format!("/v1/payment_intents/{id}")).await.ok()["created"].as_i64().unwrap();
    let count = async |query: String| ids(&sim.get(&format!("/v1/payment_intents?{query}")).await.ok()).len();
    assert_eq!(count(format!("created={created}")).await, 1);
    assert_eq!(count(format!("created[gte]={created}&created[lt]={}", created + 1)).await, 1);
    assert_eq!(count(format!("created[gt]={created}")).await, 0);
    for bad in ["limit=0", "limit=101", "limit=x", "starting_after=pi_none", "created[foo]=1", "colour=red"] {
        let answer = sim.get(&format!("/v1/payment_intents?{bad}")).await;
        assert!(matches!(answer.status, 400 | 404), "{bad}: {}", answer.status);
    }
    let both = sim.get(&format!("/v1/payment_intents?starting_after={id}&ending_before={id}")).await;
    assert_eq!(both.status, 400);
    let wrong = sim.get(&format!("/v1/payment_intents/{id}?expand[]=amount")).await;
    assert_eq!((wrong.status, &wrong.body["error"]["param"]), (400, &Value::from("expand")));
}

#[tokio::test]
async fn events_tell_the_story() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    sim.confirm(&id, "pm_card_visa").await.ok();
    sim.verb(&id, "capture", &[]).await.ok();
    sim.post("/v1/refunds", &[("payment_intent", &id)]).send().await.ok();
    let page = sim.get("/v1/events?limit=100").await.ok();
    let kinds: Vec<&str> =
        page["data"].as_array().unwrap().iter().rev().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.amount_capturable_updated",
            "charge.captured",
            "payment_intent.succeeded",
            "refund.created",
            "charge.refunded",
        ]
    );
    let some = sim.get("/v1/events?type=payment_intent.*").await.ok();
    assert_eq!(ids(&some).len(), 3);
    let one = sim.get(&format!("/v1/events/{}", ids(&some)[0])).await.ok();
    assert_eq!(one["data"]["object"]["status"], "succeeded");
}
