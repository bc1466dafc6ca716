//! What a buyer's browser does: the form's calls and the page of the bank.

use serde_json::json;

use crate::support::{ACCOUNT, RETURN, Sim};

fn card<'a>(number: &'a str, year: &'a str, cvc: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("key", "pk_test_simulator"),
        ("_stripe_account", ACCOUNT),
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][number]", number),
        ("payment_method_data[card][exp_month]", "12"),
        ("payment_method_data[card][exp_year]", year),
        ("payment_method_data[card][cvc]", cvc),
        ("return_url", RETURN),
    ]
}

async fn make(sim: &Sim, form: &[(&str, &str)]) -> (u16, serde_json::Value) {
    let body: Vec<String> = form.iter().map(|pair| serde_urlencoded::to_string([pair]).unwrap()).collect();
    let request =
        sim.client.post(sim.url("/v1/confirmation_tokens")).header("origin", "https://shop.example");
    let response = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn the_form_makes_a_token_that_the_server_uses() {
    let sim = Sim::start().await;
    let (status, token) = make(&sim, &card("4242 4242 4242 4242", "2040", "123")).await;
    assert_eq!((status, &token["payment_method_preview"]["card"]["last4"]), (200, &json!("4242")));
    let form = [("amount", "500"), ("currency", "eur"), ("capture_method", "manual")];
    let intent = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let path = format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap());
    let token = token["id"].as_str().unwrap();
    let held = sim
        .post(&format!("{path}/confirm"), &[("confirmation_token", token)])
        .account(ACCOUNT)
        .send()
        .await
        .ok();
    assert_eq!(held["status"], "requires_capture");
    let secret = held["client_secret"].as_str().unwrap();
    let get = async |secret: &str| {
        let query = format!("{path}?key=pk_test_simulator&_stripe_account={ACCOUNT}&client_secret={secret}");
        sim.client.get(sim.url(&query)).send().await.unwrap().status().as_u16()
    };
    assert_eq!((get(secret).await, get("wrong").await, get("").await), (200, 400, 400));
}

#[tokio::test]
async fn the_form_offers_a_method_that_captures_by_itself() {
    let sim = Sim::start().await;
    let form = [
        ("key", "pk_test_simulator"),
        ("_stripe_account", ACCOUNT),
        ("payment_method_data[type]", "ideal"),
        ("payment_method_data[billing_details][email]", "a@b.example"),
        ("return_url", RETURN),
    ];
    let (status, token) = make(&sim, &form).await;
    assert_eq!((status, &token["payment_method_preview"]["type"]), (200, &json!("ideal")));
    let form = [("amount", "500"), ("currency", "eur"), ("capture_method", "automatic")];
    let intent = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let path = format!("/v1/payment_intents/{}/confirm", intent["id"].as_str().unwrap());
    let form = [("confirmation_token", token["id"].as_str().unwrap())];
    let asked = sim.post(&path, &form).account(ACCOUNT).send().await.ok();
    let url = asked["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    let body = serde_urlencoded::to_string([
        ("client_secret", asked["client_secret"].as_str().unwrap()),
        ("outcome", "succeed"),
    ]);
    let request = sim.client.post(url.split('?').next().unwrap());
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.unwrap());
    let left = request.send().await.unwrap();
    assert!(left.headers()["location"].to_str().unwrap().contains("redirect_status=succeeded"));
    let path = format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap());
    assert_eq!(sim.request("GET", &path).account(ACCOUNT).send().await.ok()["status"], "succeeded");
    let script = sim.client.get(sim.url("/v3/")).send().await.unwrap().text().await.unwrap();
    assert!(script.contains(r#"type: "ideal""#));
}

#[tokio::test]
async fn cards_that_cannot_be_are_refused() {
    let sim = Sim::start().await;
    for (form, code) in [
        (card("4242424242424241", "2040", "123"), "incorrect_number"),
        (card("4242424242424242", "2020", "123"), "invalid_expiry_year"),
        (card("4242424242424242", "2040", "12"), "invalid_cvc"),
        (card("4539578763621486", "2040", "123"), "card_declined"),
    ] {
        let (status, answer) = make(&sim, &form).await;
        assert_eq!((status, &answer["error"]["code"]), (402, &json!(code)));
    }
    let mut wrong = card("4242424242424242", "2040", "123");
    wrong[0].1 = "pk_test_wrong";
    assert_eq!(make(&sim, &wrong).await.0, 401);
    let log = sim.get("/_sim/requests").await.text;
    assert!(!log.contains("424242424242"), "card numbers are not remembered");
}

#[tokio::test]
async fn a_browser_may_ask_first() {
    let sim = Sim::start().await;
    let asked = sim
        .client
        .request(reqwest::Method::OPTIONS, sim.url("/v1/confirmation_tokens"))
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 204);
    assert!(asked.headers()["access-control-allow-headers"].to_str().unwrap().contains("Stripe-Account"));
}

#[tokio::test]
async fn the_banks_page_leads_back_to_the_shop() {
    let sim = Sim::start().await;
    for (outcome, redirect, status) in
        [("succeed", "succeeded", "requires_capture"), ("fail", "failed", "requires_payment_method")]
    {
        let id = sim.intent("manual").await;
        let token = sim.token("pm_card_threeDSecure2Required").await;
        let asked =
            sim.verb(&id, "confirm", &[("confirmation_token", &token), ("return_url", RETURN)]).await.ok();
        let url = asked["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
        let page = sim.client.get(url).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("48.50 EUR") && page.contains("Complete") && page.contains("Fail"));
        assert!(!page.to_lowercase().contains("stripe") && !page.to_lowercase().contains("marquee"));
        let action = url.split('?').next().unwrap();
        let secret = asked["client_secret"].as_str().unwrap();
        let post = async |secret: &str| {
            let body =
                serde_urlencoded::to_string([("client_secret", secret), ("outcome", outcome)]).unwrap();
            let request = sim.client.post(action).header("content-type", "application/x-www-form-urlencoded");
            request.body(body).send().await.unwrap()
        };
        assert_eq!(post("wrong").await.status(), 404);
        let left = post(secret).await;
        assert_eq!(left.status(), 303);
        let location = left.headers()["location"].to_str().unwrap();
        assert!(location.starts_with("https://shop.example/orders/1?x=1&payment_intent=pi_"), "{location}");
        assert!(location.ends_with(&format!("redirect_status={redirect}#top")), "{location}");
        assert_eq!(sim.get(&format!("/v1/payment_intents/{id}")).await.ok()["status"], status);
    }
}

#[tokio::test]
async fn the_script_is_served() {
    let sim = Sim::start().await;
    for path in ["/v3", "/v3/", "/elements.js"] {
        let response = sim.client.get(sim.url(path)).send().await.unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/javascript"));
        assert!(response.text().await.unwrap().contains("createConfirmationToken"));
    }
}

#[tokio::test]
async fn pages_can_be_disturbed_too() {
    let sim = Sim::start().await;
    sim.fault("GET /v3/", "refuse", json!(null)).await;
    assert!(sim.client.get(sim.url("/v3/")).send().await.is_err());
    sim.fault("GET /v3/", "status", json!(503)).await;
    assert_eq!(sim.client.get(sim.url("/v3/")).send().await.unwrap().status(), 503);
    assert_eq!(sim.client.get(sim.url("/v3/")).send().await.unwrap().status(), 200);
}
