//! What is posted when, as pure functions of an order's frozen terms.

use chrono::{DateTime, Utc};
use marquee_core::ids::{OrderId, PerformanceId, RecipientId};
use marquee_core::money::Currency;
use marquee_entity::money::{AccountKind, Direction, DisputeOutcome, PostingKind};
use marquee_entity::tenancy::ChargeModel;
use sea_orm::FromQueryResult;

/// Whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Nobody's in particular.
    Nobody,
    /// The tenant's, as the promoter of its performances.
    Promoter,
    /// A recipient's.
    Recipient(RecipientId),
}

/// An account of a tenant's ledger, opened when something is first posted to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account {
    /// What it is for.
    pub kind: AccountKind,
    /// Whose it is.
    pub owner: Owner,
}

/// A line of a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub account: Account,
    /// On which side.
    pub direction: Direction,
    /// How much, in minor units; more than zero.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// A transaction of the ledger about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// What it records.
    pub kind: PostingKind,
    /// Names the transition at the provider; once in a tenant's ledger.
    pub source_ref: String,
    /// Whose payment it is about.
    pub order: Option<OrderId>,
    /// Which performance's.
    pub performance: Option<PerformanceId>,
    /// When it happened; now, where it is left out.
    pub effective_at: Option<DateTime<Utc>>,
    /// The `source_ref` of what it takes back.
    pub reverses: Option<String>,
    /// Its lines.
    pub entries: Vec<Entry>,
}

/// What is frozen on an order about who gets what.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct SaleTerms {
    /// The order.
    pub order: OrderId,
    /// What it is for.
    pub performance: PerformanceId,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Whose account is charged.
    pub charge_model: ChargeModel,
    /// What the buyer pays, in minor units.
    pub total: i64,
    /// The platform's share of it.
    pub application_fee: i64,
}

impl Account {
    /// An account that is nobody's in particular.
    pub const fn of(kind: AccountKind) -> Self {
        Self { kind, owner: Owner::Nobody }
    }
}

impl Posting {
    /// It happened at `time`.
    #[must_use]
    pub fn at(mut self, time: DateTime<Utc>) -> Self {
        self.effective_at = Some(time);
        self
    }

    /// Debits less credits, over all currencies; zero for every posting that is made here.
    pub fn imbalance(&self) -> i128 {
        let signed = |entry: &Entry| match entry.direction {
            Direction::Debit => i128::from(entry.amount),
            Direction::Credit => -i128::from(entry.amount),
        };
        self.entries.iter().map(signed).sum()
    }

    fn about(terms: &SaleTerms, kind: PostingKind, source_ref: String, entries: Vec<Entry>) -> Self {
        Self {
            kind,
            source_ref,
            order: Some(terms.order),
            performance: Some(terms.performance),
            effective_at: None,
            reverses: None,
            entries,
        }
    }
}

impl SaleTerms {
    /// Where a sale's money stands until it is paid out, less the platform's fee.
    fn proceeds(&self) -> Account {
        match self.charge_model {
            ChargeModel::Direct => Account { kind: AccountKind::Payable, owner: Owner::Promoter },
            ChargeModel::SeparateTransfers => Account::of(AccountKind::UnallocatedSales),
        }
    }

    /// `amount`, of which `fee` is the platform's, moves in (`Debit`) or out (`Credit`).
    fn moved(&self, into: Direction, amount: i64, fee: i64) -> Vec<Entry> {
        let other = opposite(into);
        let lines = [
            (Account::of(AccountKind::StripePending), into, amount),
            (self.proceeds(), other, amount - fee),
            (Account::of(AccountKind::PlatformFeeRevenue), other, fee),
        ];
        entries(&self.currency, &lines)
    }
}

/// The platform's fee in what was refunded once `refunded` of `total` was: whole minor units, rounded down, so that the
/// shares of several refunds are the differences of this and sum up exactly. The provider reckons likewise.
pub fn fee_share(terms: &SaleTerms, refunded: i64) -> i64 {
    let exact = i128::from(terms.application_fee) * i128::from(refunded) / i128::from(terms.total.max(1));
    i64::try_from(exact).unwrap_or(terms.application_fee)
}

/// A buyer's money was taken.
pub fn capture(terms: &SaleTerms, intent: &str) -> Posting {
    let entries = terms.moved(Direction::Debit, terms.total, terms.application_fee);
    Posting::about(terms, PostingKind::Capture, format!("capture:{intent}"), entries)
}

/// `amount` went back to the buyer, after `refunded_before` had gone back. More than zero, and never more in sum than was
/// captured.
pub fn refund(terms: &SaleTerms, provider_refund: &str, amount: i64, refunded_before: i64) -> Posting {
    let entries = terms.moved(Direction::Credit, amount, fee_of(terms, amount, refunded_before));
    Posting::about(terms, PostingKind::Refund, format!("refund:{provider_refund}"), entries)
}

