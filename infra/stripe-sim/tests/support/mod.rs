//! A simulator in process, and a client that speaks to it as Stripe's libraries do.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use stripe_sim::{Clock, Config, Running, SystemClock};

pub const ACCOUNT: &str = "acct_1Riverside0000";
pub const OTHER: &str = "acct_1Basement00000";
pub const RETURN: &str = "https://shop.example/orders/1?x=1#top";

/// A clock that a test moves.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.0.load(Ordering::SeqCst)
    }
}

pub fn config() -> Config {
    Config {
        accounts: vec![(ACCOUNT.into(), "Riverside Theatre".into()), (OTHER.into(), "Basement".into())],
        ..Config::default()
    }
}

/// A running simulator.
pub struct Sim {
    pub running: Running,
    pub client: reqwest::Client,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.body
    }

    /// Status and code; the message where there is no code.
    pub fn error(&self) -> (u16, &str) {
        let error = &self.body["error"];
        (self.status, error["code"].as_str().or(error["type"].as_str()).unwrap_or_default())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A call about to be made.
pub struct Request(reqwest::RequestBuilder);

impl Request {
    pub fn key(self, key: &str) -> Self {
        Self(self.0.header("Idempotency-Key", key))
    }

    pub fn account(self, account: &str) -> Self {
        Self(self.0.header("Stripe-Account", account))
    }

    pub fn timeout(self, ms: u64) -> Self {
        Self(self.0.timeout(Duration::from_millis(ms)))
    }

    pub fn form(self, form: &[(&str, &str)]) -> Self {
        let body: String = form
            .iter()
            .map(|(name, value)| serde_urlencoded::to_string([(name, value)]).unwrap())
            .collect::<Vec<_>>()
            .join("&");
        Self(self.0.header("content-type", "application/x-www-form-urlencoded").body(body))
    }

    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let response = self.0.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, headers, text, body })
    }

    pub async fn send(self) -> Answer {
        self.try_send().await.unwrap()
    }
}

impl Sim {
    pub async fn start() -> Self {
        Self::with(config()).await
    }

    pub async fn with(config: Config) -> Self {
        let running = stripe_sim::start(config).await.unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running, client }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.base_url)
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        Request(self.client.request(method, self.url(path)).bearer_auth("sk_test_simulator"))
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> Request {
        self.request("POST", path).form(form)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send().await
    }

    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, self.url(path)).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A control that is refused; answers the status.
    pub async fn refused(&self, method: &str, path: &str, body: Value) -> u16 {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let response =
            self.client.request(method, self.url(path)).body(body.to_string()).send().await.unwrap();
        response.status().as_u16()
    }

    pub async fn fault(&self, pattern: &str, kind: &str, value: Value) {
        self.control(
            "POST",
            "/_sim/faults",
            json!({ "match": pattern, "times": 1, "fault": kind, "value": value }),
        )
        .await;
    }

    pub async fn money(&self, kind: &str) -> Vec<Value> {
        let all = self.get("/_sim/money").await.ok();
        all["data"].as_array().unwrap().iter().filter(|line| line["kind"] == kind).cloned().collect()
    }

    pub async fn token(&self, card: &str) -> String {
        let token =
            self.post("/v1/test_helpers/confirmation_tokens", &[("payment_method", card)]).send().await.ok();
        token["id"].as_str().unwrap().to_owned()
    }

    /// An intent over 48.50 euro that only takes cards.
    pub async fn intent(&self, capture: &str) -> String {
        let form = [
            ("amount", "4850"),
            ("currency", "eur"),
            ("capture_method", capture),
            ("payment_method_types[]", "card"),
            ("metadata[order_id]", "order-1"),
        ];
        self.post("/v1/payment_intents", &form).send().await.ok()["id"].as_str().unwrap().to_owned()
    }

    pub async fn confirm(&self, intent: &str, card: &str) -> Answer {
        let token = self.token(card).await;
        self.post(&format!("/v1/payment_intents/{intent}/confirm"), &[("confirmation_token", &token)])
            .send()
            .await
    }

    pub async fn verb(&self, intent: &str, verb: &str, form: &[(&str, &str)]) -> Answer {
        self.post(&format!("/v1/payment_intents/{intent}/{verb}"), form).send().await
    }

    /// A captured payment; answers the intent.
    pub async fn paid(&self) -> Value {
        let intent = self.intent("automatic").await;
        let paid = self.confirm(&intent, "pm_card_visa").await.ok();
        assert_eq!(paid["status"], "succeeded");
        paid
    }
}

/// A delivered event.
#[derive(Debug, Clone)]
pub struct Delivered {
    pub signature: String,
    pub body: String,
}

impl Delivered {
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.event()["type"].as_str().unwrap().to_owned()
    }

    pub fn id(&self) -> String {
        self.event()["id"].as_str().unwrap().to_owned()
    }
}

#[derive(Clone)]
pub struct Inbox {
    pub status: Arc<AtomicU16>,
    all: Arc<Mutex<Vec<Delivered>>>,
}

impl Inbox {
    pub fn all(&self) -> Vec<Delivered> {
        self.all.lock().unwrap().clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.all().iter().map(Delivered::kind).collect()
    }

    /// Waits until the inbox is as wished; ten seconds at most.
    pub async fn until(&self, what: &str, wished: impl Fn(&[Delivered]) -> bool) -> Vec<Delivered> {
        let start = Instant::now();
        loop {
            let all = self.all();
            if wished(&all) {
                return all;
            }
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "waited in vain for {what}: {:?}",
                self.kinds()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Listens for events; answers the URL.
pub fn listen() -> (String, Inbox) {
    let inbox = Inbox { status: Arc::new(AtomicU16::new(200)), all: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let data = inbox.clone();
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(data.clone())).default_service(web::to(take))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    tokio::spawn(server);
    (url, inbox)
}

async fn take(inbox: web::Data<Inbox>, request: HttpRequest, body: String) -> HttpResponse {
    let signature = request.headers().get("stripe-signature").unwrap().to_str().unwrap().to_owned();
    inbox.all.lock().unwrap().push(Delivered { signature, body });
    let status = inbox.status.load(Ordering::SeqCst);
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).finish()
}

/// A new directory, taken away at the end.
pub struct TempDir(pub std::path::PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static COUNT: AtomicI64 = AtomicI64::new(0);
        let name = format!("stripe-sim-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
