//! What goes wrong at the provider, or on the way from it: the columns of the matrix.

use marquee_e2e::money::Money;
use serde_json::{Value, json};

use crate::cells::wanted;

/// A card that works.
pub const GOOD: &str = "pm_card_visa";
const DECLINED: &str = "pm_card_visa_chargeDeclinedInsufficientFunds";
const ASKED: &str = "pm_card_authenticationRequired";

/// The calls that change something, each hit once.
const CHANGES: [&str; 5] = [
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/*/confirm",
    "POST /v1/payment_intents/*/capture",
    "POST /v1/payment_intents/*/cancel",
    "POST /v1/refunds",
];

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// All goes well, but for the crash.
    None,
    /// The first answer to each call is lost, after it took effect.
    AnswersLost,
    /// The answer to the confirm or the refund comes when nobody waits for it any more.
    AnswersLate,
    /// Each call takes effect, and a 500 is stored under its key.
    Stored500,
    /// The first try of each call is refused before it takes effect.
    Refused,
    /// Too many calls.
    Busy,
    /// The key is in use.
    KeyInUse,
    /// The card has not enough on it; the buyer takes another one.
    Declined,
    /// The bank asks the buyer.
    Asked,
    /// No event ever comes.
    EventsLost,
    /// Each event comes twice.
    EventsTwice,
    /// Events come in any order, three times each.
    EventsShuffled,
    /// Events come when all is long over.
    EventsLate,
    /// A day passes before anybody goes on: the provider has forgotten every key.
    NextDay,
    /// The process does not die: it stands still at the point, others go on without it, and then it wakes.
    Frozen,
    /// Likewise, but the card is declined, no event tells anything, and it wakes in the middle of the next try: when the bank
    /// has said yes and nobody here knows it yet.
    Overtaken,
}

impl Fault {
    /// All, in the order of the columns.
    pub const ALL: [Self; 16] = [
        Self::None,
        Self::AnswersLost,
        Self::AnswersLate,
        Self::Stored500,
        Self::Refused,
        Self::Busy,
        Self::KeyInUse,
        Self::Declined,
        Self::Asked,
        Self::EventsLost,
        Self::EventsTwice,
        Self::EventsShuffled,
        Self::EventsLate,
        Self::NextDay,
        Self::Frozen,
        Self::Overtaken,
    ];

    /// Those to try: all, or the ones that were asked for by their names in `MARQUEE_FAULTS`, separated by commas.
    pub fn wanted() -> Vec<Self> {
        wanted("MARQUEE_FAULTS", &Self::ALL, Self::name)
    }

    /// For the head of the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AnswersLost => "lost",
            Self::AnswersLate => "late",
            Self::Stored500 => "500",
            Self::Refused => "refuse",
            Self::Busy => "429",
            Self::KeyInUse => "409",
            Self::Declined => "declined",
            Self::Asked => "3DS",
            Self::EventsLost => "no-events",
            Self::EventsTwice => "twice",
            Self::EventsShuffled => "shuffled",
            Self::EventsLate => "days-late",
            Self::NextDay => "next-day",
            Self::Frozen => "frozen",
            Self::Overtaken => "overtaken",
        }
    }

    /// Does the process stand still instead of dying?
    pub fn freezes(self) -> bool {
        matches!(self, Self::Frozen | Self::Overtaken)
    }

    /// The card that the buyer tries first.
    pub fn card(self) -> &'static str {
        match self {
            Self::Declined | Self::Overtaken => DECLINED,
            Self::Asked => ASKED,
            _ => GOOD,
        }
    }

    /// Tells the simulator, which forgets what it was told before.
    pub async fn begin(self, money: &Money) {
        money.heal().await;
        money.webhooks(self.events()).await;
        let each =
            |fault: &'static str, value: Value| CHANGES.map(|call| (call, fault, value.clone())).to_vec();
        let faults = match self {
            Self::AnswersLost => each("drop_response", Value::Null),
            Self::AnswersLate => {
                let late = |call| (call, "delay_ms", json!(LATE_MS));
                vec![late(CHANGES[1]), late(CHANGES[4])]
            }
            Self::Stored500 => each("stored_500", Value::Null),
            Self::Refused => each("refuse", Value::Null),
            Self::Busy => each("status", json!(429)),
            Self::KeyInUse => each("status", json!(409)),
            _ => Vec::new(),
        };
        for (call, fault, value) in faults {
            money.fault(call, 1, fault, value).await;
        }
    }

    fn events(self) -> Value {
        match self {
            Self::EventsLost | Self::Overtaken => json!({ "duplicates": 0 }),
            Self::EventsTwice => json!({ "duplicates": 2 }),
            Self::EventsShuffled => json!({ "duplicates": 3, "shuffle": true }),
            Self::EventsLate => json!({ "paused": true }),
            _ => json!({}),
        }
    }
}

/// Longer than a call waits for one answer.
const LATE_MS: u64 = 6_500;
