//! All performances that somebody looked at, kept current by listening.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{FutureExt, Stream, StreamExt};
use marquee_catalog::FreeUnits;
use marquee_core::db::{Db, DbError, Heard, Listener};
use marquee_core::ids::{PerformanceId, PriceLevelId, TenantId};
use moka::future::Cache;
use thiserror::Error;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::answer::Rendered;
use super::change::{CHANNEL, Notice};
use super::clock::DbClock;
use super::entry::{Entry, Key, Stock};
use super::herald::Herald;
use super::share::Share;
use super::{live, load};
use crate::sheet::Sheet;

/// Units kept in memory; performances not looked at for an hour go, and those looked at least when there are too many.
const UNITS: u64 = 4_000_000;
/// How often the database's clock is compared with this machine's.
const CLOCK_POLL: Duration = Duration::from_secs(1);
/// Boards loaded at a time when many have to be loaded again.
const LOADS: usize = 2;
/// How often a board is read again at once when it changed too much while it was read.
const READS: usize = 3;

/// What is free, from memory, at most a second old.
#[derive(Debug, Clone)]
pub struct Availability {
    pub(super) db: Db,
    entries: Cache<Key, Arc<Entry>>,
    clock: Arc<DbClock>,
    herald: Arc<Herald>,
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    /// All entries that anybody holds on to, so that none misses a notice.
    alive: Mutex<HashMap<Key, Weak<Entry>>>,
    /// Grows when notices may have been missed: a board that was being loaded meanwhile is loaded again.
    gaps: AtomicU64,
    /// There are boards to be loaded again.
    stale: Arc<Notify>,
    listeners: Arc<Semaphore>,
    closing: watch::Sender<bool>,
    /// This process's place among all.
    pub(super) share: watch::Sender<Share>,
}

/// Why there are no live updates.
#[derive(Debug, Error)]
pub enum LiveError {
    /// So many listen that nobody else can, or the process stops.
    #[error("too many listen to live updates")]
    Full,
    /// The board has to be loaded and cannot be.
    #[error(transparent)]
    Db(Arc<DbError>),
}

impl Availability {
    /// Empty; boards are loaded when first asked for.
    pub fn new(db: Db) -> Self {
        let entries = Cache::builder()
            .weigher(|_: &Key, entry: &Arc<Entry>| entry.weight())
            .max_capacity(UNITS)
            .time_to_idle(Duration::from_secs(3_600))
            .build();
        let shared = Shared {
            alive: Mutex::default(),
            gaps: AtomicU64::new(0),
            stale: Arc::new(Notify::new()),
            listeners: Arc::new(Semaphore::new(live::LISTENERS)),
            closing: watch::Sender::new(false),
            share: watch::Sender::new(Share::ALL),
        };
        let (clock, herald) = (Arc::new(DbClock::new(Utc::now())), Arc::new(Herald::new(db.clone())));
        Self { db, entries, clock, herald, shared: Arc::new(shared) }
    }

    /// The answer for a performance; none where the tenant has no such performance.
    ///
    /// # Errors
    /// When its board has to be loaded and cannot be.
    pub async fn of(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
    ) -> Result<Option<Rendered>, Arc<DbError>> {
        Ok(self.entry((tenant, performance)).await?.and_then(|entry| entry.rendered()))
    }

    /// Live updates of a performance as server-sent events (see [`super::live`]); none where the tenant has no such
    /// performance.
    ///
    /// # Errors
    /// As [`LiveError`] says.
    pub async fn live(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
    ) -> Result<Option<impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static + use<>>, LiveError>
    {
        let closing = self.shared.closing.subscribe();
        if *closing.borrow() {
            return Err(LiveError::Full);
        }
        let permit = Arc::clone(&self.shared.listeners).try_acquire_owned().map_err(|_| LiveError::Full)?;
        let entry = self.entry((tenant, performance)).await.map_err(LiveError::Db)?;
        Ok(entry.map(|entry| live::events(entry, closing, permit)))
    }

    /// Ends all live updates, now and from now on, so that the process can stop. Readers come back to another one.
    pub fn close_live(&self) {
        self.shared.closing.send_replace(true);
    }

