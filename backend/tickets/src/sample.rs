//! What unit tests print: an order of each demo house, and names that try the faces.

use std::sync::Arc;

use marquee_core::ids::{OrderId, PerformanceId, TenantId, TicketId};
use marquee_core::secret::SecretKey;
use marquee_entity::tenancy::ChargeModel;
use marquee_tenants::{ChargeTerms, Tenant};
use uuid::Uuid;

use crate::brand::{Brand, Brands};
use crate::codes::{CURRENT_KEY, Signer};
use crate::types::{Paper, PaperOrder, PaperTicket};

pub(crate) fn secret() -> SecretKey {
    SecretKey::from_hex(&"5a".repeat(32)).unwrap()
}

pub(crate) fn tenant(theme: &str) -> Arc<Tenant> {
    let (name, street) = match theme {
        "basement" => ("Basement", "Basement, Köpenicker Str. 70, 10179 Berlin"),
        _ => ("Riverside Theatre", "Riverside Theatre, 9 Mill Quay, Cork T12 R9X4"),
    };
    Arc::new(Tenant {
        id: TenantId(Uuid::from_u128(7)),
        slug: theme.to_owned(),
        name: name.to_owned(),
        legal_name: format!("{name} CLG"),
        host: format!("{theme}.example"),
        currency: "EUR".parse().unwrap(),
        timezone: "Europe/Dublin".parse().unwrap(),
        locale: "en-IE".to_owned(),
        theme: theme.to_owned(),
        theme_settings: serde_json::json!({}),
        support_email: format!("boxoffice@{theme}.example"),
        mail_from: format!("tickets@{theme}.example"),
        postal_address: street.to_owned(),
        terms: ChargeTerms { model: ChargeModel::Direct, account: None, fee_bps: 0, fee_fixed: 0 },
    })
}

pub(crate) fn brand(brands: &Brands, theme: &str) -> Brand {
    brands.of(&tenant(theme)).unwrap()
}

pub(crate) fn paper(theme: &str) -> Paper {
    let standing = theme == "basement";
    let signer = Signer::derive(&secret(), TenantId(Uuid::from_u128(7)), CURRENT_KEY);
    let ticket = |n: u128, label: &str, ticket_type: &str, total: i64| {
        let ticket_id = TicketId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n));
        PaperTicket {
            ticket_id,
            label: label.to_owned(),
            code: signer.sign(ticket_id, PerformanceId(Uuid::from_u128(9))),
            holder: "Ada Lovelace".to_owned(),
            ticket_type: ticket_type.to_owned(),
            price_level: if standing { "Floor" } else { "Best seats" }.to_owned(),
            total,
            gates: vec![if standing { "Door" } else { "Main entrance" }.to_owned()],
        }
    };
    Paper {
        order: PaperOrder {
            order_id: OrderId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
            number: "R7KQ2M".to_owned(),
            buyer_name: "Ada Lovelace".to_owned(),
            buyer_email: "ada@example.com".to_owned(),
            locale: "en-IE".to_owned(),
            total: if standing { 2_250 } else { 8_700 },
            currency: "EUR".parse().unwrap(),
            event_title: if standing { "Hardwax Nacht: Delta Funktionen" } else { "The Cherry Orchard" }
                .to_owned(),
            starts_at: "2026-12-04T20:00:00Z".parse().unwrap(),
            doors_at: "2026-12-04T19:15:00Z".parse().unwrap(),
            venue: if standing { "The Basement" } else { "The Main House" }.to_owned(),
            address: if standing { "Köpenicker Str. 70" } else { "9 Mill Quay" }.to_owned(),
            city: if standing { "Berlin" } else { "Cork" }.to_owned(),
        },
        tickets: if standing {
            vec![ticket(1, "Standing", "Entry", 2_250)]
        } else {
            vec![
                ticket(1, "Ground floor, block 3 · Row A · Seat 12", "Adult", 5_850),
                ticket(2, "Ground floor, block 3 · Row A · Seat 13", "Under 16", 2_850),
            ]
        },
    }
}
