//! Money: `i64` minor units with a currency. Sums are exact and checked; shares are settled by largest remainder.

use std::fmt;
use std::str::FromStr;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An ISO 4217 alphabetic code, upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, DeriveValueType, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "EUR")]
pub struct Currency(String);

/// What can go wrong with money.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not three upper-case letters.
    #[error("`{0}` is not an ISO 4217 code")]
    Currency(String),
    /// The sum does not fit `i64`.
    #[error("the amount does not fit")]
    Overflow,
    /// Two currencies in one sum.
    #[error("`{0}` and `{1}` cannot be added")]
    Mixed(String, String),
}

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Digits after the decimal mark (ISO 4217).
    pub fn minor_digits(&self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }

    /// An amount in minor units as a plain decimal: `1234.50`.
    pub fn decimal(&self, amount: i64) -> String {
        let digits = self.minor_digits();
        let (unit, absolute) = (10_u64.pow(digits), amount.unsigned_abs());
        let sign = if amount < 0 { "-" } else { "" };
        match digits as usize {
            0 => format!("{sign}{absolute}"),
            width => format!("{sign}{}.{:0width$}", absolute / unit, absolute % unit),
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MoneyError::Currency(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An amount in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Money {
    /// Minor units (cents).
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// For logs and the command line: `1234.50 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency.decimal(self.amount), self.currency)
    }
}

impl Money {
    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// The sum.
    ///
    /// # Errors
    /// `Mixed` for two currencies, `Overflow` where the sum does not fit.
    pub fn plus(&self, other: &Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency.0.clone(), other.currency.0.clone()));
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Money { amount, currency: self.currency.clone() })
    }
}

/// What a unit costs, with its parts: a fan always sees the total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Price {
    /// `face + fees + tax`, in minor units.
    pub total: i64,
    /// What the promoter asks.
    pub face: i64,
    /// Fees on top.
    pub fees: i64,
    /// Tax on top.
    pub tax: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

impl Price {
    /// A price of its parts.
    ///
    /// # Errors
    /// `Overflow` where the total does not fit.
    pub fn of_parts(face: i64, fees: i64, tax: i64, currency: Currency) -> Result<Self, MoneyError> {
        let total =
            face.checked_add(fees).and_then(|sum| sum.checked_add(tax)).ok_or(MoneyError::Overflow)?;
        Ok(Self { total, face, fees, tax, currency })
    }
}

/// Splits `total` by `weights` so that the shares add up to it exactly: each gets its floor, the units left go
/// to the largest remainders, earlier ones first among equals. All weights zero: everything goes to the first.
pub fn split_by_largest_remainder(total: i64, weights: &[u32]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if sum == 0 {
        return weights.iter().enumerate().map(|(i, _)| if i == 0 { total } else { 0 }).collect();
    }
    let exact = |w: &u32| i128::from(total) * i128::from(*w);
    let mut shares: Vec<i64> = weights.iter().map(|w| (exact(w).div_euclid(sum)) as i64).collect();
    let left = total - shares.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(weights.get(*i).map_or(0, |w| exact(w).rem_euclid(sum))));
    for i in order.into_iter().take(left.max(0) as usize) {
        if let Some(share) = shares.get_mut(i) {
            *share += 1;
        }
    }
    shares
}

/// `bps` basis points of `amount`, rounded half up, never negative for a positive amount.
pub fn basis_points(amount: i64, bps: i32) -> i64 {
    ((i128::from(amount) * i128::from(bps) + 5_000) / 10_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_their_currency() {
        let written =
            |amount, currency: &str| Money { amount, currency: currency.parse().unwrap() }.to_string();
        for (amount, currency, text) in [
            (123_450, "EUR", "1234.50 EUR"),
            (5, "EUR", "0.05 EUR"),
            (-705, "CHF", "-7.05 CHF"),
            (1_000, "JPY", "1000 JPY"),
            (1_234, "KWD", "1.234 KWD"),
            (i64::MIN, "EUR", "-92233720368547758.08 EUR"),
        ] {
            assert_eq!(written(amount, currency), text);
        }
    }

    #[test]
    fn shares_add_up() {
        assert_eq!(split_by_largest_remainder(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split_by_largest_remainder(5, &[0, 0]), [5, 0]);
        assert_eq!(split_by_largest_remainder(i64::MAX, &[1, 2]).iter().sum::<i64>(), i64::MAX);
    }

    #[test]
    fn sums_are_checked() {
        let eur: Currency = "EUR".parse().unwrap();
        let max = Money { amount: i64::MAX, currency: eur.clone() };
        assert_eq!(max.plus(&Money { amount: 1, currency: eur.clone() }), Err(MoneyError::Overflow));
        assert!(max.plus(&Money::zero("GBP".parse().unwrap())).is_err());
        assert!("eur".parse::<Currency>().is_err());
    }

    #[test]
    fn basis_points_round_half_up() {
        assert_eq!(basis_points(1_050, 500), 53);
        assert_eq!(basis_points(0, 500), 0);
    }
}
