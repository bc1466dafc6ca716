use marquee_core::clock::SharedClock;
use marquee_core::db::Db;
use marquee_core::limits::{Limit, Limits};
use marquee_core::secret::{SecretKey, random_token, sha256};
use uuid::Uuid;

use super::StaffError;
use super::password::Passwords;
use super::store::{self, By};
use super::token::{AccessTokens, Bearer};
use super::types::{Member, Realm, SessionId, faults, normal_email};

const PER_ADDRESS: Limit = Limit { name: "sign_in.address", max: 10, window: 60 };
const PER_ACCOUNT: Limit = Limit { name: "sign_in.account", max: 10, window: 60 };

/// What sign-in needs; app data of the server.
#[derive(Debug, Clone)]
pub struct Staff {
    db: Db,
    limits: Limits,
    secret: SecretKey,
    passwords: Passwords,
    tokens: AccessTokens,
    trusted_proxies: u8,
}

/// A session that was just begun.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// For the `Authorization` header.
    pub(crate) access_token: String,
    /// For the cookie.
    pub(crate) refresh_token: String,
}

impl Staff {
    /// Sign-in on this database. `trusted_proxies`: how many of our own stand in front and add the sender's address.
    pub fn new(db: Db, limits: Limits, clock: SharedClock, secret: SecretKey, trusted_proxies: u8) -> Self {
        let tokens = AccessTokens::new(secret.clone(), clock);
        Self { db, limits, secret, passwords: Passwords::new(), tokens, trusted_proxies }
    }

    /// Who sent a request, to count by.
    pub(crate) fn sender(&self, request: &actix_web::HttpRequest) -> String {
        marquee_core::address::sender(request, self.trusted_proxies)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// `Unauthorised` for an address or a password that is not right, after the same work for either; `RateLimited` beyond
    /// ten attempts a minute from one sender or for one account, good ones included; `Invalid`; `Busy`.
    pub(crate) async fn sign_in(
        &self,
        realm: Realm,
        sender: &str,
        email: &str,
        password: String,
    ) -> Result<SignedIn, StaffError> {
        let email = normal_email(email);
        let faults = faults(&email, &password);
        if !faults.is_empty() {
            return Err(StaffError::Invalid(faults));
        }
        self.count(PER_ADDRESS, sender).await?;
        // Counted under a derived name: the counters' store learns no address.
        let account = self.secret.token("sign-in", &[realm.to_string().as_bytes(), email.as_bytes()]);
        self.count(PER_ACCOUNT, &account).await?;

        let found = store::account(&self.db, realm, &email).await?;
        let (staff, hash) = found.map(|account| (account.id, account.password_hash)).unzip();
        let fits = self.passwords.fit(password, hash).await?;
        let staff = staff.filter(|_| fits).ok_or(StaffError::Unauthorised)?;

        let session = SessionId(Uuid::now_v7());
        let refresh_token = random_token(&mut rand::rng());
        store::open(&self.db, realm, staff, session, sha256(refresh_token.as_bytes())).await?;
        tracing::info!(%realm, staff.id = %staff, "signed in");
        let access_token = self.tokens.issue(realm, Bearer { staff, session })?;
        Ok(SignedIn { access_token, refresh_token })
    }

    /// A new access token for a session that lasts.
    ///
    /// # Errors
    /// `Unauthorised` when it does not.
    pub(crate) async fn refresh(&self, realm: Realm, refresh_token: &str) -> Result<String, StaffError> {
        let by = By::TokenHash(sha256(refresh_token.as_bytes()));
        let (session, member) = store::session(&self.db, realm, by).await?.ok_or(StaffError::Unauthorised)?;
        self.tokens.issue(realm, Bearer { staff: member.id, session })
    }

    /// Ends a session; access tokens made in it are refused from now on.
    ///
    /// # Errors
    /// As the database says.
    pub(crate) async fn sign_out(&self, realm: Realm, refresh_token: &str) -> Result<(), StaffError> {
        Ok(store::close(&self.db, realm, sha256(refresh_token.as_bytes())).await?)
    }

    /// Who sends this access token.
    ///
    /// # Errors
    /// `Unauthorised` unless it is one of this realm, now, and its session lasts.
    pub(crate) async fn member(&self, realm: Realm, access_token: &str) -> Result<Member, StaffError> {
        let bearer = self.tokens.read(realm, access_token).ok_or(StaffError::Unauthorised)?;
        let found = store::session(&self.db, realm, By::Id(bearer.session)).await?;
        let member = found.map(|(_, member)| member).filter(|member| member.id == bearer.staff);
        member.ok_or(StaffError::Unauthorised)
    }

    async fn count(&self, limit: Limit, who: &str) -> Result<(), StaffError> {
        self.limits.hit(limit, who).await.map_err(|retry_after| StaffError::RateLimited { retry_after })
    }
}
