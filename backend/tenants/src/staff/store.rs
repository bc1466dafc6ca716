//! Statements of sign-in: a tenant's staff as the application's role in its tenant, the platform's as the platform's role.

use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::StaffId;
use marquee_core::params;
use marquee_entity::tenancy::StaffRole;
use sea_orm::FromQueryResult;

use super::types::{Member, Realm, SessionId};

/// Hours that a session lasts without a new sign-in.
pub(crate) const SESSION_HOURS: i32 = 12;

const SIGN_IN: Tag = Tag::new("staff.sign_in");
const SESSION: Tag = Tag::new("staff.session");
const SIGN_OUT: Tag = Tag::new("staff.sign_out");

/// Somebody who may sign in.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Account {
    pub(crate) id: StaffId,
    pub(crate) password_hash: String,
}

/// A session that lasts.
#[derive(Debug, FromQueryResult)]
struct SessionRow {
    session_id: SessionId,
    id: StaffId,
    email: String,
    name: String,
    role: Option<StaffRole>,
}

/// By what a session is looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// Its own id.
    Id(SessionId),
    /// The hash of its refresh token.
    TokenHash([u8; 32]),
}

/// The account with this address, as [`super::normal_email`] spells it.
pub(crate) async fn account(db: &Db, realm: Realm, email: &str) -> Result<Option<Account>, DbError> {
    match realm {
        Realm::Tenant(tenant) => {
            let tx = db.begin(tenant, SIGN_IN).await?;
            let sql = "select id, password_hash from staff where tenant_id = $1 and email = $2";
            let account = tx.optional(sql, params![email]).await?;
            tx.commit().await?;
            Ok(account)
        }
        Realm::Platform => {
            let tx = db.begin_platform(SIGN_IN).await?;
            let sql = "select id, password_hash from platform_staff where email = $1";
            let account = tx.optional(sql, params![email]).await?;
            tx.commit().await?;
            Ok(account)
        }
    }
}

/// Begins a session, and tidies away those of the same person that are over.
pub(crate) async fn open(
    db: &Db,
    realm: Realm,
    staff: StaffId,
    session: SessionId,
    token_hash: [u8; 32],
) -> Result<(), DbError> {
    match realm {
        Realm::Tenant(tenant) => {
            let tx = db.begin(tenant, SIGN_IN).await?;
            tx.execute(
                "delete from staff_sessions
                 where tenant_id = $1 and staff_id = $2 and expires_at <= marquee_now()",
                params![staff],
            )
            .await?;
            tx.execute(
                "insert into staff_sessions (tenant_id, id, staff_id, token_hash, expires_at)
                 values ($1, $2, $3, $4, marquee_now() + make_interval(hours => $5))",
                params![session, staff, token_hash.to_vec(), SESSION_HOURS],
            )
            .await?;
            tx.commit().await
        }
        Realm::Platform => {
            let tx = db.begin_platform(SIGN_IN).await?;
            tx.execute(
                "delete from platform_sessions where staff_id = $1 and expires_at <= marquee_now()",
                params![staff],
            )
            .await?;
            tx.execute(
                "insert into platform_sessions (id, staff_id, token_hash, expires_at)
                 values ($1, $2, $3, marquee_now() + make_interval(hours => $4))",
                params![session, staff, token_hash.to_vec(), SESSION_HOURS],
            )
            .await?;
            tx.record(&staff.to_string(), "sign_in", None, serde_json::json!({})).await?;
            tx.commit().await
        }
    }
}

/// A session that lasts, and whose it is.
pub(crate) async fn session(db: &Db, realm: Realm, by: By) -> Result<Option<(SessionId, Member)>, DbError> {
    let (id, token_hash) = match by {
        By::Id(id) => (Some(id), None),
        By::TokenHash(hash) => (None, Some(hash.to_vec())),
    };
    let row: Option<SessionRow> = match realm {
        Realm::Tenant(tenant) => {
            let tx = db.begin(tenant, SESSION).await?;
            let row = tx
                .optional(
                    "select n.id as session_id, a.id, a.email, a.name, a.role
                     from staff_sessions n join staff a on a.tenant_id = $1 and a.id = n.staff_id
                     where n.tenant_id = $1 and (n.id = $2 or n.token_hash = $3) and n.expires_at > marquee_now()",
                    params![id, token_hash],
                )
                .await?;
            tx.commit().await?;
            row
        }
        Realm::Platform => {
            let tx = db.begin_platform(SESSION).await?;
            let row = tx
                .optional(
                    "select n.id as session_id, a.id, a.email, a.name, null::text as role
                     from platform_sessions n join platform_staff a on a.id = n.staff_id
                     where (n.id = $1 or n.token_hash = $2) and n.expires_at > marquee_now()",
                    params![id, token_hash],
                )
                .await?;
            tx.commit().await?;
            row
        }
    };
    Ok(row
        .map(|row| (row.session_id, Member { id: row.id, email: row.email, name: row.name, role: row.role })))
}

/// Ends the session with this refresh token, if there is one.
pub(crate) async fn close(db: &Db, realm: Realm, token_hash: [u8; 32]) -> Result<(), DbError> {
    match realm {
        Realm::Tenant(tenant) => {
            let tx = db.begin(tenant, SIGN_OUT).await?;
            tx.execute(
                "delete from staff_sessions where tenant_id = $1 and token_hash = $2",
                params![token_hash.to_vec()],
            )
            .await?;
            tx.commit().await
        }
        Realm::Platform => {
            let tx = db.begin_platform(SIGN_OUT).await?;
            tx.execute("delete from platform_sessions where token_hash = $1", params![token_hash.to_vec()])
                .await?;
            tx.commit().await
        }
    }
}
