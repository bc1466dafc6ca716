//! A tenant as everything else sees it.

use chrono_tz::Tz;
use marquee_core::ids::TenantId;
use marquee_core::money::{Currency, basis_points};
use marquee_entity::tenancy::ChargeModel;

/// A promoter: their brand, and the terms on which they sell.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// Id.
    pub id: TenantId,
    /// Short name in addresses and on the command line.
    pub slug: String,
    /// The brand.
    pub name: String,
    /// Who the buyer's contract is with.
    pub legal_name: String,
    /// The site's own host, used in links.
    pub host: String,
    /// What it sells in.
    pub currency: Currency,
    /// Where its times are told.
    pub timezone: Tz,
    /// BCP 47 tag of its language.
    pub locale: String,
    /// The theme's name.
    pub theme: String,
    /// The theme's settings.
    pub theme_settings: serde_json::Value,
    /// Where buyers write to.
    pub support_email: String,
    /// Address its mail comes from.
    pub mail_from: String,
    /// For the imprint.
    pub postal_address: String,
    /// On what terms cards are charged.
    pub terms: ChargeTerms,
}

/// On what terms a tenant's cards are charged; frozen on each order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeTerms {
    /// Whose account is charged.
    pub model: ChargeModel,
    /// The provider's id of the tenant's account.
    pub account: Option<String>,
    /// The platform's share in basis points of the total.
    pub fee_bps: i32,
    /// The platform's share of each unit, in minor units.
    pub fee_fixed: i64,
}

impl ChargeTerms {
    /// The platform's fee on an order, never more than its total.
    pub fn application_fee(&self, total: i64, units: usize) -> i64 {
        let fixed = self.fee_fixed.saturating_mul(units as i64);
        basis_points(total, self.fee_bps).saturating_add(fixed).clamp(0, total.max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fee_never_exceeds_the_total() {
        let terms = ChargeTerms { model: ChargeModel::Direct, account: None, fee_bps: 300, fee_fixed: 50 };
        assert_eq!(terms.application_fee(10_000, 2), 400);
        assert_eq!(terms.application_fee(60, 2), 60);
        assert_eq!(terms.application_fee(0, 1), 0);
    }
}
