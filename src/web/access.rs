//! Who asks, and what they may see and do: tokens, roles, scopes, the page's session.
//!
//! A token is known by its SHA-256 alone and looked up anew with each request, so a revoked one is useless at once.
//! The cookie of the page opens reading only: a foreign site can make a browser send it, but never to change something.

use std::fmt::Write as _;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use sha2::{Digest, Sha256};

use super::AppState;
use super::origin::is_own_page;
use super::problem::Problem;
use super::server::Peer;
use crate::model::Timestamp;
use crate::model::{Recipient, Status, Ticket};
use crate::store::{HomeRow, Tx};

/// The cookie of the page's session.
pub const COOKIE: &str = "nightporter_session";
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 512;

/// What a token may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Operator,
    /// Everything of one region's properties.
    Region,
    /// Everything of one property.
    Manager,
    /// The jobs of one housekeeper.
    Housekeeper,
    /// Looking only; of one property, or of all.
    Reader,
    /// Their own home, as the page of their phone shows it, while they rent it.
    Tenant,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Operator, Self::Region, Self::Manager, Self::Housekeeper, Self::Reader, Self::Tenant];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Region => "region",
            Self::Manager => "manager",
            Self::Housekeeper => "housekeeper",
            Self::Reader => "reader",
            Self::Tenant => "tenant",
        }
    }

    /// What a scope of it names: `region`, `property`, `housekeeper` or `tenant`; nothing for who is not limited.
    pub fn scope(self) -> Option<&'static str> {
        match self {
            Self::Operator => None,
            Self::Region => Some("region"),
            Self::Manager | Self::Reader => Some("property"),
            Self::Housekeeper => Some("housekeeper"),
            Self::Tenant => Some("tenant"),
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See tickets, their moves, and that something changed.
    Tickets,
    /// See devices, messages, conversations, rewards, tasks, the rota, the rates and the board.
    Property,
    /// Open tickets and move them: accept, decline, arrive, expect, fail, wait, resume, resolve, note, turn valves; give
    /// away one's own shift.
    Work,
    /// Reassign, cancel, redeem, credit, release, answer tenants, finish tasks, give away anybody's shift, put a
    /// device in another's place.
    Lead,
    /// See the sums of the ledger: not for a part of the house.
    Ledger,
    /// See what could not be understood, raw payloads; adopt devices.
    Rejects,
    /// See one's own home, and say something there.
    Home,
}

/// The whole table of who may what.
pub fn allows(role: Role, right: Right) -> bool {
    match right {
        Right::Tickets => role != Role::Tenant,
        Right::Property => !matches!(role, Role::Housekeeper | Role::Tenant),
        Right::Work => !matches!(role, Role::Reader | Role::Tenant),
        Right::Lead => matches!(role, Role::Operator | Role::Region | Role::Manager),
        Right::Ledger => matches!(role, Role::Operator | Role::Reader),
        Right::Rejects => role == Role::Operator,
        Right::Home => role == Role::Tenant,
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the token is called.
    name: String,
    role: Role,
    /// The housekeeper, for that role.
    housekeeper: Option<String>,
    /// The tenancy, for a tenant.
    home: Option<Box<HomeRow>>,
    /// Which properties they see; all when absent.
    properties: Option<Vec<String>>,
}

impl Caller {
    /// A reader of everything: the page of the demo.
    fn anyone() -> Self {
        Self { name: "demo".to_owned(), role: Role::Reader, housekeeper: None, home: None, properties: None }
    }

    /// Goes on only with this right.
    pub fn need(&self, right: Right) -> Result<(), Problem> {
        if !allows(self.role, right) {
            let detail = format!("a token of role {} may not do this", self.role.as_str());
            return Err(Problem::forbidden(detail).mend("use a token of another role"));
        }
        if right == Right::Ledger && self.properties.is_some() {
            return Err(Problem::forbidden("the ledger is one for all: a token with a scope may not see its sums")
                .mend("use an operator's token, or a reader's without scope"));
        }
        Ok(())
    }

    /// How the audit trail names them.
    pub fn actor(&self) -> String {
        match &self.housekeeper {
            Some(id) => format!("housekeeper:{id}"),
            None => format!("user:{}", self.name),
        }
    }

    /// What they are.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The housekeeper who asks, if it is one.
    pub fn housekeeper(&self) -> Option<&str> {
        self.housekeeper.as_deref()
    }

    /// Where they live, if it is a tenant.
    pub fn home(&self) -> Option<&HomeRow> {
        self.home.as_deref()
    }

    /// Which properties they see; all when absent.
    pub fn properties(&self) -> Option<&[String]> {
        self.properties.as_deref()
    }

    /// Whether something of this property is theirs to see; what belongs nowhere is for those who see all.
    pub fn sees(&self, property: Option<&str>) -> bool {
        self.properties.as_ref().is_none_or(|own| property.is_some_and(|p| own.iter().any(|o| o == p)))
    }

    /// Whether they see a ticket: a housekeeper sees their own, and those that nobody has yet.
    pub fn sees_ticket(&self, ticket: &Ticket) -> bool {
        let theirs = self.housekeeper.as_ref().is_none_or(|me| {
            let free = matches!(ticket.status, Status::Open | Status::Offered);
            free || ticket.assignee.as_ref().is_some_and(|a| a.0 == *me)
        });
        theirs && self.sees(Some(ticket.property_id.as_str()))
    }

    /// Whether they are a housekeeper who was offered this job, also when somebody else has it by now.
    pub fn was_offered(&self, ticket: &Ticket) -> bool {
        let told = |me: &String| ticket.was_told(&Recipient::Housekeeper(me.clone()));
        self.housekeeper.as_ref().is_some_and(told) && self.sees(Some(ticket.property_id.as_str()))
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        if let Some(token) = bearer(&parts.headers)? {
            let caller = identify(app, token).await?;
            return caller.ok_or_else(|| Problem::unauthorized("this token is not known, or was revoked"));
        }
        let changes = parts.method != Method::GET;
        if changes && !is_own_page(&parts.headers, &app.base_url) {
            return Err(Problem::unauthorized(
                "changing something needs a token; a session only counts from the page itself",
            ));
        }
        if let Some(secret) = session(&parts.headers)
            && let Some(caller) = signed_in(app, secret).await?
        {
            return Ok(caller);
        }
        if !changes && is_open(app, parts) {
            Ok(Self::anyone())
        } else {
            Err(Problem::unauthorized("no token was sent"))
        }
    }
}

/// The token of the Authorization header, if there is one.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > TOKEN_BYTES_MAX {
        return Err(Problem::unauthorized("the Authorization header holds no bearer token"));
    }
    Ok(Some(token))
}

