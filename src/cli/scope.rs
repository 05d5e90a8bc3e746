//! Roles and what they are limited to, as `token` and `user` take them: checked against the registry before anything is stored.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::Failure;
use crate::config::nearest;
use crate::store::Tx;
use crate::web::{NAME_CHARS_MAX, Role, is_name};

/// How many known ids an error names.
const NAMED_MAX: usize = 10;

/// A role on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RoleArg(pub(super) Role);

impl ValueEnum for RoleArg {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [RoleArg; Role::ALL.len()] = [
            RoleArg(Role::Operator),
            RoleArg(Role::Region),
            RoleArg(Role::Manager),
            RoleArg(Role::Housekeeper),
            RoleArg(Role::Reader),
            RoleArg(Role::Tenant),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self.0 {
            Role::Operator => "Everything, everywhere",
            Role::Region => "One region: --scope REGION",
            Role::Manager => "One property: --scope PROPERTY",
            Role::Housekeeper => "The jobs of one housekeeper: --scope HOUSEKEEPER",
            Role::Reader => "Reads only; everywhere, or one property: --scope PROPERTY",
            Role::Tenant => "The page of one tenant's home, while they rent it: --scope TENANT",
        };
        Some(PossibleValue::new(self.0.as_str()).help(help))
    }
}

/// A name that somebody can be called by.
pub(super) fn name(name: &str) -> Result<(), Failure> {
    let wrong = || Failure::Usage(format!("--name needs 1 to {NAME_CHARS_MAX} characters without blanks around them"));
    if is_name(name) { Ok(()) } else { Err(wrong()) }
}

/// A role has a scope exactly where it needs one.
pub(super) fn needed(role: Role, scope: Option<&str>) -> Result<(), Failure> {
    let wrong = match (role.scope(), scope) {
        (None, Some(_)) => format!("an {} is not limited: leave --scope out", role.as_str()),
        (Some(kind), None) if role != Role::Reader => {
            format!("--role {} needs --scope {}", role.as_str(), kind.to_uppercase())
        }
        _ => return Ok(()),
    };
    Err(Failure::Usage(wrong))
}

/// The scope stands in the registry.
pub(super) async fn known(tx: &mut Tx, role: Role, scope: Option<&str>) -> Result<(), Failure> {
    let (Some(kind), Some(scope)) = (role.scope(), scope) else { return Ok(()) };
    let known = tx.scopes(kind).await?;
    if known.iter().any(|id| id == scope) {
        return Ok(());
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mend = match nearest(scope, &known) {
        _ if known.is_empty() => format!("the registry holds no {kind} yet: see `nightporter import`"),
        Some(near) => format!("did you mean \"{near}\"? {}", list(&known)),
        None => list(&known),
    };
    Err(Failure::Failed(format!("--scope: there is no {kind} \"{scope}\"; {mend}")))
}

/// The first of them, and how many there are besides.
fn list(known: &[&str]) -> String {
    let shown = known[..known.len().min(NAMED_MAX)].join(", ");
    match known.len().saturating_sub(NAMED_MAX) {
        0 => format!("known: {shown}"),
        more => format!("known: {shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_can_be_asked_for() {
        let words: Vec<_> = RoleArg::value_variants().iter().map(|role| role.0).collect();
        assert_eq!(words, Role::ALL);
    }

    #[test]
    fn a_long_list_is_cut() {
        let known: Vec<String> = (0..12).map(|n| format!("p{n:02}")).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        assert!(list(&known).ends_with("p09 and 2 more"));
        assert_eq!(list(&known[..2]), "known: p00, p01");
    }
}
