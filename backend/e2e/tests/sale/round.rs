//! One sale of 500 units to 10,000 buyers with one fault in its middle, and what has to be true afterwards.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use marquee_e2e::campaign::tell;
use marquee_e2e::crowd::{Buyer, End, Line, Manner, Shop, Story, quantile, rush};
use marquee_e2e::fixtures::Terms;
use marquee_e2e::house::House;
use marquee_e2e::ledger::{self, Ack};
use marquee_e2e::stage::{Stage, chosen, serves_seats};
use marquee_e2e::wait::until;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt, SeedableRng};
use tokio::time::sleep;
use uuid::Uuid;

use crate::strike::{Fault, SHORT_HOLD};

const ROWS: usize = 25;
const ROW: usize = 20;
pub const UNITS: usize = ROWS * ROW;
const BUYERS: usize = 10_000;
/// Of so many buyers one gives back what they got.
const GIVERS: usize = 20;
/// Holds outlast any round, whatever a clock says.
const LONG_HOLD: i32 = 7_200;

/// Which sale this is.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    pub fault: Fault,
    pub strategy: &'static str,
    pub number: u64,
    pub seed: u64,
}

impl Round {
    /// Sells, breaks, mends, and judges.
    pub async fn run(self, house: &mut House) {
        let mut random = StdRng::seed_from_u64(self.seed.wrapping_add(self.number));
        let lapses = self.fault == Fault::RedisPaused;
        let hold_seconds = if lapses { SHORT_HOLD } else { LONG_HOLD };
        let terms = Terms { strategy: Some(self.strategy), hold_seconds };
        let started = Instant::now();
        let (performance, shop, buyers) = {
            let stage = match serves_seats(self.strategy) {
                true => Stage::seats(house, &terms, ROWS, ROW).await,
                false => Stage::places(house, &terms, UNITS).await,
            };
            let buyers = self.buyers(&stage, &mut random);
            let arrivals = Duration::from_millis([0, 1_000, 3_000][random.random_range(0..3)]);
            let shop = Shop { arrivals, patience: Duration::from_secs(90), ..stage.shop.clone() };
            (stage.performance.clone(), shop, buyers)
        };
        let holds = Arc::new(AtomicUsize::new(0));
        let crowd = {
            let (shop, holds) = (shop.clone(), Arc::clone(&holds));
            tokio::spawn(async move { rush(&shop, buyers, holds).await })
        };
        let threshold = random.random_range(1..UNITS * 6 / 10);
        while holds.load(Ordering::Relaxed) < threshold && !crowd.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
        let struck_after = holds.load(Ordering::Relaxed);
        let struck = Instant::now();
        self.fault.strike(house, &performance.id, &mut random).await;
        let struck = struck.elapsed();
        let stories = crowd.await.unwrap();
        let sold = started.elapsed();

        let house = &*house;
        let stage = Stage::open(house, &terms, performance).await;
        let (mut acks, mut over) = self.told(&stories);
        if lapses {
            stage.hold_seconds(600).await;
            stage.lapsed().await;
            over.extend(acks.iter().map(|ack| ack.hold));
        }
        let late = self.sell_the_rest(&stage, UNITS).await;
        acks.extend(late);
        let faults = stage.faults(&acks, &over).await;
        assert!(faults.is_empty(), "{self:?}: {faults:#?}");
        let live: usize =
            acks.iter().filter(|ack| !over.contains(&ack.hold)).map(|ack| ack.units.len()).sum();
        let unclaimed = self.unclaimed(&stage, &acks, &stories).await;
        let held = stage.held().await;
        assert_eq!((live + unclaimed, held), (UNITS, UNITS), "{self:?}: each unit is somebody's");
        self.look(&stage, &acks, &over, &mut random).await;
        house.audited().await;
        if let Some(skew) = &house.skew {
            skew.set(0);
        }
        self.report(&stories, unclaimed, struck_after, struck, sold);
    }

    /// Each unit is wanted by many. Some lose their answers or hang up; some give back what they got.
    fn buyers(self, stage: &Stage<'_>, random: &mut StdRng) -> Vec<Buyer> {
        let seats = serves_seats(self.strategy);
        let one_seat = |at: usize| chosen(at / ROW + 1, at % ROW + 1);
        let unlucky = if self.fault == Fault::LostAnswers { 0.8 } else { 0.05 };
        let mut buyers: Vec<Buyer> = (0..BUYERS)
            .map(|at| {
                let body = match (seats, random.random_range(0..100)) {
                    (true, _) if at < UNITS => one_seat(at),
                    (true, 0..70) => one_seat(random.random_range(0..UNITS)),
                    (true, 70..80) => stage.adjacent(2),
                    (_, 80..85) => stage.any(2),
                    _ => stage.any(1),
                };
                let manner = match random.random_bool(unlucky) {
                    true if random.random_bool(0.5) => Manner::LosesTheAnswer,
                    true => Manner::HangsUp,
                    false => Manner::Stays,
                };
                Buyer { manner, gives_back: at % GIVERS == 0, ..Buyer::new(body) }
            })
            .collect();
        buyers.shuffle(random);
        buyers
    }

