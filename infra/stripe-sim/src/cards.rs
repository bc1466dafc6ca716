//! The test cards, by number and by name, and what each does.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// A refusal by the card's issuer or by fraud rules.
#[derive(Debug, PartialEq, Eq)]
pub struct Decline {
    /// `code` of the error.
    pub code: &'static str,
    /// `decline_code` of the error.
    pub decline_code: &'static str,
    /// For the buyer.
    pub message: &'static str,
}

/// What a test card does when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Charged.
    Approve,
    /// Refused.
    Decline(&'static Decline),
    /// Wants the buyer to authenticate first, and then is charged or refused.
    Authenticate(Option<&'static Decline>),
    /// Takes its time, and then succeeds or fails.
    Process {
        /// How it ends by itself.
        succeed: bool,
        /// After how many seconds.
        after: i64,
    },
}

/// What comes after the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// Nothing.
    Nothing,
    /// The buyer disputes it, for this reason.
    Dispute(&'static str),
    /// The buyer's bank asks first.
    Inquiry,
    /// A refund takes its time.
    RefundPends,
    /// A refund comes back after a while.
    RefundFails,
    /// The money is available at once.
    BypassPending,
}

/// A test card.
#[derive(Debug)]
pub struct TestCard {
    /// Names under which servers use it: `pm_card_…`. The first one is kept.
    pub names: &'static [&'static str],
    /// Its number.
    pub number: &'static str,
    /// `visa`, `mastercard` …
    pub brand: &'static str,
    /// `credit`, `debit` or `prepaid`.
    pub funding: &'static str,
    /// Where it was issued.
    pub country: &'static str,
    /// What it does.
    pub behaviour: Behaviour,
    /// What comes after.
    pub later: Later,
}

const fn decline(code: &'static str, decline_code: &'static str, message: &'static str) -> Decline {
    Decline { code, decline_code, message }
}

static GENERIC: Decline = decline("card_declined", "generic_decline", "Your card was declined.");
static FUNDS: Decline = decline("card_declined", "insufficient_funds", "Your card has insufficient funds.");
static LOST: Decline = decline("card_declined", "lost_card", "Your card was declined.");
static STOLEN: Decline = decline("card_declined", "stolen_card", "Your card was declined.");
static FRAUD: Decline = decline("card_declined", "fraudulent", "Your card was declined.");
static EXPIRED: Decline = decline("expired_card", "expired_card", "Your card has expired.");
static CVC: Decline = decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.");
static PROCESSING: Decline = decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
);
static VELOCITY: Decline = decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently.",
);

const fn visa(names: &'static [&'static str], number: &'static str, behaviour: Behaviour) -> TestCard {
    TestCard {
        names,
        number,
        brand: "visa",
        funding: "credit",
        country: "US",
        behaviour,
        later: Later::Nothing,
    }
}

const fn other(name: &'static [&'static str], number: &'static str, brand: &'static str) -> TestCard {
    TestCard { brand, ..visa(name, number, Approve) }
}

const fn then(names: &'static [&'static str], number: &'static str, later: Later) -> TestCard {
    TestCard { later, ..visa(names, number, Approve) }
}

use Behaviour::{Approve, Authenticate, Decline as Refuse};