    /// The units of a performance, which never change.
    ///
    /// # Errors
    /// `NoRow` where the tenant has no such performance; else when they have to be loaded and cannot be.
    pub(crate) async fn sheet(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
    ) -> Result<Arc<Sheet>, Arc<DbError>> {
        let entry = self.entry((tenant, performance)).await?;
        entry.and_then(|entry| entry.sheet()).ok_or_else(|| Arc::new(DbError::NoRow))
    }

    /// What can be had of a performance, for those who claim.
    ///
    /// # Errors
    /// `NoRow` where the tenant has no such performance; anything else when it cannot be loaded.
    pub async fn stock(&self, tenant: TenantId, performance: PerformanceId) -> Result<Stock, Arc<DbError>> {
        let entry = self.entry((tenant, performance)).await?;
        entry.map(Stock).ok_or_else(|| Arc::new(DbError::NoRow))
    }

    /// Waits until every instance was told of the claims that this process has committed so far.
    pub(crate) async fn told(&self) {
        self.herald.told().await;
    }

    /// What time it is at the database, as far as this process knows.
    pub fn db_now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.clock.now()).unwrap_or_default()
    }

    /// Asks the database what time it is.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn refresh_clock(&self) -> Result<(), DbError> {
        load::clock(&self.db, &self.clock).await
    }

    /// Listens for what commits change, for as long as it is polled. When something may have been missed every board
    /// is loaded again; until then browsing sees the last known state.
    pub async fn keep_current(self) {
        futures::future::join4(self.listen(), self.keep_time(), self.load_again(), self.watch_peers()).await;
    }

    async fn listen(&self) {
        let mut preloaded = false;
        loop {
            match self.db.listen(CHANNEL).await {
                Ok(listener) => {
                    self.missed_something();
                    if !std::mem::replace(&mut preloaded, true) {
                        tokio::spawn(self.clone().preload());
                    }
                    self.follow(listener).await;
                }
                Err(error) => tracing::debug!(%error, "cannot listen for availability yet"),
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn follow(&self, mut listener: Listener) {
        loop {
            match listener.next().await {
                Ok(Heard::Message { payload, own }) => self.take(&payload, own),
                Ok(Heard::Gap) => self.missed_something(),
                Err(error) => {
                    tracing::warn!(%error, "the availability feed was lost, listening again");
                    return;
                }
            }
        }
    }

    async fn keep_time(&self) {
        let mut poll = interval(CLOCK_POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            poll.tick().await;
            if let Err(error) = self.refresh_clock().await {
                tracing::debug!(%error, "the database did not say what time it is");
            }
        }
    }

    /// Loads boards again that may have missed something, those that are looked at before others.
    async fn load_again(&self) {
        loop {
            let mut stale: Vec<Arc<Entry>> =
                self.alive().into_iter().filter(|entry| entry.is_stale() && entry.is_there()).collect();
            if stale.is_empty() {
                self.shared.stale.notified().await;
                continue;
            }
            stale.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.used()));
            stale.truncate(8 * LOADS);
            let loads = futures::stream::iter(stale).map(|entry| self.load(entry)).buffer_unordered(LOADS);
            let failed = loads.filter(|loaded| std::future::ready(!matches!(loaded, Ok(true)))).count().await;
            if failed > 0 {
                sleep(Duration::from_millis(500)).await;
            }
        }
    }

    /// Loads the boards of what is on sale before anybody asks; `marquee_boards_preloaded` is 1 when that is done.
    async fn preload(self) {
        metrics::gauge!("marquee_boards_preloaded").set(0.0);
        let current = match load::current(&self.db).await {
            Ok(current) => current,
            Err(error) => return tracing::debug!(%error, "boards could not be loaded ahead"),
        };
        let mut units = 0;
        for one in current {
            match self.entry((one.tenant_id, one.id)).await {
                Ok(entry) => units += entry.map_or(0, |entry| u64::from(entry.weight())),
                Err(error) => tracing::debug!(%error, "a board could not be loaded ahead"),
            }
            if units > UNITS / 2 {
                break;
            }
        }
        metrics::gauge!("marquee_boards_preloaded").set(1.0);
    }

    fn take(&self, payload: &str, own: bool) {
        let Some(notice) = Notice::read(payload) else {
            tracing::warn!(payload, "an availability notice cannot be read");
            return self.missed_something();
        };
        let key = (notice.tenant, notice.performance);
        let entry = self.lock_alive().get(&key).and_then(Weak::upgrade);
        // Not there: whoever loads it will read what this notice says.
        if entry.is_some_and(|entry| !entry.take(notice, own)) {
            self.shared.stale.notify_one();
        }
    }

    pub(super) fn missed_something(&self) {
        self.shared.gaps.fetch_add(1, Ordering::SeqCst);
        self.alive().iter().for_each(|entry| entry.mark_stale());
        self.shared.stale.notify_one();
    }

    fn alive(&self) -> Vec<Arc<Entry>> {
        self.lock_alive().values().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn lock_alive(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Weak<Entry>>> {
        self.shared.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry of a performance, loaded by one caller at a time.
    async fn entry(&self, key: Key) -> Result<Option<Arc<Entry>>, Arc<DbError>> {
        let first = async {
            let entry = self.register(key);
            if entry.is_there() || self.load(Arc::clone(&entry)).await? {
                Ok(entry)
            } else {
                Err(DbError::NoRow)
            }
        };
        match self.entries.try_get_with(key, first).await {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if matches!(*error, DbError::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The one entry for a performance, from here on told what changes.
    fn register(&self, key: Key) -> Arc<Entry> {
        let mut alive = self.lock_alive();
        if let Some(entry) = alive.get(&key).and_then(Weak::upgrade) {
            return entry;
        }
        alive.retain(|_, entry| entry.strong_count() > 0);
        let entry = Arc::new(Entry::new(
            key,
            Arc::clone(&self.clock),
            Arc::clone(&self.herald),
            Arc::clone(&self.shared.stale),
            self.shared.share.subscribe(),
        ));
        alive.insert(key, Arc::downgrade(&entry));
        entry
    }

    /// Reads an entry's board in a task of its own: it ends even if nobody waits for it any more. False where there is no
    /// such performance.
    async fn load(&self, entry: Arc<Entry>) -> Result<bool, DbError> {
        let this = self.clone();
        let task = tokio::spawn(async move { this.read(&entry).await });
        task.await.unwrap_or_else(|_| Err(DbError::Unavailable("the loading task ended".to_owned())))
    }

    async fn read(&self, entry: &Entry) -> Result<bool, DbError> {
        let _one_at_a_time = entry.loading.lock().await;
        if entry.is_there() && !entry.is_stale() {
            return Ok(true);
        }
        for _ in 0..READS {
            let gaps = self.shared.gaps.load(Ordering::SeqCst);
            entry.begin_load();
            let (tenant, performance) = entry.key;
            let board = match load::board(&self.db, &self.clock, tenant, performance).await {
                Ok(Some(board)) => board,
                nothing => {
                    entry.give_up_load(nothing.is_ok());
                    return nothing.map(|_| false);
                }
            };
            let complete = entry.end_load(board);
            if gaps != self.shared.gaps.load(Ordering::SeqCst) {
                entry.mark_stale();
            } else if complete {
                return Ok(true);
            }
        }
        // Good enough to be shown; it is loaded again soon.
        self.shared.stale.notify_one();
        Ok(true)
    }

    /// Asks the board if it is in memory; else it is loaded in the background.
    fn peek<T>(&self, key: Key, look: impl FnOnce(&mut super::board::Board) -> T) -> Option<T> {
        if let Some(entry) = self.entries.get(&key).now_or_never().flatten() {
            return entry.with(look);
        }
        let this = self.clone();
        tokio::spawn(async move { this.entry(key).await.map(drop) });
        None
    }
}

impl FreeUnits for Availability {
    /// From memory alone; a performance that nobody looked at yet answers `None` and is loaded in the background.
    fn free(&self, tenant: TenantId, performance: PerformanceId) -> Option<u64> {
        self.peek((tenant, performance), |board| board.open_in_all() as u64)
    }

    fn free_of_level(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
        level: PriceLevelId,
    ) -> Option<u64> {
        self.peek((tenant, performance), |board| board.open(level) as u64)
    }

    fn capacity(&self, tenant: TenantId, performance: PerformanceId) -> Option<u64> {
        self.peek((tenant, performance), |board| board.sheet().len() as u64)
    }
}
