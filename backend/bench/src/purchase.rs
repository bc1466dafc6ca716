//! Somebody who buys: holds a place, orders it and pays, as a fan's browser and the provider's form in it do.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::http::{self, Connection};
use crate::requests::{Keys, field};
use crate::seed::Show;
use crate::stage::{ACCOUNT, HOST, Stage};

/// Cards are made over so many connections.
const DESKS: usize = 16;

/// How a purchase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bought {
    /// Paid, with its tickets.
    Paid,
    /// The program says that it is under way.
    Processing,
    /// The program put it off (503); the buyer begins anew.
    PutOff,
}

/// Cards as the provider's form turns them into tokens, made beforehand: that is no work of the program's.
#[derive(Debug, Clone, Default)]
pub struct Cards(Arc<Mutex<Vec<String>>>);

/// A buyer with connections of their own.
#[derive(Debug)]
pub struct Buyer {
    number: usize,
    server: SocketAddr,
    program: Connection,
    desk: Desk,
    show: Show,
    cards: Cards,
    keys: Keys,
    purchases: u64,
}

/// A connection to the provider, as the form in a browser has one.
#[derive(Debug)]
pub struct Desk {
    address: SocketAddr,
    connection: Connection,
    secret: String,
}

impl Desk {
    /// Connects to the simulator.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn open(stage: &Stage) -> Result<Self, BenchError> {
        let address = stage.simulator_address;
        let connection =
            Connection::open(address).await.map_err(BenchError::system("the simulator's connection"))?;
        Ok(Self { address, connection, secret: stage.secrets.stripe_secret_key.clone() })
    }

    /// A card that works, as a token.
    ///
    /// # Errors
    /// When the simulator does not answer so.
    pub async fn card(&mut self) -> Result<String, BenchError> {
        let form = "payment_method=pm_card_visa";
        let request = format!(
            "POST /v1/test_helpers/confirmation_tokens HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/x-www-form-urlencoded\r\nauthorization: Bearer {}\r\n\
             stripe-account: {ACCOUNT}\r\ncontent-length: {}\r\n\r\n{form}",
            self.secret,
            form.len()
        );
        let (status, body) = self.exchange(request.as_bytes()).await?;
        let id = body.get("id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| BenchError::failed(format!("the simulator answers {status}")))
    }

    /// Sets one of the simulator's controls.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn control(&mut self, method: &str, path: &str, body: &Value) -> Result<(), BenchError> {
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        match self.exchange(request.as_bytes()).await? {
            (200, _) => Ok(()),
            (status, said) => Err(BenchError::failed(format!("{path} answers {status}: {said}"))),
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<(u16, Value), BenchError> {
        if let Ok(reply) = self.connection.exchange(request).await {
            return Ok((reply.status, serde_json::from_slice(reply.body).unwrap_or_default()));
        }
        // It closes connections that nobody used for a while.
        let failed = || BenchError::system("the simulator");
        self.connection = Connection::open(self.address).await.map_err(failed())?;
        let reply = self.connection.exchange(request).await.map_err(failed())?;
        Ok((reply.status, serde_json::from_slice(reply.body).unwrap_or_default()))
    }
}

impl Cards {
    /// Makes as many as are missing to `count`.
    ///
    /// # Errors
    /// As the simulator says.
    pub async fn fill(&self, stage: &Stage, count: usize) -> Result<(), BenchError> {
        let missing = count.saturating_sub(self.0.lock().unwrap_or_else(PoisonError::into_inner).len());
        let mut desks = JoinSet::new();
        for _ in 0..DESKS {
            let mut desk = Desk::open(stage).await?;
            desks.spawn(async move {
                let mut made = Vec::new();
                for _ in 0..missing.div_ceil(DESKS) {
                    made.push(desk.card().await?);
                }
                Ok::<_, BenchError>(made)
            });
        }
        while let Some(made) = desks.join_next().await {
            let made = made.map_err(BenchError::failed)??;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(made);
        }
        Ok(())
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Buyer {
    /// Connects to the program and to the provider.
    ///
    /// # Errors
    /// When either does not answer.
    pub async fn arrive(
        number: usize,
        server: SocketAddr,
        stage: &Stage,
        show: &Show,
        cards: &Cards,
    ) -> Result<Self, BenchError> {
        let program = connected(server).await?;
        let desk = Desk::open(stage).await?;
        let (show, cards) = (show.clone(), cards.clone());
        Ok(Self { number, server, program, desk, show, cards, keys: Keys::new(), purchases: 0 })
    }

    /// Connects to the program anew, which closes connections that nobody uses for some seconds.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn connect(&mut self) -> Result<(), BenchError> {
        self.program = connected(self.server).await?;
        Ok(())
    }

    /// Buys one place.
    ///
    /// # Errors
    /// When a call is refused for anything but lack of time.
    pub async fn buy(&mut self) -> Result<Bought, BenchError> {
        self.purchases += 1;
        let path = format!("/api/v1/performances/{}/holds", self.show.id);
        let places = format!(r#"{{"places":[{{"price_level":"{}","quantity":1}}]}}"#, self.show.level);
        let Some(hold) = self.post(&path, "", &places, 201).await? else { return Ok(Bought::PutOff) };
        let (hold, token) = both(&hold, "hold_id")?;
        let email = format!("buyer-{}-{}@bench.localhost", self.number, self.purchases);
        let order = format!(
            r#"{{"hold_id":"{hold}","buyer":{{"email":"{email}","name":"Ada Lovelace","locale":"en-IE"}}}}"#
        );
        let headers = format!("hold-token: {token}\r\n");
        let Some(order) = self.post("/api/v1/orders", &headers, &order, 201).await? else {
            return Ok(Bought::PutOff);
        };
        let (order, token) = both(&order, "order_id")?;
        let card = match self.cards.take() {
            Some(card) => card,
            None => self.desk.card().await?,
        };
        let path = format!("/api/v1/orders/{order}/pay");
        let headers = format!("order-token: {token}\r\n");
        let pay = format!(r#"{{"confirmation_token":"{card}"}}"#);
        let Some(paid) = self.post(&path, &headers, &pay, 200).await? else { return Ok(Bought::PutOff) };
        match field(&paid, "status") {
            Some("paid") => Ok(Bought::Paid),
            Some("processing") => Ok(Bought::Processing),
            other => Err(BenchError::failed(format!("a payment is {other:?}"))),
        }
    }

    /// The answer's body; none where the program says 503.
    async fn post(
        &mut self,
        path: &str,
        headers: &str,
        body: &str,
        expected: u16,
    ) -> Result<Option<Vec<u8>>, BenchError> {
        let mut request = Vec::new();
        http::post(&mut request, HOST, path, &format!("{}{headers}", self.keys.line()), body);
        let reply = self.program.exchange(&request).await.map_err(BenchError::system("a purchase"))?;
        if reply.status == expected {
            return Ok(Some(reply.body.to_vec()));
        }
        if reply.status == 503 {
            return Ok(None);
        }
        let said = String::from_utf8_lossy(reply.body);
        Err(BenchError::failed(format!("{path} answers {}: {said}", reply.status)))
    }
}

async fn connected(server: SocketAddr) -> Result<Connection, BenchError> {
    Connection::open(server).await.map_err(BenchError::system("a buyer's connection"))
}

/// An id and the token beside it.
fn both(body: &[u8], id: &str) -> Result<(String, String), BenchError> {
    match (field(body, id), field(body, "token")) {
        (Some(id), Some(token)) => Ok((id.to_owned(), token.to_owned())),
        _ => Err(BenchError::failed(format!("an answer without `{id}` and its token"))),
    }
}