/// All test cards.
pub static CARDS: &[TestCard] = &[
    visa(&["pm_card_visa", "pm_card_us"], "4242424242424242", Approve),
    TestCard { funding: "debit", ..visa(&["pm_card_visa_debit"], "4000056655665556", Approve) },
    other(&["pm_card_mastercard"], "5555555555554444", "mastercard"),
    TestCard { funding: "debit", ..other(&["pm_card_mastercard_debit"], "5200828282828210", "mastercard") },
    TestCard {
        funding: "prepaid",
        ..other(&["pm_card_mastercard_prepaid"], "5105105105105100", "mastercard")
    },
    other(&["pm_card_amex"], "378282246310005", "amex"),
    other(&["pm_card_discover"], "6011111111111117", "discover"),
    other(&["pm_card_diners"], "3056930009020004", "diners"),
    other(&["pm_card_jcb"], "3566002020360505", "jcb"),
    other(&["pm_card_unionpay"], "6200000000000005", "unionpay"),
    TestCard { country: "DE", ..visa(&["pm_card_de"], "4000002760000016", Approve) },
    TestCard { country: "FR", ..visa(&["pm_card_fr"], "4000002500000003", Approve) },
    TestCard { country: "GB", ..visa(&["pm_card_gb"], "4000008260000000", Approve) },
    then(&["pm_card_bypassPending"], "4000000000000077", Later::BypassPending),
    then(&["pm_card_createDispute"], "4000000000000259", Later::Dispute("fraudulent")),
    then(
        &["pm_card_createDisputeProductNotReceived"],
        "4000000000002685",
        Later::Dispute("product_not_received"),
    ),
    then(&["pm_card_createDisputeInquiry"], "4000000000001976", Later::Inquiry),
    then(&["pm_card_pendingRefund"], "4000000000007726", Later::RefundPends),
    then(&["pm_card_refundFail"], "4000000000005126", Later::RefundFails),
    visa(&["pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"], "4000000000000002", Refuse(&GENERIC)),
    visa(
        &["pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedInsufficientFunds"],
        "4000000000009995",
        Refuse(&FUNDS),
    ),
    visa(
        &["pm_card_visa_chargeDeclinedLostCard", "pm_card_chargeDeclinedLostCard"],
        "4000000000009987",
        Refuse(&LOST),
    ),
    visa(
        &["pm_card_visa_chargeDeclinedStolenCard", "pm_card_chargeDeclinedStolenCard"],
        "4000000000009979",
        Refuse(&STOLEN),
    ),
    visa(
        &["pm_card_chargeDeclinedExpiredCard", "pm_card_visa_chargeDeclinedExpiredCard"],
        "4000000000000069",
        Refuse(&EXPIRED),
    ),
    visa(
        &["pm_card_chargeDeclinedIncorrectCvc", "pm_card_visa_chargeDeclinedIncorrectCvc"],
        "4000000000000127",
        Refuse(&CVC),
    ),
    visa(
        &["pm_card_chargeDeclinedProcessingError", "pm_card_visa_chargeDeclinedProcessingError"],
        "4000000000000119",
        Refuse(&PROCESSING),
    ),
    visa(
        &["pm_card_chargeDeclinedFraudulent", "pm_card_visa_chargeDeclinedFraudulent", "pm_card_radarBlock"],
        "4100000000000019",
        Refuse(&FRAUD),
    ),
    visa(
        &["pm_card_visa_chargeDeclinedVelocityLimitExceeded", "pm_card_chargeDeclinedVelocityLimitExceeded"],
        "4000000000006975",
        Refuse(&VELOCITY),
    ),
    visa(&["pm_card_chargeCustomerFail"], "4000000000000341", Refuse(&GENERIC)),
    visa(&["pm_card_authenticationRequired"], "4000002760003184", Authenticate(None)),
    visa(&["pm_card_authenticationRequiredOnSetup"], "4000002500003155", Authenticate(None)),
    visa(
        &["pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"],
        "4000008260003178",
        Authenticate(Some(&FUNDS)),
    ),
    visa(&["pm_card_threeDSecure2Required"], "4000000000003220", Authenticate(None)),
    visa(&["pm_card_threeDSecureRequired"], "4000000000003063", Authenticate(None)),
    visa(&["pm_card_threeDSecureRequiredChargeDeclined"], "4000008400001629", Authenticate(Some(&GENERIC))),
    visa(
        &["pm_card_threeDSecureRequiredProcessingError"],
        "4000008400001280",
        Authenticate(Some(&PROCESSING)),
    ),
    visa(&["pm_card_threeDSecureOptional"], "4000000000003055", Approve),
];

/// The test card of this name.
pub fn by_name(name: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.names.contains(&name))
}

/// The test card of this number.
pub fn by_number(number: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.number == number)
}

impl TestCard {
    /// The name that is kept in records.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// The number's end.
    pub fn last4(&self) -> &'static str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// The same for the same number, and telling nothing about it.
    pub fn fingerprint(&self) -> String {
        let digest = BASE32_NOPAD.encode(&Sha256::digest(self.number));
        digest.chars().take(16).collect()
    }
}

/// Luhn's check, as a payment form does it.
pub fn passes_luhn(number: &str) -> bool {
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|digit| digit.to_digit(10))
        .enumerate()
        .map(|(at, digit)| match (at % 2 == 1, digit * 2) {
            (false, _) => digit,
            (true, twice) if twice > 9 => twice - 9,
            (true, twice) => twice,
        })
        .sum();
    number.len() >= 12 && number.chars().all(|digit| digit.is_ascii_digit()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_card_is_one_of_a_kind() {
        let names: Vec<_> = CARDS.iter().flat_map(|card| card.names).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        assert_eq!(CARDS.iter().map(TestCard::fingerprint).collect::<HashSet<_>>().len(), CARDS.len());
        for card in CARDS {
            assert!(passes_luhn(card.number), "{}", card.number);
        }
        assert!(!passes_luhn("4242424242424241") && !passes_luhn("4242") && !passes_luhn("42424242424242x2"));
        assert_eq!(by_name("pm_card_visa").unwrap().last4(), "4242");
    }
}
