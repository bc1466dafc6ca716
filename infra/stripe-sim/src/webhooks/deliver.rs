//! Sends what is due.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use tokio::sync::Semaphore;

use super::queue::Delivery;
use super::resolve::Loopback;
use super::settings::Settings;
use super::sign;
use crate::engine::state::Change;
use crate::engine::tx::Origin;
use crate::sim::Sim;

/// How many deliveries are on their way at a time.
const CONCURRENT: usize = 16;

/// An endpoint that has not answered by then has failed.
const TIMEOUT: Duration = Duration::from_secs(20);

/// First pause after a failure; it doubles with each further one.
const FIRST_PAUSE_MS: i64 = 500;

/// The longest pause: a demo's server is back within seconds.
const LONGEST_PAUSE_MS: i64 = 10_000;

/// Deliveries are given up after three days, as with Stripe.
const GIVE_UP_AFTER_MS: i64 = 3 * 86_400_000;

/// Shuffled deliveries are spread over so many milliseconds.
const SHUFFLE_MS: i64 = 400;

/// What carries events.
pub fn client() -> Client {
    Client::builder()
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(CONCURRENT)
        .dns_resolver(Arc::new(Loopback))
        .build()
        .unwrap_or_default()
}

/// Does and sends whatever is due, for ever.
pub async fn run(sim: Arc<Sim>) {
    let permits = Arc::new(Semaphore::new(CONCURRENT));
    loop {
        let next = sim.tick().await;
        let settings = sim.webhook_settings();
        let now = sim.clock.now_ms();
        let limit = if settings.paused { 0 } else { permits.available_permits() };
        let due = if limit == 0 {
            super::queue::Due::default()
        } else {
            sim.with_state(|state| state.queue.due(now, i64::from(settings.delay_ms), limit))
        };
        for (number, delivery, attempts) in due.now {
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            let (sim, settings) = (sim.clone(), settings.clone());
            tokio::spawn(async move {
                deliver(&sim, number, delivery, attempts, &settings).await;
                drop(permit);
                sim.wake.notify_one();
            });
        }
        let next = next.into_iter().chain(due.later_ms).min();
        let pause = next.map_or(1000, |at| (at - sim.clock.now_ms()).clamp(1, 1000));
        let pause = Duration::from_millis(u64::try_from(pause).unwrap_or(1000));
        // The time-out is only there for clocks that jump.
        let _ = tokio::time::timeout(pause, sim.wake.notified()).await;
    }
}

async fn deliver(sim: &Sim, number: u64, delivery: Delivery, attempts: u32, settings: &Settings) {
    let Some(letter) = Letter::write(sim, &delivery.event, &delivery.endpoint, settings) else {
        return done(sim, delivery).await;
    };
    let copies = (0..settings.duplicates).map(|_| {
        let jitter = if settings.shuffle { sim.ids.jitter_ms(SHUFFLE_MS) } else { 0 };
        letter.send(sim, jitter)
    });
    let statuses = futures::future::join_all(copies).await;
    if statuses.into_iter().any(taken) || settings.duplicates == 0 {
        return done(sim, delivery).await;
    }
    let now = sim.clock.now_ms();
    if delivery.created_ms + GIVE_UP_AFTER_MS < now {
        tracing::warn!(event.id = delivery.event, "an event could not be delivered and is given up");
        return done(sim, delivery).await;
    }
    let pause = FIRST_PAUSE_MS.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE_MS);
    sim.with_state(|state| state.queue.again(number, now + pause));
}

/// Whether an endpoint that answered so has taken the event.
fn taken(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// Sends an event at once, `times` times in a row, to every endpoint that gets it; answers endpoints and what they said.
/// Where it was taken, it does not wait for delivery any more.
pub async fn at_once(sim: &Sim, event: &str, times: u32) -> Vec<(String, Option<u16>)> {
    let endpoints: Vec<String> = sim.with_state(|state| {
        let Some(event) = state.events.get(event) else { return Vec::new() };
        let connect = event.goes_to_connect();
        let all = state.endpoints.iter().filter(|row| row.connect == connect && row.wants(&event.kind));
        all.map(|row| row.id.clone()).collect()
    });
    let settings = sim.webhook_settings();
    let mut answers = Vec::new();
    for endpoint in endpoints {
        let Some(letter) = Letter::write(sim, event, &endpoint, &settings) else { continue };
        let mut any = false;
        for _ in 0..times {
            let status = letter.send(sim, 0).await;
            any |= taken(status);
            answers.push((endpoint.clone(), status));
        }
        if any {
            let change = Change::Delivered { event: event.to_owned(), endpoint };
            sim.transact(Origin::default(), |tx| tx.put(change)).await;
        }
    }
    answers
}

/// An event on its way to an endpoint.
struct Letter {
    url: String,
    secrets: Vec<String>,
    body: String,
}

impl Letter {
    /// `None` when the endpoint or the event is gone.
    fn write(sim: &Sim, event: &str, endpoint: &str, settings: &Settings) -> Option<Self> {
        let now = sim.clock.now_ms().div_euclid(1000);
        sim.with_state(|state| {
            let endpoint = state.endpoints.get(endpoint).filter(|endpoint| endpoint.enabled)?;
            let event = settings.disguise(state.events.get(event)?.render(state));
            Some(Self {
                url: endpoint.url.clone(),
                secrets: settings.sign_with(endpoint.secrets(now)),
                body: serde_json::to_string_pretty(&event).ok()?,
            })
        })
    }

    /// Posts it; answers the endpoint's status, if there was any answer. It is signed with the real time: whoever gets it
    /// compares that with theirs.
    async fn send(&self, sim: &Sim, jitter_ms: i64) -> Option<u16> {
        tokio::time::sleep(Duration::from_millis(u64::try_from(jitter_ms).unwrap_or(0))).await;
        let signature = sign::header(&self.secrets, sim.clock.real_ms().div_euclid(1000), &self.body);
        let request = sim
            .http
            .post(&self.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", signature)
            .body(self.body.clone());
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                if !answer.status().is_success() {
                    tracing::debug!(url = self.url, status, "an endpoint refused an event");
                }
                Some(status)
            }
            Err(error) => {
                tracing::debug!(url = self.url, %error, "an endpoint could not be reached");
                None
            }
        }
    }
}

async fn done(sim: &Sim, delivery: Delivery) {
    let Delivery { event, endpoint, .. } = delivery;
    sim.transact(Origin::default(), |tx| tx.put(Change::Delivered { event, endpoint })).await;
}