/// The buyer's bank sent a refund back: the exact reverse of [`refund`] with the same values.
pub fn refund_failed(terms: &SaleTerms, provider_refund: &str, amount: i64, refunded_before: i64) -> Posting {
    let entries = terms.moved(Direction::Debit, amount, fee_of(terms, amount, refunded_before));
    let source_ref = format!("refund_failed:{provider_refund}");
    let mut posting = Posting::about(terms, PostingKind::RefundFailed, source_ref, entries);
    posting.reverses = Some(format!("refund:{provider_refund}"));
    posting
}

/// The provider kept `fee` of a movement, or gave it back where it is negative. None where it is zero.
pub fn processing_fee(
    terms: Option<&SaleTerms>,
    movement: &str,
    fee: i64,
    currency: &Currency,
) -> Option<Posting> {
    let into = if fee > 0 { Direction::Debit } else { Direction::Credit };
    let amount = fee.checked_abs().filter(|amount| *amount > 0)?;
    let lines = [
        (Account::of(AccountKind::ProcessingFeeExpense), into, amount),
        (Account::of(AccountKind::StripePending), opposite(into), amount),
    ];
    Some(Posting {
        kind: PostingKind::ProcessingFee,
        source_ref: format!("fee:{movement}"),
        order: terms.map(|terms| terms.order),
        performance: terms.map(|terms| terms.performance),
        effective_at: None,
        reverses: None,
        entries: entries(currency, &lines),
    })
}

/// The platform's fee in a refund was not the share that was posted: by the movement it kept `more` of it, or less where
/// that is negative. None where it is zero.
pub fn fee_share_corrected(terms: &SaleTerms, movement: &str, more: i64) -> Option<Posting> {
    let fee = if more > 0 { Direction::Credit } else { Direction::Debit };
    let amount = more.checked_abs().filter(|amount| *amount > 0)?;
    let lines = [
        (terms.proceeds(), opposite(fee), amount),
        (Account::of(AccountKind::PlatformFeeRevenue), fee, amount),
    ];
    let entries = entries(&terms.currency, &lines);
    Some(Posting::about(terms, PostingKind::Correction, format!("fee_share:{movement}"), entries))
}

/// A buyer's bank took `amount` back for the time being. Only where money was withdrawn: an inquiry moves none.
pub fn dispute_opened(terms: &SaleTerms, dispute: &str, amount: i64) -> Posting {
    let lines = [
        (Account::of(AccountKind::DisputeLoss), Direction::Debit, amount),
        (Account::of(AccountKind::StripePending), Direction::Credit, amount),
    ];
    let entries = entries(&terms.currency, &lines);
    Posting::about(terms, PostingKind::DisputeOpened, format!("dispute_opened:{dispute}"), entries)
}

/// How a dispute with [`dispute_opened`] ended: the money came back; or it is lost to the one whose account was charged,
/// which is a loss of the promoter's with direct charges and stays the platform's else (no posting).
pub fn dispute_closed(
    terms: &SaleTerms,
    dispute: &str,
    amount: i64,
    outcome: DisputeOutcome,
) -> Option<Posting> {
    let bearer = match (outcome, terms.charge_model) {
        (DisputeOutcome::Won | DisputeOutcome::Withdrawn, _) => Account::of(AccountKind::StripePending),
        (DisputeOutcome::Lost, ChargeModel::Direct) => terms.proceeds(),
        (DisputeOutcome::Lost, ChargeModel::SeparateTransfers) => return None,
    };
    let lines = [
        (bearer, Direction::Debit, amount),
        (Account::of(AccountKind::DisputeLoss), Direction::Credit, amount),
    ];
    let entries = entries(&terms.currency, &lines);
    let mut posting =
        Posting::about(terms, PostingKind::DisputeClosed, format!("dispute_closed:{dispute}"), entries);
    posting.reverses = Some(format!("dispute_opened:{dispute}"));
    Some(posting)
}

fn fee_of(terms: &SaleTerms, amount: i64, refunded_before: i64) -> i64 {
    fee_share(terms, refunded_before.saturating_add(amount)) - fee_share(terms, refunded_before)
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Debit => Direction::Credit,
        Direction::Credit => Direction::Debit,
    }
}

/// Lines of nothing are left out.
fn entries(currency: &Currency, lines: &[(Account, Direction, i64)]) -> Vec<Entry> {
    let entry = |&(account, direction, amount): &(Account, Direction, i64)| Entry {
        account,
        direction,
        amount,
        currency: currency.clone(),
    };
    lines.iter().filter(|(_, _, amount)| *amount != 0).map(entry).collect()
}

#[cfg(test)]
mod tests;
