//! Payment methods other than cards. They capture by themselves: nothing can be reserved with them.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cards::{Behaviour, Later};
use crate::engine::errors::ApiError;
use crate::engine::form::Params;
use crate::engine::jobs::SETTLES_AFTER;

/// Stripe's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Reserved first, if so wished.
    #[default]
    Card,
    /// The buyer confirms at their bank.
    Ideal,
    /// The buyer confirms at their bank.
    Bancontact,
    /// Takes its time.
    SepaDebit,
}

/// All of them.
pub const KINDS: [Kind; 4] = [Kind::Card, Kind::Ideal, Kind::Bancontact, Kind::SepaDebit];

impl Kind {
    /// As Stripe writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Ideal => "ideal",
            Self::Bancontact => "bancontact",
            Self::SepaDebit => "sepa_debit",
        }
    }

    /// The kind that Stripe calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the buyer is sent elsewhere.
    pub fn redirects(self) -> bool {
        matches!(self, Self::Ideal | Self::Bancontact)
    }

    /// Whether it pays in this currency.
    pub fn pays_in(self, currency: &str) -> bool {
        self == Self::Card || currency == "eur"
    }
}

/// A test account for debits.
struct Debit {
    /// Names under which servers use it.
    names: &'static [&'static str],
    iban: &'static str,
    succeed: bool,
    after: i64,
    later: Later,
}

const fn debit(names: &'static [&'static str], iban: &'static str, succeed: bool, after: i64) -> Debit {
    Debit { names, iban, succeed, after, later: Later::Nothing }
}

/// Stripe's test accounts.
static DEBITS: &[Debit] = &[
    debit(&[], "AT611904300234573201", true, 0),
    debit(&[], "DE89370400440532013000", true, 0),
    debit(&["pm_sepa_debit"], "AT321904300235473204", true, SETTLES_AFTER),
    debit(&[], "AT861904300235473202", false, 0),
    debit(&["pm_sepa_debit_fails"], "AT051904300235473205", false, SETTLES_AFTER),
    Debit {
        later: Later::Dispute("debit_not_authorized"),
        ..debit(&["pm_sepa_debit_disputed"], "AT591904300235473203", true, 0)
    },
];

fn debit_of(iban: &str) -> Option<&'static Debit> {
    DEBITS.iter().find(|debit| debit.iban == iban)
}

/// The kind and the account behind one of the simulator's short names: `pm_ideal`, `pm_sepa_debit` …
pub fn by_name(name: &str) -> Option<(Kind, String)> {
    match name {
        "pm_ideal" => return Some((Kind::Ideal, "ing".into())),
        "pm_bancontact" => return Some((Kind::Bancontact, String::new())),
        _ => {}
    }
    let debit = DEBITS.iter().find(|debit| debit.names.contains(&name))?;
    Some((Kind::SepaDebit, debit.iban.to_owned()))
}

const BANKS: &[&str] = &[
    "abn_amro",
    "asn_bank",
    "bunq",
    "ing",
    "knab",
    "n26",
    "rabobank",
    "regiobank",
    "revolut",
    "sns_bank",
    "triodos_bank",
    "van_lanschot",
];

/// What is particular to the kind, from `payment_method_data[{kind}]`: the bank, or the account.
///
/// # Errors
/// 400 for a bank that is none, or an account that is no test account.
pub fn detail(kind: Kind, data: &Params) -> Result<String, ApiError> {
    let empty = Params::default();
    let given = data.tree(kind.name())?.unwrap_or(&empty);
    match kind {
        Kind::Card | Kind::Bancontact => Ok(String::new()),
        Kind::Ideal => {
            given.only(&["bank"])?;
            Ok(given.choice("bank", BANKS)?.unwrap_or("ing").to_owned())
        }
        Kind::SepaDebit => {
            given.only(&["iban"])?;
            let iban: String =
                given.required("iban")?.chars().filter(|letter| !letter.is_whitespace()).collect();
            let known = debit_of(&iban.to_uppercase()).ok_or_else(|| {
                ApiError::invalid("The IBAN you entered is invalid. Only test accounts are known here.")
                    .code("invalid_bank_account_iban")
                    .param("sepa_debit[iban]")
            })?;
            Ok(known.iban.to_owned())
        }
    }
}

/// What such a method does when it is charged.
pub fn behaviour(kind: Kind, detail: &str) -> Behaviour {
    match (kind, debit_of(detail)) {
        (Kind::SepaDebit, Some(debit)) => Behaviour::Process { succeed: debit.succeed, after: debit.after },
        (Kind::Ideal | Kind::Bancontact, _) => Behaviour::Authenticate(None),
        _ => Behaviour::Approve,
    }
}

/// What comes after the charge.
pub fn later(detail: &str) -> Later {
    debit_of(detail).map_or(Later::Nothing, |debit| debit.later)
}

/// Tells accounts apart, and nothing about them.
fn fingerprint(detail: &str) -> String {
    BASE32_NOPAD.encode(&Sha256::digest(detail)).chars().take(16).collect()
}

fn last4(iban: &str) -> &str {
    iban.get(iban.len().saturating_sub(4)..).unwrap_or_default()
}

/// What a payment method shows of itself.
pub fn preview(kind: Kind, detail: &str) -> Value {
    match kind {
        Kind::Card | Kind::Bancontact => json!({}),
        Kind::Ideal => json!({ "bank": detail, "bic": null }),
        Kind::SepaDebit => json!({
            "bank_code": detail.get(4..9),
            "branch_code": "",
            "country": detail.get(..2),
            "fingerprint": fingerprint(detail),
            "generated_from": { "charge": null, "setup_attempt": null },
            "last4": last4(detail),
        }),
    }
}

/// What a charge shows of the method.
pub fn of_charge(kind: Kind, detail: &str, charge: &str) -> Value {
    match kind {
        Kind::Card => json!({}),
        Kind::Ideal => json!({
            "bank": detail,
            "bic": null,
            "generated_sepa_debit": null,
            "generated_sepa_debit_mandate": null,
            "iban_last4": "5264",
            "transaction_id": format!("ideal-{charge}"),
            "verified_name": "Test Buyer",
        }),
        Kind::Bancontact => json!({
            "bank_code": "VAPE",
            "bank_name": "VAN DE PUT & CO",
            "bic": "VAPEBE22",
            "generated_sepa_debit": null,
            "generated_sepa_debit_mandate": null,
            "iban_last4": "7061",
            "preferred_language": "nl",
            "verified_name": "Test Buyer",
        }),
        Kind::SepaDebit => json!({
            "bank_code": detail.get(4..9),
            "branch_code": "",
            "country": detail.get(..2),
            "expected_debit_date": null,
            "fingerprint": fingerprint(detail),
            "last4": last4(detail),
            "mandate": format!("mandate_{charge}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn kinds_and_accounts_are_one_of_a_kind() {
        for kind in KINDS {
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        assert_eq!(DEBITS.iter().map(|debit| debit.iban).collect::<HashSet<_>>().len(), DEBITS.len());
        assert_eq!(by_name("pm_sepa_debit").unwrap().0, Kind::SepaDebit);
        assert!(by_name("pm_card_visa").is_none());
    }

    #[test]
    fn only_euros() {
        assert!(Kind::Card.pays_in("usd") && Kind::Ideal.pays_in("eur") && !Kind::SepaDebit.pays_in("usd"));
    }
}
