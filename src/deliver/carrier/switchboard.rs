//! Several carriers behind one trait: whoever has a request goes to the one that it names. It never chooses.
//!
//! It stands before a single carrier too: an attempt that was made by one that has since been taken out of the
//! configuration must not be asked about elsewhere, where nobody knows of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::{Carrier, CarrierError, CarrierMessage, Lookup, Outgoing, SendOutcome};
use crate::model::CarrierName;

/// What a message hears whose carrier is not here.
const GONE: &str = "the carrier of this message is no longer in the configuration";

/// Carriers by name.
#[derive(Default)]
pub struct Switchboard(BTreeMap<CarrierName, Arc<dyn Carrier>>);

impl Switchboard {
    /// With these carriers.
    pub fn new(carriers: impl IntoIterator<Item = (CarrierName, Arc<dyn Carrier>)>) -> Self {
        Self(carriers.into_iter().collect())
    }
}

fn gone() -> CarrierError {
    CarrierError::AccountFault { code: None, detail: GONE.to_owned() }
}

impl Carrier for Switchboard {
    fn named(&self, name: CarrierName) -> Option<&dyn Carrier> {
        self.0.get(&name).map(|carrier| &**carrier)
    }

    fn send<'a>(&'a self, _: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        ready(SendOutcome::AccountFault { code: None, detail: GONE.to_owned() }).boxed()
    }

    fn find<'a>(&'a self, _: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        ready(Err(gone())).boxed()
    }

    /// Whoever knows the id: of messages from before attempts were noted.
    fn fetch<'a>(&'a self, sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        async move {
            for carrier in self.0.values() {
                match carrier.fetch(sid).await {
                    Err(CarrierError::NotFound) => {}
                    answer => return answer,
                }
            }
            Err(CarrierError::NotFound)
        }
        .boxed()
    }

    /// All of them.
    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        async {
            for carrier in self.0.values() {
                carrier.ping().await?;
            }
            Ok(())
        }
        .boxed()
    }
}
