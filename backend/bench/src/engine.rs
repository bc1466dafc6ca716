//! The engine alone: the program's inventory called in a process of its own, without HTTP.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use marquee_catalog::Catalog;
use marquee_core::clock::SystemClock;
use marquee_core::config::Config;
use marquee_core::db::Db;
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::PerformanceId;
use marquee_core::secret::sha256;
use marquee_inventory::availability::Availability;
use marquee_inventory::strategy::Strategies;
use marquee_inventory::{HoldRequest, Inventory, PlaceRequest, SeatRequest};
use marquee_tenants::Directory;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use crate::error::BenchError;
use crate::stats::Latencies;

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Task {
    /// The performance.
    #[arg(long)]
    performance: PerformanceId,
    /// Any place of this price level in place of chosen seats.
    #[arg(long)]
    level: Option<String>,
    /// A file with a seat's id in each line.
    #[arg(long, required_unless_present = "level")]
    seats: Option<std::path::PathBuf>,
    /// How many units there are.
    #[arg(long)]
    units: usize,
    /// Callers at one time.
    #[arg(long)]
    callers: usize,
    /// For how long.
    #[arg(long)]
    seconds: f64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Found {
    /// Holds a second.
    pub rate: f64,
    /// 99 in a hundred were faster, in milliseconds.
    pub p99: f64,
    /// Calls that were refused.
    pub refused: u64,
}

/// Holds as fast as the engine can, configured by the environment as the program is.
///
/// # Errors
/// When the engine cannot be opened.
pub async fn run(task: Task) -> Result<Found, BenchError> {
    let config = Config::from_env().map_err(BenchError::failed)?;
    let db = Db::connect(&config.database_url, &config.database_platform_url, config.db_pool)
        .await
        .map_err(BenchError::failed)?;
    let directory = Directory::new();
    directory.refresh(&db).await.map_err(BenchError::failed)?;
    let tenant =
        directory.by_name("bench").ok_or_else(|| BenchError::failed("there is no tenant `bench`"))?;
    let availability = Availability::new(db.clone());
    let catalog = Catalog::new(db.clone(), Arc::new(SystemClock), Arc::new(availability.clone()));
    tokio::spawn(availability.clone().keep_current());
    tokio::spawn(db.clone().keep_statistics());
    let inventory = Arc::new(Inventory::new(
        db,
        catalog,
        availability,
        config.secret_key,
        Strategies::new(config.redis_url.as_deref()),
        config.claim_batch,
    ));

    let requests = Arc::new(Mutex::new(requests(&task)?));
    let (next_key, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    // The first call loads what the engine keeps in memory.
    let first = requests.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let ask = move |inventory: Arc<Inventory>, request: HoldRequest, number: usize| {
        let (tenant, performance) = (Arc::clone(&tenant), task.performance);
        async move {
            let text = format!("engine-{number:012}");
            let Some(key) = IdempotencyKey::new(&text) else { return false };
            inventory.hold(&tenant, performance, &request, &key, sha256(text.as_bytes())).await.is_ok()
        }
    };
    if let Some(request) = first
        && !ask(Arc::clone(&inventory), request, next_key.fetch_add(1, Ordering::Relaxed)).await
    {
        return Err(BenchError::failed("the engine refuses the first hold"));
    }
    let begun = Instant::now();
    let until = begun + Duration::from_secs_f64(task.seconds);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..task.callers {
        let (inventory, requests, ask) = (Arc::clone(&inventory), Arc::clone(&requests), ask.clone());
        let (next_key, refused) = (Arc::clone(&next_key), Arc::clone(&refused));
        callers.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < until {
                let Some(request) = requests.lock().unwrap_or_else(PoisonError::into_inner).pop() else {
                    break;
                };
                let asked = Instant::now();
                if ask(Arc::clone(&inventory), request, next_key.fetch_add(1, Ordering::Relaxed)).await {
                    latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
                } else {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
            latencies
        });
    }
    let latencies = Latencies::of(callers.join_all().await.into_iter().flatten().collect());
    let rate = latencies.count() as f64 / begun.elapsed().as_secs_f64();
    Ok(Found { rate, p99: latencies.p99().unwrap_or_default(), refused: refused.load(Ordering::Relaxed) })
}

/// A request for each unit, in random order.
fn requests(task: &Task) -> Result<Vec<HoldRequest>, BenchError> {
    let mut all: Vec<HoldRequest> = match (&task.level, &task.seats) {
        (Some(level), _) => {
            let place =
                PlaceRequest { price_level: level.clone(), quantity: 1, ticket_type: None, adjacent: false };
            vec![HoldRequest { seats: Vec::new(), places: vec![place] }; task.units]
        }
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).map_err(BenchError::system("cannot read the seats"))?;
            let seat = |seat: &str| SeatRequest { seat: seat.to_owned(), ticket_type: None };
            text.lines().map(|line| HoldRequest { seats: vec![seat(line)], places: Vec::new() }).collect()
        }
        (None, None) => Vec::new(),
    };
    all.shuffle(&mut rand::rng());
    Ok(all)
}
