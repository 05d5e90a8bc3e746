//! Passwords: kept as Argon2id hashes, compared in the same time whether or not there is anything to compare with.
//!
//! Work is bounded: a comparison takes 19 MB and some tens of milliseconds, so only a few run at once.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::config::Secret;

/// The shortest password that is taken, in characters (NIST SP 800-63B asks for at least 8).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// The longest password that is looked at, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Comparisons at once.
const COMPARISONS_MAX: usize = 2;

/// The hash of nobody's password, with the same cost as every other.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Argon2id in PHC form, with a salt of its own: m = 19 MiB, t = 2, p = 1 (the OWASP minimum).
pub fn hash(password: &str) -> Result<Secret, password_hash::Error> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(Secret::new(hash.to_string()))
}

/// Compares passwords, a few at a time.
#[derive(Debug)]
pub struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(COMPARISONS_MAX))
    }
}

impl Passwords {
    /// Whether this is the password of the hash. Without a hash it takes as long and is false.
    pub async fn are_same(&self, password: String, hash: Option<Secret>) -> bool {
        let _turn = self.0.acquire().await.expect("the semaphore is never closed");
        let compared = tokio::task::spawn_blocking(move || compare(&password, hash.as_ref()));
        compared.await.unwrap_or(false)
    }
}

fn compare(password: &str, hash: Option<&Secret>) -> bool {
    let kept = hash.map_or(NOBODY, Secret::expose);
    let Ok(kept) = PasswordHash::new(kept) else {
        tracing::warn!("web.unreadable_hash");
        return false;
    };
    let same = Argon2::default().verify_password(password.as_bytes(), &kept).is_ok();
    same && hash.is_some() && password.len() <= PASSWORD_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let (one, other) = (hash("correct horse").expect("hashed"), hash("correct horse").expect("hashed"));
        assert_ne!(one.expose(), other.expose(), "each has a salt of its own");
        assert!(one.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "the cost of nobody's hash");
        assert!(compare("correct horse", Some(&one)) && !compare("correct horsf", Some(&one)));
        assert!(!compare("correct horse", None) && !compare("", None));
        assert!(PasswordHash::new(NOBODY).is_ok(), "nobody's hash is compared like any other");
    }
}
