//! Boards of all performances that somebody looked at, kept current by listening.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use marquee_catalog::FreeUnits;
use marquee_core::db::{Db, DbError, Heard, Listener};
use marquee_core::ids::{PerformanceId, PriceLevelId, TenantId};
use moka::future::Cache;

use super::board::{Board, Rendered};
use super::change::{CHANNEL, Notice};
use super::load;

/// Boards kept; those not looked at for an hour go.
const BOARDS: u64 = 5_000;
/// How often the database's clock is compared with this machine's.
const CLOCK_POLL: Duration = Duration::from_secs(1);

type Key = (TenantId, PerformanceId);
type SharedBoard = Arc<Mutex<Board>>;

/// What is free, from memory, at most a second old.
#[derive(Debug, Clone)]
pub struct Availability {
    db: Db,
    boards: Cache<Key, SharedBoard>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The database's clock minus this machine's, in milliseconds.
    clock_offset: AtomicI64,
    /// Larger than any version given out before.
    epoch: AtomicU64,
    /// Grows when notices may have been missed: a board that was being loaded meanwhile is loaded again.
    gaps: AtomicU64,
    /// Notices for boards that are being loaded, to be applied when they are there.
    loading: Mutex<HashMap<Key, Vec<Notice>>>,
}

impl Availability {
    /// Empty; boards are loaded when first asked for.
    pub fn new(db: Db) -> Self {
        let boards = Cache::builder().max_capacity(BOARDS).time_to_idle(Duration::from_secs(3_600)).build();
        let shared =
            Shared { epoch: AtomicU64::new(Utc::now().timestamp_millis() as u64), ..Shared::default() };
        Self { db, boards, shared: Arc::new(shared) }
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
        let board = self.board((tenant, performance)).await?;
        Ok(board.and_then(|board| board.lock().ok().map(|mut board| board.render(self.now()))))
    }

    /// Listens for what commits change, for as long as it is polled. After a lost connection every board is
    /// loaded again; until then browsing sees the last known state.
    pub async fn keep_current(self) {
        loop {
            match self.db.listen(CHANNEL).await {
                Ok(listener) => {
                    self.forget_boards();
                    self.preload().await;
                    if let Err(error) = self.follow(listener).await {
                        tracing::warn!(%error, "the availability feed was lost, listening again");
                    }
                }
                Err(error) => tracing::debug!(%error, "cannot listen for availability yet"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn follow(&self, mut listener: Listener) -> Result<(), DbError> {
        let mut clock = tokio::time::interval(CLOCK_POLL);
        loop {
            tokio::select! {
                heard = listener.next() => match heard? {
                    Heard::Message(payload) => self.take(&payload).await,
                    Heard::Gap => {
                        self.forget_boards();
                        self.preload().await;
                    }
                },
                _ = clock.tick() => {
                    if let Ok(now) = load::now(&self.db).await {
                        let offset = now.timestamp_millis() - Utc::now().timestamp_millis();
                        self.shared.clock_offset.store(offset, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    async fn take(&self, payload: &str) {
        let Ok(notice) = serde_json::from_str::<Notice>(payload) else {
            tracing::warn!(payload, "an availability notice cannot be read");
            return self.forget_boards();
        };
        let key = (notice.tenant, notice.performance);
        if let Ok(mut loading) = self.shared.loading.lock()
            && let Some(waiting) = loading.get_mut(&key)
        {
            return waiting.push(notice);
        }
        // Neither loaded nor being loaded: whoever loads it reads what this notice says.
        if let Some(board) = self.boards.get(&key).await
            && !apply(&board, &notice)
        {
            self.boards.invalidate(&key).await;
        }
    }

    fn forget_boards(&self) {
        self.shared.gaps.fetch_add(1, Ordering::SeqCst);
        self.boards.invalidate_all();
    }

    async fn preload(&self) {
        match load::current(&self.db).await {
            Ok(current) => {
                let this = self.clone();
                tokio::spawn(async move {
                    for one in current {
                        if let Err(error) = this.board((one.tenant_id, one.id)).await {
                            tracing::debug!(%error, "a board could not be loaded ahead");
                        }
                    }
                });
            }
            Err(error) => tracing::debug!(%error, "boards could not be loaded ahead"),
        }
    }

    /// The board, loaded by one caller at a time.
    async fn board(&self, key: Key) -> Result<Option<SharedBoard>, Arc<DbError>> {
        let load = async {
            loop {
                let gaps = self.shared.gaps.load(Ordering::SeqCst);
                if let Ok(mut loading) = self.shared.loading.lock() {
                    loading.entry(key).or_default();
                }
                let version = self.shared.epoch.fetch_add(1 << 20, Ordering::SeqCst);
                let board = load::board(&self.db, key.0, key.1, version).await;
                if board.is_err() || gaps == self.shared.gaps.load(Ordering::SeqCst) {
                    return board?.map(|board| Arc::new(Mutex::new(board))).ok_or(DbError::NoRow);
                }
            }
        };
        let board = self.boards.try_get_with(key, load).await;
        let incomplete = self.shared.loading.lock().ok().and_then(|mut loading| {
            let waiting = loading.remove(&key)?;
            // Applied before the lock is given back: a later notice must not overtake these.
            let known = board.as_ref().is_ok_and(|board| waiting.iter().all(|notice| apply(board, notice)));
            (!known).then_some(())
        });
        if incomplete.is_some() {
            self.boards.invalidate(&key).await;
        }
        match board {
            Ok(board) => Ok(Some(board)),
            Err(error) if matches!(*error, DbError::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The answer if its board is in memory; else it is loaded in the background.
    fn peek(&self, key: Key) -> Option<Rendered> {
        let found = futures::FutureExt::now_or_never(self.boards.get(&key)).flatten();
        if let Some(board) = found {
            return board.lock().ok().map(|mut board| board.render(self.now()));
        }
        let this = self.clone();
        tokio::spawn(async move { this.board(key).await.map(drop) });
        None
    }

    fn now(&self) -> i64 {
        Utc::now().timestamp_millis() + self.shared.clock_offset.load(Ordering::Relaxed)
    }
}

/// Takes over a notice; false when the board has to be loaded again.
fn apply(board: &SharedBoard, notice: &Notice) -> bool {
    match (&notice.changes, board.lock()) {
        (Some(changes), Ok(mut board)) => board.apply(changes),
        _ => false,
    }
}

impl FreeUnits for Availability {
    /// From memory alone; a performance that nobody looked at yet answers `None` and is loaded in the background.
    fn free(&self, tenant: TenantId, performance: PerformanceId) -> Option<u64> {
        self.peek((tenant, performance)).map(|rendered| rendered.free)
    }

    fn free_of_level(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
        level: PriceLevelId,
    ) -> Option<u64> {
        let rendered = self.peek((tenant, performance))?;
        rendered.free_by_level.iter().find(|(id, _)| *id == level).map(|(_, free)| *free)
    }

    fn capacity(&self, tenant: TenantId, performance: PerformanceId) -> Option<u64> {
        self.peek((tenant, performance)).map(|rendered| rendered.capacity)
    }
}
