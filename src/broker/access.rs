//! Who may connect to the built-in broker, under which client id, and which topics are theirs.
//!
//! A device speaks for itself only: a user with topics of its own can neither publish nor listen elsewhere, nor take a
//! client id that belongs to another user (taking over a session would empty its queue and speak its last will).
//! Never keeps a password (only its SHA-256) and never logs a name.

use std::future::{Future, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use mqtt5::broker::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use mqtt5::strip_shared_subscription_prefix;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::Secret;

/// How long a refused client waits for its answer: a bound on guessing.
const REFUSAL_DELAY: Duration = Duration::from_secs(1);

/// Someone who may log in: a device, a gateway, the service itself.
#[derive(Clone)]
pub struct User {
    name: String,
    password_sha256: [u8; 32],
    topics: Option<Vec<String>>,
}

impl User {
    /// A user for every topic and client id, such as the service itself.
    pub fn new(name: impl Into<String>, password: &Secret) -> Self {
        Self { name: name.into(), password_sha256: sha256(password.expose().as_bytes()), topics: None }
    }

    /// Publishes and listens under these topic filters only (`nightporter/v1/oak/lock-7/#`), and connects with a client id
    /// that is its name or begins with its name and one of `-_.`.
    #[must_use]
    pub fn only(self, topics: impl IntoIterator<Item = String>) -> Self {
        Self { topics: Some(topics.into_iter().collect()), ..self }
    }

    fn may(&self, topic_or_filter: &str) -> bool {
        let Some(topics) = &self.topics else { return true };
        topics.iter().any(|allowed| covers(allowed, topic_or_filter))
    }

    /// How much of the client id is this user's name; none when the id is not under the name.
    fn claims(&self, client_id: &str) -> Option<usize> {
        let rest = client_id.strip_prefix(self.name.as_str())?;
        (rest.is_empty() || rest.starts_with(['-', '_', '.'])).then_some(self.name.len())
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether everything that `filter` (a topic or a filter) can match is also matched by `allowed`.
fn covers(allowed: &str, filter: &str) -> bool {
    let mut levels = filter.split('/');
    for allowed_level in allowed.split('/') {
        if allowed_level == "#" {
            return true;
        }
        match levels.next() {
            Some("#") | None => return false,
            Some(level) if allowed_level == "+" || allowed_level == level => {}
            Some(_) => return false,
        }
    }
    levels.next().is_none()
}

/// The rule for all of them. No users: anyone may do anything.
pub(super) struct Access {
    users: Vec<User>,
}

impl Access {
    pub(super) fn new(users: Vec<User>) -> Self {
        Self { users }
    }

    fn admits(&self, connect: &ConnectPacket) -> AuthResult {
        if self.users.is_empty() {
            return AuthResult::success();
        }
        let name = connect.username.as_deref().unwrap_or_default();
        let offered = sha256(connect.password.as_deref().unwrap_or_default());
        let user = self.users.iter().find(|user| user.name == name);
        match user.filter(|user| bool::from(user.password_sha256.ct_eq(&offered))) {
            None => AuthResult::fail(ReasonCode::BadUsernameOrPassword),
            Some(user) if self.owns(user, &connect.client_id) => AuthResult::success_with_user(name),
            Some(_) => AuthResult::fail(ReasonCode::ClientIdentifierNotValid),
        }
    }

    /// The client id of a limited user is its own: under its name, and under no longer name of another's.
    fn owns(&self, user: &User, client_id: &str) -> bool {
        let closest = self.users.iter().filter_map(|other| other.claims(client_id)).max();
        user.topics.is_none() || (closest.is_some() && user.claims(client_id) == closest)
    }

    fn may(&self, user: Option<&str>, topic_or_filter: &str) -> bool {
        match user {
            None => self.users.is_empty(),
            Some(name) => self.users.iter().any(|user| user.name == name && user.may(topic_or_filter)),
        }
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AuthProvider for Access {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        _from: SocketAddr,
    ) -> Answer<'a, mqtt5::error::Result<AuthResult>> {
        Box::pin(async move {
            let result = self.admits(connect);
            if !result.authenticated {
                tokio::time::sleep(REFUSAL_DELAY).await;
            }
            Ok(result)
        })
    }

    fn authorize_publish<'a>(&'a self, _client: &str, user: Option<&'a str>, topic: &'a str) -> Answer<'a, bool> {
        Box::pin(ready(self.may(user, topic)))
    }

    fn authorize_subscribe<'a>(&'a self, _client: &str, user: Option<&'a str>, filter: &'a str) -> Answer<'a, bool> {
        Box::pin(ready(self.may(user, strip_shared_subscription_prefix(filter))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_covers_what_it_matches_and_no_more() {
        let check = |allowed: &str, filter: &str, expected: bool| {
            assert_eq!(covers(allowed, filter), expected, "{allowed} covers {filter}");
        };
        check("a/b", "a/b", true);
        check("a/b", "a/c", false);
        check("a/b", "a/b/c", false);
        check("a/b", "a", false);
        check("a/b/#", "a/b", true);
        check("a/b/#", "a/b/c/d", true);
        check("a/b/#", "a/b/#", true);
        check("a/b/#", "a/+/c", false);
        check("a/b/#", "a/#", false);
        check("a/b/#", "#", false);
        check("a/+/c", "a/x/c", true);
        check("a/+/c", "a/+/c", true);
        check("a/+/c", "a/#", false);
        check("a/+", "a/#", false);
    }

    fn connect(name: &str, password: &str, client_id: &str) -> ConnectPacket {
        let options = mqtt5::ConnectOptions::new(client_id).with_credentials(name, password);
        ConnectPacket::new(options.protocol_options)
    }

    fn house() -> Access {
        let user = |name: &str| User::new(name, &Secret::new(format!("{name}-password")));
        let lock = user("lock-7").only(["v1/oak/lock-7/#".to_owned()]);
        Access::new(vec![user("service"), lock, user("lock-7-hall").only([])])
    }

    #[test]
    fn a_client_id_belongs_to_the_user_it_is_named_after() {
        let check = |name: &str, client_id: &str, expected: bool| {
            let admitted = house().admits(&connect(name, &format!("{name}-password"), client_id));
            assert_eq!(admitted.authenticated, expected, "{name} as {client_id}");
        };
        check("service", "anything", true);
        check("lock-7", "lock-7", true);
        check("lock-7", "lock-7-1", true);
        check("lock-7", "lock-7-hall", false);
        check("lock-7", "lock-70", false);
        check("lock-7", "service", false);
        check("lock-7-hall", "lock-7", false);
    }

    #[test]
    fn a_wrong_or_missing_password_is_refused() {
        let check = |name: &str, password: &str| {
            let refused = house().admits(&connect(name, password, name));
            assert_eq!(refused.reason_code, ReasonCode::BadUsernameOrPassword, "{name} {password}");
        };
        check("lock-7", "service-password");
        check("lock-7", "");
        check("stranger", "");
        check("", "");
    }

    #[test]
    fn a_limited_user_keeps_to_its_topics() {
        let house = house();
        assert!(house.may(Some("lock-7"), "v1/oak/lock-7/telemetry"));
        assert!(!house.may(Some("lock-7"), "v1/oak/lock-8/telemetry"));
        assert!(!house.may(Some("lock-7-hall"), "v1/oak/lock-7-hall/telemetry"));
        assert!(house.may(Some("service"), "#"));
        assert!(!house.may(None, "v1/oak/lock-7/telemetry"));
        assert!(Access::new(Vec::new()).may(None, "#"));
    }
}
