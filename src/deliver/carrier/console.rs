//! The carrier of the demo and of houses without one: hands each text to a function, usually one that prints it.
//!
//! It remembers what it took, within a limit, so that questions about it can be answered. It never touches the network.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::{Calling, Carrier, CarrierError, CarrierMessage, FIND_SLACK_MS, Lookup, Outgoing, SendOutcome};
use crate::clock::Clock;
use crate::model::{E164, MessageStatus};

/// So many texts are remembered; the oldest is forgotten first.
pub const REMEMBERED_MAX: usize = 1_000;

type Sink = dyn Fn(&Outgoing<'_>) -> io::Result<()> + Send + Sync;

/// Prints texts instead of sending them.
pub struct Console {
    sink: Box<Sink>,
    clock: Clock,
    taken: Mutex<VecDeque<Taken>>,
    /// Why the last text could not be handed over, if so.
    broken: Mutex<Option<String>>,
}

struct Taken {
    to: E164,
    body: String,
    message: CarrierMessage,
}

impl Console {
    /// Hands every text to `sink`, in the order of the calls.
    pub fn new(clock: Clock, sink: impl Fn(&Outgoing<'_>) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self { sink: Box::new(sink), clock, taken: Mutex::default(), broken: Mutex::default() }
    }

    /// Who reads the terminal has it: accepted is delivered here. What cannot be printed was not sent.
    fn take(&self, text: &Outgoing<'_>) -> SendOutcome {
        let printed = (self.sink)(text).map_err(|e| format!("the text could not be printed: {e}"));
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = printed.clone().err();
        match printed {
            Ok(()) => self.remember(text),
            Err(detail) => SendOutcome::NotSent { detail },
        }
    }

    fn remember(&self, text: &Outgoing<'_>) -> SendOutcome {
        let now = self.clock.now();
        let message = CarrierMessage {
            sid: format!("console-{}", text.attempt),
            status: MessageStatus::Delivered,
            error_code: None,
            error: None,
            segments: None,
            created_at: Some(now),
            sent_at: Some(now),
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() == REMEMBERED_MAX {
            taken.pop_front();
        }
        taken.push_back(Taken { to: text.to.clone(), body: text.body.to_owned(), message: message.clone() });
        SendOutcome::Accepted { sid: message.sid, status: message.status, segments: message.segments }
    }

    fn remembered(&self, wanted: impl Fn(&Taken) -> bool) -> Vec<CarrierMessage> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().filter(|one| wanted(one)).map(|one| one.message.clone()).collect()
    }
}

impl Carrier for Console {
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        ready(self.take(&text)).boxed()
    }

    fn find<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        let earliest = lookup.since - FIND_SLACK_MS;
        let found = self.remembered(|one| {
            one.to == *lookup.to && one.body == lookup.body && one.message.created_at >= Some(earliest)
        });
        ready(Ok(found)).boxed()
    }

    /// A call is printed like a text, with a telephone before it; nobody can press a key here.
    fn call<'a>(&'a self, call: Calling<'a>) -> BoxFuture<'a, SendOutcome> {
        let spoken = format!("\u{260e} {}", call.body);
        let text = Outgoing {
            attempt: call.attempt,
            to: call.to,
            body: &spoken,
            template: "",
            locale: call.locale,
            valid_for_s: 60,
        };
        ready(self.take(&text)).boxed()
    }

    fn fetch<'a>(&'a self, sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        ready(self.remembered(|one| one.message.sid == sid).pop().ok_or(CarrierError::NotFound)).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ready(broken.map_or(Ok(()), |why| Err(CarrierError::Unreachable(why)))).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Locale, Timestamp};

    fn text<'a>(attempt: &'a str, to: &'a E164, body: &'a str) -> Outgoing<'a> {
        Outgoing { attempt, to, body, template: "leak_tenant", locale: Locale::ZhCn, valid_for_s: 60 }
    }

    fn number() -> E164 {
        E164::parse("+8613800138000").expect("a number")
    }

    #[tokio::test]
    async fn prints_remembers_and_answers() {
        let printed = Arc::new(Mutex::new(Vec::new()));
        let sink = {
            let printed = printed.clone();
            move |text: &Outgoing<'_>| {
                printed.lock().expect("lock").push(text.body.to_owned());
                Ok(())
            }
        };
        let console = Console::new(Clock::manual(Timestamp(100_000)), sink);
        let to = number();
        let outcome = console.send(text("a1", &to, "漏水")).await;
        assert!(
            matches!(outcome, SendOutcome::Accepted { ref sid, status: MessageStatus::Delivered, .. } if sid == "console-a1")
        );
        assert_eq!(*printed.lock().expect("lock"), ["漏水"]);
        let find = async |body, since| {
            console
                .find(Lookup { attempt: "a.1", to: &to, body, since: Timestamp(since) })
                .await
                .expect("an answer")
                .len()
        };
        assert_eq!((find("漏水", 160_000).await, find("漏水", 160_001).await, find("漏", 0).await), (1, 0, 0));
        assert_eq!(console.fetch("console-a1").await.expect("known").sid, "console-a1");
        assert_eq!(console.fetch("console-a2").await, Err(CarrierError::NotFound));
        assert_eq!(console.ping().await, Ok(()));
    }

    #[tokio::test]
    async fn what_nobody_takes_was_not_sent_and_can_be_sent_again() {
        let full = Arc::new(Mutex::new(true));
        let sink = {
            let full = full.clone();
            move |_: &Outgoing<'_>| {
                if *full.lock().expect("lock") { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
            }
        };
        let console = Console::new(Clock::manual(Timestamp(0)), sink);
        let to = number();
        assert!(matches!(console.send(text("a1", &to, "x")).await, SendOutcome::NotSent { .. }));
        assert_eq!(console.fetch("console-a1").await, Err(CarrierError::NotFound));
        assert!(matches!(console.ping().await, Err(CarrierError::Unreachable(_))));
        *full.lock().expect("lock") = false;
        assert!(matches!(console.send(text("a2", &to, "x")).await, SendOutcome::Accepted { .. }));
        assert_eq!(console.ping().await, Ok(()));
    }

    #[tokio::test]
    async fn forgets_the_oldest_beyond_its_limit() {
        let console = Console::new(Clock::manual(Timestamp(0)), |_| Ok(()));
        let to = number();
        for n in 0..=REMEMBERED_MAX {
            console.send(text(&n.to_string(), &to, "x")).await;
        }
        assert_eq!(console.fetch("console-0").await, Err(CarrierError::NotFound));
        let found =
            console.find(Lookup { attempt: "a.1", to: &to, body: "x", since: Timestamp(0) }).await.expect("an answer");
        assert_eq!(found.len(), REMEMBERED_MAX);
    }
}
