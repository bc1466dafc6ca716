//! One claimer per performance and process: what waits is claimed together, in one short transaction.
//!
//! A lone request starts at once; a batch grows only while an earlier one is under way. Where other processes claim the same
//! performance, a large batch is followed by the next only when that is worth its cost, or after about two milliseconds.
//! Small batches of several performances are claimed together in turn (`together.rs`).
//! The queue is bounded, and whoever finds it full is told so. Requests that stood in each other's way go into the next
//! batch. One that met a row which somebody keeps is taken apart (`apart.rs`). A batch whose outcome is unknown is claimed
//! again with the same hold ids and keys until Postgres tells what became of it; a batch that one request spoils is claimed
//! one by one.

mod apart;
mod lanes;
mod queue;
mod size;
mod together;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use marquee_catalog::Performance;
use marquee_core::db::{Db, DbError};
use marquee_core::ids::{PerformanceId, TenantId};
use marquee_entity::catalog::Strategy as Name;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::HoldError;
use crate::availability::Availability;
use crate::strategy::{ClaimRequest, Outcome, Strategies, Strategy, Target};
use apart::Company;
use lanes::{Lanes, WORTH_A_LANE};
use queue::{Length, PLACES, Queue, Waiters, queue};
use size::{BatchSize, LEAST};
use together::Together;

/// How long a buyer waits for an answer before being told to come back.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long the outcome of a batch is looked for while the database is away.
const UNKNOWN: Duration = Duration::from_secs(5);
/// A batch that hangs longer is given up: its connection is dead without having said so.
const HANGS: Duration = Duration::from_secs(15);
/// How long a request goes on while others are in its way.
const CONTENDED: Duration = Duration::from_secs(3);
/// How long a batch waits to be worth its cost while other processes claim, too.
const GROWS: Duration = Duration::from_millis(2);
/// A claimer without work ends after this.
const IDLE: Duration = Duration::from_secs(60);

type Key = (TenantId, PerformanceId);
type Answer = Result<Outcome, HoldError>;

/// The claimers of a process.
#[derive(Debug, Clone)]
pub(crate) struct Claimers {
    db: Db,
    availability: Availability,
    strategies: Strategies,
    most: usize,
    together: Together,
    queues: Arc<Mutex<HashMap<Key, Queue<Waiting>>>>,
    /// Where batching is off, a permit for each request of the process.
    alone: Arc<Semaphore>,
}

/// What came of a batch.
struct Served {
    claimed: usize,
    took: Duration,
    again: Vec<Waiting>,
}

/// A buyer who waits.
#[derive(Debug)]
struct Waiting {
    performance: Arc<Performance>,
    request: ClaimRequest,
    since: Instant,
    answer: oneshot::Sender<Answer>,
    _place: OwnedSemaphorePermit,
}

impl Claimers {
    /// `most` requests in a batch; with 1 each request is claimed in a transaction of its own, side by side with others.
    pub(crate) fn new(db: Db, availability: Availability, strategies: Strategies, most: usize) -> Self {
        let most = most.max(1);
        Self {
            together: Together::new(db.clone(), most),
            db,
            availability,
            strategies,
            most,
            queues: Arc::default(),
            alone: Arc::new(Semaphore::new(PLACES)),
        }
    }

