//! Tenants and their people.

use crate::text_enum::text_enum;

text_enum! {
    /// Who the card payment is made to.
    ChargeModel {
        /// The tenant's own account is charged; the platform takes an application fee.
        Direct = "direct",
        /// The platform is charged and transfers each recipient's share.
        SeparateTransfers = "separate_transfers",
    }
}

text_enum! {
    /// What a member of a tenant's staff may do.
    StaffRole {
        /// Everything.
        Owner = "owner",
        /// Day-to-day work.
        Staff = "staff",
    }
}
