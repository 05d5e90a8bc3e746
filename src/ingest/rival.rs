//! Another client of the same name. A broker lets in one client of a name and ends the one before it, so two services with
//! one `mqtt.client_id` throw each other off for ever. It shows by connections that end soon, again and again.

use std::time::Duration;

use tracing::warn;

use crate::config::Mqtt;

/// A connection that lasted for so long was wanted by the broker.
const STEADY: Duration = Duration::from_secs(10);
/// So many in a row that did not are no accident.
const IN_A_ROW: u32 = 3;
/// Of so many one is told: at the longest wait between two connections one every five minutes.
const TOLD_EVERY: u32 = 60;

/// What one connection knows of it.
#[derive(Debug)]
pub(super) struct Rival {
    let_in_at: tokio::time::Instant,
    /// Connections in a row that ended soon.
    ended: u32,
}

impl Default for Rival {
    fn default() -> Self {
        Self { let_in_at: tokio::time::Instant::now(), ended: 0 }
    }
}

/// How a connection ended that had been let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It had lasted.
    Steady,
    /// Soon; that happens.
    Soon,
    /// Soon, as those before it: why, for a person.
    ByARival(String),
}

impl Rival {
    /// The broker has let the connection in.
    pub(super) fn let_in(&mut self) {
        self.let_in_at = tokio::time::Instant::now();
    }

    /// Connection `n` has ended; the first one tells.
    pub(super) fn ended(&mut self, mqtt: &Mqtt, (n, why): (usize, &str)) -> Ended {
        if self.let_in_at.elapsed() >= STEADY {
            self.ended = 0;
            return Ended::Steady;
        }
        self.ended += 1;
        if self.ended < IN_A_ROW {
            return Ended::Soon;
        }
        let client_id = &mqtt.client_id;
        let words = format!(
            "the broker ends each connection soon after it has let it in ({why}); most likely another service has the \
             mqtt.client_id \"{client_id}\" too: each needs one of its own"
        );
        if n == 0 && self.ended % TOLD_EVERY == IN_A_ROW {
            warn!(broker = %mqtt.url, client_id, why = words, "ingest.thrown_off");
        }
        Ended::ByARival(words)
    }
}
