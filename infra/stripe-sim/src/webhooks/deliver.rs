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

/// Sends whatever is due, for ever.
pub async fn run(sim: Arc<Sim>) {
    let client = Client::builder()
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(CONCURRENT)
        .dns_resolver(Arc::new(Loopback))
        .build()
        .unwrap_or_default();
    let permits = Arc::new(Semaphore::new(CONCURRENT));
    loop {
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
            let (sim, client) = (sim.clone(), client.clone());
            tokio::spawn(async move {
                deliver(&sim, &client, number, delivery, attempts, settings).await;
                drop(permit);
                sim.wake.notify_one();
            });
        }
        let pause = due.later_ms.map_or(1000, |at| (at - sim.clock.now_ms()).clamp(1, 1000));
        let pause = Duration::from_millis(u64::try_from(pause).unwrap_or(1000));
        // The time-out is only there for clocks that jump.
        let _ = tokio::time::timeout(pause, sim.wake.notified()).await;
    }
}

async fn deliver(
    sim: &Sim,
    client: &Client,
    number: u64,
    delivery: Delivery,
    attempts: u32,
    settings: Settings,
) {
    let found = sim.with_state(|state| {
        let endpoint = state.endpoints.get(&delivery.endpoint).filter(|endpoint| endpoint.enabled)?;
        let event = state.events.get(&delivery.event)?;
        let body = serde_json::to_string_pretty(&event.render(state)).ok()?;
        Some((endpoint.url.clone(), endpoint.secret.clone(), body))
    });
    let Some((url, secret, body)) = found else { return done(sim, delivery).await };
    let secret = if settings.bad_signature { format!("whsec_not_{secret}") } else { secret };
    let copies = (0..settings.duplicates).map(|_| {
        let jitter = if settings.shuffle { sim.ids.jitter_ms(SHUFFLE_MS) } else { 0 };
        send(sim, client, &url, &secret, &body, jitter)
    });
    let results = futures::future::join_all(copies).await;
    if results.contains(&true) || settings.duplicates == 0 {
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

/// One delivery; whether the endpoint took it.
async fn send(sim: &Sim, client: &Client, url: &str, secret: &str, body: &str, jitter_ms: i64) -> bool {
    tokio::time::sleep(Duration::from_millis(u64::try_from(jitter_ms).unwrap_or(0))).await;
    let signature = sign::header(secret, sim.clock.now_ms().div_euclid(1000), body);
    let request = client
        .post(url)
        .header("content-type", "application/json; charset=utf-8")
        .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .header("stripe-signature", signature)
        .body(body.to_owned());
    match request.send().await {
        Ok(answer) if answer.status().is_success() => true,
        Ok(answer) => {
            tracing::debug!(url, status = answer.status().as_u16(), "an endpoint refused an event");
            false
        }
        Err(error) => {
            tracing::debug!(url, %error, "an endpoint could not be reached");
            false
        }
    }
}

async fn done(sim: &Sim, delivery: Delivery) {
    let Delivery { event, endpoint, .. } = delivery;
    sim.transact(Origin::default(), |tx| tx.put(Change::Delivered { event, endpoint })).await;
}
