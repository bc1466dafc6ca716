//! What happens to an order, drawn at random.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

/// What may happen to an order, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The buyer pays with this card.
    Pay(&'static str),
    /// The last call to pay is made again, with the same key.
    PayAgain,
    /// The buyer comes back from their bank.
    GoOn,
    /// The buyer answers their bank.
    Authenticate(&'static str),
    /// The hold's time runs out.
    Expire,
    /// The buyer gives the hold back.
    Release,
    /// Somebody cancels the payment at the provider.
    Cancel,
    /// Somebody captures it there.
    Capture,
    /// Somebody refunds it there: all, or a part.
    RefundThere(Option<i64>),
    /// Somebody refunds it here.
    RefundHere,
    /// The buyer looks at the order.
    Look,
    /// Nothing, for so many milliseconds.
    Pause(u64),
}

const CARDS: [&str; 6] = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_authenticationRequired",
    "pm_card_authenticationRequired",
    "pm_card_visa_chargeDeclined",
];

/// Between three and nine steps, most of which begin with paying.
pub(super) fn script(random: &mut StdRng) -> Vec<Step> {
    let length = random.random_range(3..=9);
    let mut steps = vec![Step::Pay(CARDS.choose(random).unwrap())];
    if random.random_ratio(1, 6) {
        steps.insert(0, Step::Expire);
    }
    while steps.len() < length {
        let step = match random.random_range(0..100) {
            0..18 => Step::Pay(CARDS.choose(random).unwrap()),
            18..28 => Step::PayAgain,
            28..42 => Step::Authenticate("succeed"),
            42..48 => Step::Authenticate("fail"),
            48..60 => Step::GoOn,
            60..68 => Step::Expire,
            68..72 => Step::Release,
            72..77 => Step::Cancel,
            77..81 => Step::Capture,
            81..86 => Step::RefundThere(None),
            86..90 => Step::RefundThere(Some(500)),
            90..92 => Step::RefundHere,
            92..95 => Step::Look,
            _ => Step::Pause(random.random_range(10..800)),
        };
        steps.push(step);
    }
    steps
}
