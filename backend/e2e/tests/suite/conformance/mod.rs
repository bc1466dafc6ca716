//! One suite for every strategy: the same promises, over HTTP, with two server processes and nobody who tidies up. What a
//! strategy cannot serve is refused where it is chosen. Its negative controls stand in `controls`.

mod carts;
mod contest;
mod manners;
mod switch;

use std::collections::BTreeMap;

use marquee_e2e::crowd::{End, Story};
use marquee_e2e::house::{House, plan};
use marquee_e2e::ledger::Ack;
use marquee_e2e::stage::{STRATEGIES, serves_seats};

/// What a buyer may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// This seat.
    Chosen,
    /// Any seat.
    AnySeat,
    /// Seats side by side.
    Adjacent,
    /// A place to stand.
    Standing,
}

/// The published matrix: what each strategy serves.
fn kinds(strategy: &str) -> &'static [Kind] {
    match serves_seats(strategy) {
        true => &[Kind::Chosen, Kind::AnySeat, Kind::Adjacent, Kind::Standing],
        false => &[Kind::Standing],
    }
}

/// A house with two servers and no worker; `None` where the program does not offer the strategy, and says so.
async fn house(strategy: &str) -> Option<House> {
    if STRATEGIES.contains(&strategy) {
        return Some(plan().servers(2).without_worker().open().await);
    }
    let house = plan().without_worker().open().await;
    let tenant = &house.fixtures.a;
    for performance in [&tenant.seated, &tenant.standing] {
        let set = house.marquee(&["performance", "set", &performance.id, "--strategy", strategy]).await;
        assert!(!set.status.success(), "`{strategy}` is offered: it belongs into `stage::STRATEGIES`");
    }
    None
}

/// What buyers were told, and how often.
fn tally(stories: &[Story]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for story in stories {
        let end = match &story.end {
            End::Held(_) => "201".to_owned(),
            End::Refused(kind) => kind.clone(),
            End::Unanswered => "unanswered".to_owned(),
        };
        *tally.entry(end).or_default() += 1;
    }
    tally
}

/// The holds that were made. Everybody must have been answered, each in order.
fn winners(stories: &[Story]) -> Vec<Ack> {
    for story in stories {
        assert!(story.strange.is_empty(), "{:?}", story.strange);
        assert_eq!((story.turned_away, story.cut), (0, 0), "nobody was in anybody's way: {story:?}");
    }
    held(stories)
}

fn held(stories: &[Story]) -> Vec<Ack> {
    let acks = stories.iter().filter_map(|story| match &story.end {
        End::Held(ack) => Some(ack.clone()),
        End::Refused(_) | End::Unanswered => None,
    });
    acks.collect()
}

macro_rules! conforms {
    ($($strategy:ident)*) => {$(
        mod $strategy {
            use super::{carts, contest, manners};

            const STRATEGY: &str = stringify!($strategy);

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn each_unit_to_exactly_one() {
                contest::each_unit_to_exactly_one(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn an_expired_hold_is_taken_over_once() {
                contest::an_expired_hold_is_taken_over_once(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn what_is_being_paid_for_is_nobody_elses() {
                contest::what_is_being_paid_for_is_nobody_elses(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn overlapping_carts_are_all_or_nothing() {
                carts::overlapping_carts_are_all_or_nothing(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn parallel_carts_do_not_pass_a_limit() {
                carts::parallel_carts_do_not_pass_a_limit(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn one_key_is_one_hold() {
                manners::one_key_is_one_hold(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_bad_wish_changes_nothing() {
                manners::a_bad_wish_changes_nothing(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn whoever_hangs_up_blocks_nothing() {
                manners::whoever_hangs_up_blocks_nothing(STRATEGY).await;
            }
        }
    )*};
}

conforms!(row_lock ttl skip_locked redis);

/// What is not in the matrix is refused, and what is, is not.
#[tokio::test]
async fn the_matrix_is_what_the_program_says() {
    let house = plan().without_worker().open().await;
    let tenant = &house.fixtures.a;
    for strategy in STRATEGIES.iter().copied() {
        for (performance, served) in [(&tenant.seated, serves_seats(strategy)), (&tenant.standing, true)] {
            let set = house.marquee(&["performance", "set", &performance.id, "--strategy", strategy]).await;
            let code = if served { Some(0) } else { Some(1) };
            assert_eq!(set.status.code(), code, "{strategy}: {}", String::from_utf8_lossy(&set.stderr));
        }
    }
}
