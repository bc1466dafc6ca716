use std::collections::HashMap;

use super::*;

fn terms(charge_model: ChargeModel, total: i64, application_fee: i64) -> SaleTerms {
    SaleTerms {
        order: OrderId::generate(),
        performance: PerformanceId::generate(),
        currency: "EUR".parse().unwrap(),
        charge_model,
        total,
        application_fee,
    }
}

/// Debits less credits of each account, without those that are even.
fn balances(postings: &[Posting]) -> HashMap<Account, i128> {
    let mut sums: HashMap<Account, i128> = HashMap::new();
    for entry in postings.iter().flat_map(|posting| &posting.entries) {
        let sign = if entry.direction == Direction::Debit { 1 } else { -1 };
        *sums.entry(entry.account).or_default() += sign * i128::from(entry.amount);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn sound(posting: &Posting) {
    assert_eq!(posting.imbalance(), 0, "{posting:?}");
    assert!(posting.entries.len() >= 2, "{posting:?}");
    assert!(posting.entries.iter().all(|entry| entry.amount > 0), "{posting:?}");
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_of<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        all[usize::try_from(self.below(N.try_into().unwrap())).unwrap()]
    }
}

fn seed() -> u64 {
    let given = std::env::var("MARQUEE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    eprintln!("MARQUEE_TEST_SEED={seed}");
    seed
}

#[test]
fn a_direct_sale_is_owed_to_the_promoter_less_the_fee() {
    let terms = terms(ChargeModel::Direct, 10_000, 350);
    let sums = balances(&[capture(&terms, "pi_1")]);
    assert_eq!(sums[&Account::of(AccountKind::StripePending)], 10_000);
    assert_eq!(sums[&Account { kind: AccountKind::Payable, owner: Owner::Promoter }], -9_650);
    assert_eq!(sums[&Account::of(AccountKind::PlatformFeeRevenue)], -350);
}

#[test]
fn a_sale_of_the_platforms_waits_for_its_splits() {
    let sums = balances(&[capture(&terms(ChargeModel::SeparateTransfers, 10_000, 350), "pi_1")]);
    assert_eq!(sums[&Account::of(AccountKind::UnallocatedSales)], -9_650);
    assert!(!sums.keys().any(|account| account.kind == AccountKind::Payable));
}

#[test]
fn a_fee_of_nothing_or_of_everything_leaves_its_line_out() {
    for fee in [0, 1] {
        let posting = capture(&terms(ChargeModel::Direct, 1, fee), "pi_1");
        sound(&posting);
        assert_eq!(posting.entries.len(), 2);
    }
    assert_eq!(processing_fee(None, "txn_1", 0, &"EUR".parse().unwrap()), None);
}

#[test]
fn random_refunds_sum_exactly_to_the_captures_reverse() {
    let mut random = Random(seed());
    for _ in 0..2_000 {
        let bound = random.one_of([9, 500, 1_000_000, i64::MAX / 2]);
        let total = 1 + random.below(bound);
        let model = random.one_of([ChargeModel::Direct, ChargeModel::SeparateTransfers]);
        let terms = terms(model, total, random.below(total) + random.below(2));
        let mut postings = vec![capture(&terms, "pi_1")];
        let mut refunded = 0;
        while refunded < total {
            let amount = 1 + random.below(total - refunded);
            let id = format!("re_{refunded}");
            let there = refund(&terms, &id, amount, refunded);
            if random.below(4) == 0 {
                let back = refund_failed(&terms, &id, amount, refunded);
                assert_eq!(balances(&[there.clone(), back.clone()]), HashMap::new());
                postings.extend([there, back]);
                continue;
            }
            postings.push(there);
            refunded += amount;
        }
        postings.iter().for_each(sound);
        assert_eq!(balances(&postings), HashMap::new(), "{terms:?}");
    }
}

#[test]
fn whatever_a_dispute_ends_in_its_loss_account_is_even_with_direct_charges() {
    for outcome in DisputeOutcome::ALL {
        let terms = terms(ChargeModel::Direct, 10_000, 350);
        let opened = dispute_opened(&terms, "du_1", 10_000);
        let closed = dispute_closed(&terms, "du_1", 10_000, *outcome).unwrap();
        sound(&opened);
        sound(&closed);
        let sums = balances(&[opened, closed]);
        assert!(!sums.contains_key(&Account::of(AccountKind::DisputeLoss)), "{outcome}");
        assert_eq!(sums.is_empty(), *outcome != DisputeOutcome::Lost, "{outcome}");
    }
}

#[test]
fn a_fee_given_back_is_the_reverse_of_the_fee() {
    let currency: Currency = "EUR".parse().unwrap();
    let there = processing_fee(None, "txn_1", 59, &currency).unwrap();
    let back = processing_fee(None, "txn_2", -59, &currency).unwrap();
    sound(&there);
    assert_eq!(balances(&[there, back]), HashMap::new());
}

#[test]
fn a_refund_that_leaves_the_fee_alone_is_corrected_to_that() {
    let terms = terms(ChargeModel::Direct, 10_000, 350);
    let correction = fee_share_corrected(&terms, "txn_1", 350).unwrap();
    sound(&correction);
    let sums = balances(&[capture(&terms, "pi_1"), refund(&terms, "re_1", 10_000, 0), correction]);
    assert_eq!(sums[&Account::of(AccountKind::PlatformFeeRevenue)], -350);
    assert_eq!(sums[&Account { kind: AccountKind::Payable, owner: Owner::Promoter }], 350);
    let less = fee_share_corrected(&terms, "txn_1", -350).unwrap();
    let more = fee_share_corrected(&terms, "txn_1", 350).unwrap();
    assert_eq!(balances(&[less, more]), HashMap::new());
    assert_eq!(fee_share_corrected(&terms, "txn_1", 0), None);
}
