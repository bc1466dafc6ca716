//! An order as its buyer sees it.

use chrono::{DateTime, Utc};
use marquee_core::db::Tag;
use marquee_core::ids::{HoldId, OrderId, PerformanceId};
use marquee_core::money::Currency;
use marquee_entity::money::RefundState;
use marquee_entity::orders::OrderStatus;
use marquee_payments::Provider;
use marquee_payments::record::{self, Payment};
use marquee_tenants::Tenant;
use marquee_tickets::{Ticket, tickets_of};
use serde::Serialize;

use crate::change::{self, CancellationBody, PostponementBody};
use crate::notice::{Notice, NoticeBody};
use crate::refund::{self, RefundBody};
use crate::types::{HoldView, Line, MAX_ATTEMPTS, Order, shown_status};
use crate::{Checkout, CheckoutError, store};

const SHOW: Tag = Tag::new("order.show");

/// How an order is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PaymentBody {
    /// Name of the payment provider.
    pub provider: String,
    /// The provider's key for browsers.
    pub publishable_key: String,
    /// The account that is charged; the payment form and its token belong to it. `null`: the platform's own.
    pub account: Option<String>,
    /// What is to be paid, in minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Address of the script that draws the payment form.
    pub element_url: String,
}

impl PaymentBody {
    pub(crate) fn new(
        provider: &dyn Provider,
        account: Option<&str>,
        amount: i64,
        currency: &Currency,
    ) -> Self {
        Self {
            provider: provider.name().to_owned(),
            publishable_key: provider.publishable_key().to_owned(),
            account: account.map(str::to_owned),
            amount,
            currency: currency.clone(),
            element_url: provider.element_url().to_owned(),
        }
    }
}

/// Who bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BuyerBody {
    /// Where the tickets go.
    pub email: String,
    /// The name.
    pub name: String,
    /// BCP 47 tag.
    pub locale: String,
}

/// What the order is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EventBody {
    /// The event's name in addresses.
    pub slug: String,
    /// The event's title.
    pub title: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When the doors open.
    pub doors_at: DateTime<Utc>,
    /// Where.
    pub venue: String,
    /// Street and number.
    pub address: String,
    /// Town.
    pub city: String,
}

/// Where the payment of an unpaid order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ProgressBody {
    /// Tries left.
    pub attempts_left: i32,
    /// Why the last try was declined.
    pub decline_code: Option<String>,
    /// While the bank asks for a confirmation: with it the buyer's browser may go on.
    pub client_secret: Option<String>,
    /// While the bank asks for a confirmation: its page.
    pub action_url: Option<String>,
}

/// An order as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OrderBody {
    /// Id.
    pub order_id: OrderId,
    /// What people call it.
    pub number: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// Minor units.
    pub total: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// What is bought.
    pub lines: Vec<Line>,
    /// Who bought.
    pub buyer: BuyerBody,
    /// The performance it is for.
    pub performance_id: PerformanceId,
    /// The hold it is for.
    pub hold_id: HoldId,
    /// What it is for; `null` when that is not published any more.
    pub event: Option<EventBody>,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// Until when it can be paid, a bank's confirmation included.
    pub expires_at: DateTime<Utc>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// How it is paid.
    pub payment: PaymentBody,
    /// Where its payment stands; `null` once it is paid or over.
    pub progress: Option<ProgressBody>,
    /// What happened to its payment and what happens next, in plain words; `null` where its status says it all.
    pub notice: Option<NoticeBody>,
    /// The tickets, once it is paid; those that were taken back are `void`.
    pub tickets: Vec<Ticket>,
    /// Money that went back or is on its way, the oldest first.
    pub refunds: Vec<RefundBody>,
    /// That the performance does not take place; `null` where it does.
    pub cancellation: Option<CancellationBody>,
    /// A new date since the order was placed, and what the buyer chose; `null` where there is none.
    pub postponement: Option<PostponementBody>,
}

/// What is read of an order to show it.
struct Facts {
    order: Order,
    hold: HoldView,
    lines: Vec<Line>,
    payment: Option<Payment>,
    tickets: Vec<Ticket>,
    refunds: Vec<RefundBody>,
    cancellation: Option<CancellationBody>,
    postponement: Option<PostponementBody>,
}