/// The secret of the page's session, if there is one: a session's own, or a token.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token).filter(|token| is_token(token))
}

/// Whether a text can be a token at all: what fits into a header and a cookie without quoting.
pub fn is_token(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    !text.is_empty() && text.len() <= TOKEN_BYTES_MAX && text.bytes().all(fits)
}

/// How tokens are kept: SHA-256 in lower-case hexadecimal.
pub fn token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Whom a token belongs to; nobody when it is unknown or revoked.
pub async fn identify(app: &AppState, token: &str) -> Result<Option<Caller>, Problem> {
    let mut tx = app.store.read().await?;
    let Some(row) = tx.token(&token_hash(token)).await? else { return Ok(None) };
    caller(&mut tx, row.name, &row.role, row.scope, app.clock.now()).await
}

/// Whom the secret of the page's session belongs to: a user, or the bearer of a token.
async fn signed_in(app: &AppState, secret: &str) -> Result<Option<Caller>, Problem> {
    let mut tx = app.store.read().await?;
    let Some(row) = tx.session(&token_hash(secret), app.clock.now()).await? else {
        drop(tx);
        return identify(app, secret).await;
    };
    caller(&mut tx, row.name, &row.role, row.scope, app.clock.now()).await
}

async fn caller(
    tx: &mut Tx,
    name: String,
    role: &str,
    scope: Option<String>,
    now: Timestamp,
) -> Result<Option<Caller>, Problem> {
    let Some(role) = Role::parse(role) else {
        tracing::warn!(role, "web.unknown_role");
        return Ok(None);
    };
    let properties = reach(tx, role, scope.as_deref()).await?;
    let home = match (role, &scope) {
        (Role::Tenant, Some(tenant)) => tx.home_of(tenant).await?.filter(|home| home.is_rented(now)).map(Box::new),
        _ => None,
    };
    if role == Role::Tenant && home.is_none() {
        // Who rents no longer is known no longer.
        return Ok(None);
    }
    let housekeeper = if role == Role::Housekeeper { scope } else { None };
    Ok(Some(Caller { name, role, housekeeper, home, properties }))
}

/// The properties that a role and its scope cover; all when absent. A role that needs a scope and has none covers nothing.
async fn reach(tx: &mut Tx, role: Role, scope: Option<&str>) -> Result<Option<Vec<String>>, Problem> {
    Ok(match (role, scope) {
        (Role::Operator, _) | (Role::Reader, None) => None,
        (_, None) | (Role::Tenant, _) => Some(Vec::new()),
        (Role::Manager | Role::Reader, Some(property)) => Some(vec![property.to_owned()]),
        (Role::Region, Some(region)) => Some(tx.properties_of_region(region).await?),
        (Role::Housekeeper, Some(id)) => Some(tx.properties_of_housekeeper(id).await?),
    })
}

/// Whether this request comes from this machine to a house that is open to it. The name it was called by must be a
/// loopback name too: a foreign page could otherwise have its own name point here and read along.
pub fn is_open(app: &AppState, parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>();
    let near = peer.is_some_and(|ConnectInfo(Peer(address))| address.ip().is_loopback());
    let host = parts.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |h| h.0);
    app.open_page && near && matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_sha_256_in_hexadecimal() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(token_hash("abc"), abc);
    }

    const RIGHTS: [Right; 7] =
        [Right::Tickets, Right::Property, Right::Work, Right::Lead, Right::Ledger, Right::Rejects, Right::Home];

    #[test]
    fn every_role_reads_its_word_and_the_operator_may_everything_but_live_there() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert!(RIGHTS.into_iter().all(|right| allows(Role::Operator, right) != (right == Right::Home)));
        let may = |role| RIGHTS.into_iter().filter(|right| allows(role, *right)).count();
        assert_eq!(Role::ALL.map(may), [6, 4, 4, 2, 3, 1]);
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        let cookies = "lang=en; nightporter_session=np_abc-1; x=y".parse().expect("a header");
        headers.insert(header::COOKIE, cookies);
        assert_eq!(session(&headers), Some("np_abc-1"));
        headers.insert(header::COOKIE, "nightporter_session=\"a b\"".parse().expect("a header"));
        assert_eq!(session(&headers), None);
    }
}