    /// What was acknowledged, and which of it was given back. Everybody has an answer, and no answer is strange.
    fn told(self, stories: &[Story]) -> (Vec<Ack>, HashSet<Uuid>) {
        let (mut acks, mut over) = (Vec::new(), HashSet::new());
        let mut strange: Vec<String> = Vec::new();
        for story in stories {
            strange.extend(story.strange.iter().cloned());
            match &story.end {
                End::Held(ack) => {
                    acks.push(ack.clone());
                    if let Some(times) = story.gave_back {
                        over.insert(ack.hold);
                        // Told that it is over: by an answer that was lost, or because its time had come.
                        let unclear =
                            story.cut > 0 || story.turned_away > 0 || self.fault == Fault::RedisPaused;
                        if times > 1 || times == 0 && !unclear {
                            strange.push(format!("{} was given back {times} times", ack.hold));
                        }
                    }
                }
                End::Refused(kind)
                    if ["409 seat_taken", "409 sold_out", "409 no_adjacent"].contains(&kind.as_str()) => {}
                End::Refused(kind) => strange.push(kind.clone()),
                End::Unanswered => strange.push(format!("no answer: {story:?}")),
            }
        }
        let count = strange.len();
        strange.truncate(10);
        assert!(strange.is_empty(), "{self:?}: {count} strange answers, {strange:#?}");
        (acks, over)
    }

    /// Units in holds that nobody was told of: their buyers' connections broke, and when they asked again under their key the
    /// first request was still on its way, so they were told no. Such a hold ends by itself. Nobody else may have one.
    async fn unclaimed(self, stage: &Stage<'_>, acks: &[Ack], stories: &[Story]) -> usize {
        let unknown = ledger::unknown(&stage.house.database, &stage.performance.id, acks).await;
        for (key, _) in &unknown {
            let story = stories.iter().find(|story| story.key == *key);
            assert!(story.is_some_and(|story| story.cut > 0), "{self:?}: a hold without a buyer: {story:?}");
        }
        unknown.iter().map(|(_, units)| units).sum()
    }

    /// What was given back finds new buyers.
    async fn sell_the_rest(self, stage: &Stage<'_>, units: usize) -> Vec<Ack> {
        let mut acks = Vec::new();
        until("everything to be held", 30, async || {
            let left = units - stage.held().await;
            if left > 0 {
                let late = (0..left + 5).map(|_| Buyer::new(stage.any(1))).collect();
                acks.extend(self.told(&rush(&stage.shop, late, Default::default()).await).0);
            }
            (left == 0).then_some(())
        })
        .await;
        acks
    }

    /// Buyers look at their holds, on every server.
    async fn look(self, stage: &Stage<'_>, acks: &[Ack], over: &HashSet<Uuid>, random: &mut StdRng) {
        for port in &stage.shop.ports {
            let mut line = Line::new(*port);
            for _ in 0..20 {
                let ack = &acks[random.random_range(0..acks.len())];
                let reply = line.ask(&stage.shop.looking(ack)).await.unwrap();
                let expected = if over.contains(&ack.hold) { 410 } else { 200 };
                assert_eq!(reply.status, expected, "{self:?}: {ack:?}: {}", reply.kind());
            }
        }
    }

    fn report(
        self,
        stories: &[Story],
        unclaimed: usize,
        struck_after: usize,
        struck: Duration,
        sold: Duration,
    ) {
        let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
        for story in stories {
            let end = match &story.end {
                End::Held(_) => "held",
                End::Refused(_) => "refused",
                End::Unanswered => "unanswered",
            };
            *ends.entry(end).or_default() += 1;
        }
        let mut later: BTreeMap<&str, usize> = BTreeMap::new();
        for told in stories.iter().filter_map(|story| story.told_later.as_deref()) {
            *later.entry(told).or_default() += 1;
        }
        let sum = |of: fn(&Story) -> usize| stories.iter().map(of).sum::<usize>();
        let p99 = quantile(stories.iter().flat_map(|story| story.latencies.iter().copied()), 0.99);
        let Self { fault, strategy, number, seed } = self;
        tell(&format!(
            "{fault:?} round {number} {strategy} seed {seed}: struck after {struck_after} holds for {struck:.1?}, {ends:?}, \
             told later {} {later:?}, cut {}, given back {}, unclaimed {unclaimed}, p99 {p99:.0?}, {sold:.1?}",
            sum(|story| story.turned_away),
            sum(|story| story.cut),
            sum(|story| usize::from(story.gave_back.is_some())),
        ));
    }
}