impl Checkout {
    /// An order as its buyer sees it; whether the caller may see it is for the caller to check ([`Checkout::owns`]).
    ///
    /// # Errors
    /// `NotFound` where the tenant has no such order.
    pub async fn show(&self, tenant: &Tenant, id: OrderId) -> Result<OrderBody, CheckoutError> {
        let tx = self.parts.db.begin(tenant.id, SHOW).await?;
        let order = store::read(&tx, id).await?.ok_or(CheckoutError::NotFound)?;
        let hold = store::hold(&tx, order.hold_id).await?.ok_or(CheckoutError::NotFound)?;
        let lines = store::lines(&tx, id, &order.currency).await?;
        let payment = record::read(&tx, id).await?;
        let tickets = if order.status.is_paid() { tickets_of(&tx, id).await? } else { Vec::new() };
        let refunds = refund::bodies(&tx, id).await?;
        let cancellation = change::cancellation_of(&tx, &order).await?;
        let postponement = change::postponement_of(&tx, &order, cancellation.is_some()).await?;
        tx.commit().await?;
        let event = self.event_of(tenant, order.performance_id).await?;
        let facts = Facts { order, hold, lines, payment, tickets, refunds, cancellation, postponement };
        Ok(self.body(facts, event))
    }

    async fn event_of(&self, tenant: &Tenant, id: PerformanceId) -> Result<Option<EventBody>, CheckoutError> {
        let performance = self.parts.catalog.performance(tenant, id).await?;
        Ok(performance.map(|performance| EventBody {
            slug: performance.event_slug.clone(),
            title: performance.event_title.clone(),
            starts_at: performance.starts_at,
            doors_at: performance.doors_at,
            venue: performance.venue.name.clone(),
            address: performance.venue.address.clone(),
            city: performance.venue.city.clone(),
        }))
    }

    fn body(&self, facts: Facts, event: Option<EventBody>) -> OrderBody {
        let Facts { order, hold, lines, payment, tickets, refunds, cancellation, postponement } = facts;
        let status = shown_status(order.status, hold, payment.as_ref());
        let notice = Notice::of(&order, hold, payment.as_ref(), state_of_all(&refunds)).map(Notice::body);
        let provider = self.parts.provider.as_ref();
        OrderBody {
            order_id: order.id,
            number: order.number,
            status,
            total: order.total,
            lines,
            buyer: BuyerBody { email: order.buyer_email, name: order.buyer_name, locale: order.locale },
            performance_id: order.performance_id,
            hold_id: order.hold_id,
            event,
            created_at: order.created_at,
            expires_at: if status == OrderStatus::RequiresAction {
                hold.expires_at
            } else {
                order.expires_at
            },
            paid_at: order.paid_at,
            payment: PaymentBody::new(provider, order.account.as_deref(), order.total, &order.currency),
            currency: order.currency,
            progress: progress(status, payment),
            notice,
            tickets,
            refunds,
            cancellation,
            postponement,
        }
    }
}

/// Where money stands that has to go back in full: on its way while any refund is, failed when none is any more.
fn state_of_all(refunds: &[RefundBody]) -> Option<RefundState> {
    let on_its_way = |one: &&RefundBody| matches!(one.state, RefundState::Requested | RefundState::Pending);
    let failed = |one: &&RefundBody| one.state == RefundState::Failed;
    let told = refunds.iter().rfind(on_its_way).or_else(|| refunds.iter().rfind(failed));
    told.or(refunds.last()).map(|one| one.state)
}

fn progress(status: OrderStatus, payment: Option<Payment>) -> Option<ProgressBody> {
    let asks = status == OrderStatus::RequiresAction;
    let open = asks || matches!(status, OrderStatus::Pending | OrderStatus::Processing);
    let payment = payment.filter(|_| open)?;
    Some(ProgressBody {
        attempts_left: (MAX_ATTEMPTS - payment.attempts).max(0),
        decline_code: payment.decline_code,
        client_secret: payment.client_secret.filter(|_| asks),
        action_url: payment.action_url.filter(|_| asks),
    })
}
