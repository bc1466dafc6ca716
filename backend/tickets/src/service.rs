use std::fmt;
use std::sync::Arc;

use marquee_core::config::Config;
use marquee_core::db::{Db, Tag};
use marquee_core::ids::{OrderId, TenantId, TicketId};
use marquee_core::secret::SecretKey;
use marquee_entity::orders::TicketStatus;
use marquee_tenants::{Directory, Tenant};

use crate::brand::Brands;
use crate::letter::{self, Facts};
use crate::mail::{Mailer, Templates};
use crate::{Letter, Paper, TicketError, paper_of, pdf, qr_svg, tickets_of};

const READ: Tag = Tag::new("tickets.read");

/// Prints tickets and sends them. Cheap to clone.
#[derive(Clone)]
pub struct Tickets(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) db: Db,
    pub(crate) directory: Directory,
    pub(crate) config: Config,
    pub(crate) brands: Brands,
    pub(crate) templates: Templates,
    pub(crate) mailer: Mailer,
}

impl Tickets {
    /// Reads themes and templates; mail goes to the configured server.
    ///
    /// # Errors
    /// `Theme` for a theme that cannot be used, `Mail` for an `MARQUEE_SMTP_URL` that cannot be read.
    pub fn new(db: Db, directory: Directory, config: &Config) -> Result<Self, TicketError> {
        Ok(Self(Arc::new(Parts {
            db,
            directory,
            brands: Brands::load()?,
            templates: Templates::load()?,
            mailer: Mailer::new(&config.smtp_url)?,
            config: config.clone(),
        })))
    }

    /// Is `token` the token of this order?
    pub(crate) fn owns(&self, tenant: TenantId, order: OrderId, token: &str) -> bool {
        self.0.config.secret_key.verifies("order", &[tenant.0.as_bytes(), order.0.as_bytes()], token)
    }

    /// The order's PDF, with the order's number.
    ///
    /// # Errors
    /// `UnknownOrder` for one without tickets.
    pub(crate) async fn pdf(
        &self,
        tenant: &Arc<Tenant>,
        order: OrderId,
    ) -> Result<(String, Vec<u8>), TicketError> {
        let paper = self.paper(tenant.id, order).await?;
        let (parts, tenant) = (Arc::clone(&self.0), Arc::clone(tenant));
        off_the_loop(move || {
            let bytes = pdf::render(&parts.brands.of(&tenant)?, &tenant, &paper)?;
            Ok((paper.order.number, bytes))
        })
        .await
    }

    /// The symbol of a ticket that has not been withdrawn.
    ///
    /// # Errors
    /// `UnknownOrder` also for a ticket that is not the order's.
    pub(crate) async fn symbol(
        &self,
        tenant: TenantId,
        order: OrderId,
        ticket: TicketId,
    ) -> Result<String, TicketError> {
        let tx = self.0.db.begin(tenant, READ).await?;
        let tickets = tickets_of(&tx, order).await?;
        tx.commit().await?;
        let wanted = tickets.iter().find(|one| one.ticket_id == ticket && one.status != TicketStatus::Void);
        qr_svg(&wanted.ok_or(TicketError::UnknownOrder(order))?.code)
    }

    /// All that is printed of an order.
    pub(crate) async fn paper(&self, tenant: TenantId, order: OrderId) -> Result<Paper, TicketError> {
        let tx = self.0.db.begin(tenant, READ).await?;
        let paper = paper_of(&tx, order).await?;
        tx.commit().await?;
        Ok(paper)
    }

    /// All that a letter tells; none where there is nothing to say any more.
    pub(crate) async fn facts(&self, tenant: TenantId, letter: Letter) -> Result<Option<Facts>, TicketError> {
        let tx = self.0.db.begin(tenant, READ).await?;
        let facts = letter::facts(&tx, letter).await?;
        tx.commit().await?;
        Ok(facts)
    }
}

impl Parts {
    /// Where a buyer sees their order. The token is in the fragment, which browsers send nowhere.
    pub(crate) fn order_link(&self, tenant: &Tenant, order: OrderId) -> String {
        let token = order_token(&self.config.secret_key, tenant.id, order);
        self.config.public_url(&tenant.host, &format!("/orders/{order}#t={token}"))
    }
}

fn order_token(secret: &SecretKey, tenant: TenantId, order: OrderId) -> String {
    secret.token("order", &[tenant.0.as_bytes(), order.0.as_bytes()])
}

/// Runs what takes milliseconds of computing where it delays no other request.
pub(crate) async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TicketError> + Send + 'static,
) -> Result<T, TicketError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| TicketError::Pdf(error.to_string()))?
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets(…)")
    }
}
