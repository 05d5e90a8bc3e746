//! The built-in broker keeps what an MQTT broker promises, for a client that was not written for it.

mod access;
pub mod client;
mod delivery;
mod mosquitto;
mod restart;

use nightporter::broker::{Broker, BrokerOptions, RunningBroker};

async fn start(options: BrokerOptions) -> RunningBroker {
    Broker::start(options).await.expect("the broker starts")
}
