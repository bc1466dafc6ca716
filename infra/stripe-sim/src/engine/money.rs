//! Currencies, how they are written, and what processing costs.

/// Currencies that can be charged.
const CURRENCIES: &str = "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp byn bzd \
    cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk \
    htg huf idr ils inr isk jmd jpy kes kgs khr kmf krw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mro \
    mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek \
    sgd shp sle sll sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer \
    zar zmw";

/// Currencies whose smallest unit is the whole one.
const ZERO_DECIMAL: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf";

/// The largest amount of one charge, in minor units.
pub const MAX_AMOUNT: i64 = 99_999_999;

/// Whether `currency` (lower case) can be charged.
pub fn known(currency: &str) -> bool {
    currency.len() == 3 && CURRENCIES.split_whitespace().any(|known| known == currency)
}

/// The smallest amount that can be charged, in minor units.
pub fn minimum(currency: &str) -> i64 {
    match currency {
        "gbp" => 30,
        "aed" | "myr" | "pln" | "ron" => 200,
        "dkk" => 250,
        "nok" | "sek" => 300,
        "hkd" => 400,
        "czk" => 1500,
        "mxn" | "thb" => 1000,
        "huf" => 17500,
        other if ZERO_DECIMAL.contains(other) => 50,
        _ => 50,
    }
}

/// `12.50 eur`, the way error messages write it.
pub fn display(amount: i64, currency: &str) -> String {
    if ZERO_DECIMAL.contains(currency) {
        return format!("{amount} {currency}");
    }
    format!("{}.{:02} {currency}", amount / 100, amount.abs() % 100)
}

/// What processing `amount` costs: 1.5 % and 25 minor units, rounded half up, never more than the amount.
pub fn processing_fee(amount: i64) -> i64 {
    ((amount * 15 + 500) / 1000 + 25).min(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_amounts() {
        assert_eq!(display(1250, "eur"), "12.50 eur");
        assert_eq!(display(7, "usd"), "0.07 usd");
        assert_eq!(display(500, "jpy"), "500 jpy");
    }

    #[test]
    fn knows_currencies_and_fees() {
        assert!(known("eur") && !known("EUR") && !known("e") && !known("xyz") && !known(""));
        assert_eq!(processing_fee(10_000), 175);
        assert_eq!(processing_fee(10), 10);
    }
}