    /// Claims for one request.
    ///
    /// # Errors
    /// `Overloaded` when too many wait already or it took too long; what was made then is found by its key.
    pub(crate) async fn claim(
        &self,
        tenant: TenantId,
        performance: &Arc<Performance>,
        request: ClaimRequest,
    ) -> Answer {
        let (answer, told) = oneshot::channel();
        let key = (tenant, performance.id);
        let queue = (self.most > 1).then(|| self.queue(key));
        let places = queue.as_ref().map_or(&self.alone, |queue| &queue.places);
        let place = Arc::clone(places).try_acquire_owned().map_err(|_| HoldError::Overloaded)?;
        let waiting = Waiting {
            performance: Arc::clone(performance),
            request,
            since: Instant::now(),
            answer,
            _place: place,
        };
        match queue {
            Some(queue) => {
                // The claimer may have ended since its queue was looked up: then a new one takes over.
                if let Err(waiting) = queue.put(waiting) {
                    drop(self.queue(key).put(waiting));
                }
            }
            None => drop(self.db.home().spawn(self.clone().work_alone(tenant, waiting))),
        }
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(HoldError::Db(DbError::Unavailable("the claimer ended".to_owned()))),
            Err(_) => Err(HoldError::Overloaded),
        }
    }

    fn queues(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Queue<Waiting>>> {
        self.queues.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The queue of a performance, with a claimer behind it.
    fn queue(&self, key: Key) -> Queue<Waiting> {
        let mut queues = self.queues();
        match queues.get(&key) {
            Some(queue) if !queue.is_closed() => queue.clone(),
            _ => {
                let (queue, waiters) = queue();
                queues.insert(key, queue.clone());
                drop(self.db.home().spawn(self.clone().work(key, waiters)));
                queue
            }
        }
    }

    async fn work_alone(self, tenant: TenantId, waiting: Waiting) {
        let mut again = self.serve(tenant, vec![waiting], Company::None).await;
        while !again.is_empty() {
            pause().await;
            again = self.serve(tenant, again, Company::None).await;
        }
    }

    /// Claims what waits, batch after batch, until nothing has come for a while.
    async fn work(self, key: Key, mut queue: Waiters<Waiting>) {
        let mut size = BatchSize::new(self.most);
        let mut lanes: Lanes<Served> = Lanes::new();
        let mut batch: Vec<Waiting> = Vec::new();
        loop {
            let now = Instant::now();
            let open = lanes.may_begin(self.availability.share(key).of, now);
            while open && batch.len() < size.limit() {
                let Some(waiting) = queue.take() else { break };
                batch.push(waiting);
            }
            // Whoever hung up wants nothing any more.
            batch.retain(|waiting| !waiting.answer.is_closed());
            if open && lanes.worth(batch.len(), size.limit(), now) {
                let (this, batch, length) = (self.clone(), std::mem::take(&mut batch), queue.length());
                lanes.begin(async move { this.serve_timed(key, batch, &length).await });
                continue;
            }
            if lanes.are_empty() {
                match tokio::time::timeout(IDLE, queue.next()).await {
                    Ok(Some(waiting)) => batch.push(waiting),
                    Ok(None) => return,
                    Err(_) => self.retire(key, &mut queue),
                }
                continue;
            }
            // Where none may begin, nobody is woken for each request that comes: they are taken together when a lane is free.
            let room = open && batch.len() < size.limit();
            let stuck = lanes.next_stuck(now).filter(|_| !lanes.are_full());
            tokio::select! {
                () = tokio::time::sleep(stuck.unwrap_or_default()), if stuck.is_some() => {}
                served = lanes.next() => if let Some(served) = served {
                    // A small batch may have waited for others.
                    if served.claimed >= WORTH_A_LANE.min(size.limit()) {
                        size.learn(served.claimed, served.took);
                    }
                    // Those that others were in the way of come first.
                    batch.splice(0..0, served.again);
                },
                Some(waiting) = queue.next(), if room => batch.push(waiting),
            }
        }
    }

    async fn serve_timed(&self, key: Key, batch: Vec<Waiting>, length: &Length) -> Served {
        let (began, claimed) = (Instant::now(), batch.len());
        let again = self.serve(key.0, batch, Company::Any).await;
        let took = began.elapsed();
        metrics::histogram!("marquee_claim_batch_size").record(claimed as f64);
        if again.len() == claimed {
            pause().await;
        } else if claimed >= WORTH_A_LANE && self.availability.share(key).of > 1 {
            // Others claim meanwhile, and whoever was answered may ask again: with as many processes as there are, small
            // batches would cost the database more than one process's large ones.
            self.availability.told().await;
            length.reaches(LEAST.min(self.most), GROWS).await;
        }
        Served { claimed, took, again }
    }

    /// Nothing comes to a claimer without work any more. What came until now it claims still.
    fn retire(&self, key: Key, queue: &mut Waiters<Waiting>) {
        let mut queues = self.queues();
        queue.close();
        queues.remove(&key);
    }

    /// Claims for a batch and answers it; hands back those that others were in the way of.
    async fn serve(&self, tenant: TenantId, mut batch: Vec<Waiting>, company: Company) -> Vec<Waiting> {
        let Some(performance) = batch.last().map(|waiting| Arc::clone(&waiting.performance)) else {
            return batch;
        };
        let strategy = Arc::clone(self.strategies.named(performance.strategy));
        let requests: Vec<ClaimRequest> = batch.iter().map(|waiting| waiting.request.clone()).collect();
        match self.claim_until_known(tenant, &performance, &strategy, requests, company).await {
            Ok(outcomes) => {
                let (mut held, mut again) = (Vec::new(), Vec::new());
                for (waiting, outcome) in batch.into_iter().zip(outcomes) {
                    match outcome {
                        Outcome::Held { .. } | Outcome::Replayed(_) => held.push((waiting, outcome)),
                        other => again.extend(waiting.take(strategy.name(), other)),
                    }
                }
                if !held.is_empty() {
                    let (availability, name) = (self.availability.clone(), strategy.name());
                    // The next batch need not wait for that.
                    drop(self.db.home().spawn(async move {
                        availability.told().await;
                        held.into_iter().for_each(|(waiting, outcome)| drop(waiting.take(name, outcome)));
                    }));
                }
                again
            }
            Err(DbError::Unavailable(reason)) => {
                for waiting in batch {
                    waiting.tell(Err(HoldError::Db(DbError::Unavailable(reason.clone()))));
                }
                Vec::new()
            }
            Err(DbError::Contention) if batch.len() > 1 || company == Company::Any => {
                self.take_apart(tenant, batch).await
            }
            Err(error) if batch.len() > 1 => {
                tracing::warn!(%error, requests = batch.len(), "a batch failed, claiming one by one");
                let mut again = Vec::new();
                for waiting in batch {
                    again.extend(Box::pin(self.serve(tenant, vec![waiting], Company::None)).await);
                }
                again
            }
            Err(error) => {
                if let Some(waiting) = batch.pop() {
                    waiting.tell(Err(error.into()));
                }
                Vec::new()
            }
        }
    }

    /// The strategy of a performance, and what it claims against.
    pub(crate) async fn aim(
        &self,
        tenant: TenantId,
        performance: &Performance,
    ) -> Result<(Arc<dyn Strategy>, Target), DbError> {
        let strategy = Arc::clone(self.strategies.named(performance.strategy));
        Ok((strategy, self.target(tenant, performance).await?))
    }

    async fn target(&self, tenant: TenantId, performance: &Performance) -> Result<Target, DbError> {
        let stock = self.availability.stock(tenant, performance.id).await;
        Ok(Target {
            tenant,
            performance: performance.id,
            hold_seconds: performance.hold_seconds,
            currency: performance.currency.clone(),
            stock: stock.map_err(|error| DbError::Unavailable(error.to_string()))?,
        })
    }

    /// Claims, and claims again while the outcome is unknown: keys and hold ids tell what was made before.
    async fn claim_until_known(
        &self,
        tenant: TenantId,
        performance: &Performance,
        strategy: &Arc<dyn Strategy>,
        requests: Vec<ClaimRequest>,
        company: Company,
    ) -> Result<Vec<Outcome>, DbError> {
        let requests: Arc<[ClaimRequest]> = requests.into();
        // Where others claim in larger batches, a small one would have a transaction to itself.
        let small = company == Company::Any && self.most > 1 && requests.len() < WORTH_A_LANE;
        // Whoever is not alone is taken apart first.
        let alone = company == Company::None && requests.len() == 1;
        let began = Instant::now();
        let mut contended = 0;
        loop {
            let claim = async {
                let target = self.target(tenant, performance).await?;
                match small {
                    true => self.together.claim(strategy, target, Arc::clone(&requests)).await,
                    false => strategy.claim(&self.db, &target, &requests).await,
                }
            };
            let claimed = tokio::time::timeout(HANGS, claim).await;
            match claimed.unwrap_or_else(|_| Err(DbError::Unavailable("no answer".to_owned()))) {
                Err(DbError::Unavailable(reason)) if began.elapsed() < UNKNOWN => {
                    tracing::debug!(reason, "the outcome of a batch is unknown, asking again");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(DbError::Contention) if alone && contended < 5 => {
                    contended += 1;
                    pause().await;
                }
                known => return known,
            }
        }
    }
}

impl Waiting {
    /// Takes its outcome; hands itself back when it is to be claimed again.
    fn take(self, name: Name, outcome: Outcome) -> Option<Self> {
        if outcome == Outcome::Contended && self.since.elapsed() < CONTENDED {
            return Some(self);
        }
        metrics::counter!("marquee_holds_total", "strategy" => name.as_str(), "outcome" => outcome.name())
            .increment(1);
        self.tell(if outcome == Outcome::Contended { Err(HoldError::Overloaded) } else { Ok(outcome) });
        None
    }

    fn tell(self, answer: Answer) {
        // A buyer who hung up is not there to be told.
        drop(self.answer.send(answer));
    }
}

/// Others need a moment to be done. Not the same moment for everybody.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(rand::random_range(2..10))).await;
}
