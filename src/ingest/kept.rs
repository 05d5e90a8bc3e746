//! What the broker keeps (retained messages): read at every start, and when the broker has lost the session, by a
//! connection of its own that lives as long as that takes.
//!
//! A subscription that outlived the service is not given them again, and a shared one never is; without them a new
//! database would know no model until its gateway restarts. Asked for only once the session is subscribed, so that nothing falls
//! between the two. Must never take what is said live: that comes through the session, in order and acknowledged.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet};
use rumqttc::v5::{AsyncClient, Event};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::{Ingest, connect_options};

/// Messages on their way that are not acknowledged yet.
const RECEIVE_MAX: u16 = 1_000;
/// The subscription is all that waits for the socket.
const REQUESTS_MAX: usize = 16;
/// How long the broker may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Nothing kept came for this long: that was all.
const QUIET: Duration = Duration::from_secs(3);
/// The longest that reading may take; what is missing then waits for the next start.
const READING_MAX: Duration = Duration::from_secs(600);
/// Between two tries.
const RETRY: Duration = Duration::from_secs(15);

impl Ingest {
    /// Reads what is kept whenever there is reason to, until `stop`.
    pub async fn read_kept(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let reading = async {
            loop {
                self.unread.notified().await;
                while let Err(error) = timeout(READING_MAX, self.read_once()).await.unwrap_or(Ok(())) {
                    warn!(error, "ingest.kept_unread");
                    sleep(RETRY).await;
                }
            }
        };
        tokio::select! {
            () = reading => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn read_once(&self) -> Result<(), String> {
        let mut options = connect_options(&self.mqtt, format!("{}-kept", self.mqtt.client_id)).await?;
        options.set_clean_start(true).set_receive_maximum(Some(RECEIVE_MAX));
        let (client, mut events) = AsyncClient::new(options, REQUESTS_MAX);
        let topics = self.mqtt.subscriptions.iter().map(|s| &s.topic);
        let mut filters = Some(topics.map(|topic| Filter::new(topic, QoS::AtLeastOnce)).collect::<Vec<_>>());
        let (mut answered, mut messages) = (false, 0_u64);
        let mut patience = pin!(sleep(ANSWER_MAX));
        loop {
            let event = tokio::select! {
                event = events.poll() => event.map_err(|e| e.to_string())?,
                () = &mut patience => break,
            };
            match event {
                Event::Incoming(Packet::ConnAck(_)) => {
                    let subscribed = filters.take().is_some_and(|filters| client.try_subscribe_many(filters).is_ok());
                    if !subscribed {
                        return Err("it could not be asked for".to_owned());
                    }
                }
                Event::Incoming(Packet::SubAck(_)) => answered = true,
                Event::Incoming(Packet::Publish(publish)) if publish.retain => {
                    messages += 1;
                    let item = self.item(&publish);
                    let speaks = !item.causes.is_empty() || item.origin.is_some();
                    if speaks && self.door.bring(item).await.is_err() {
                        return Ok(());
                    }
                }
                _ => continue,
            }
            patience.set(sleep(if answered { QUIET } else { ANSWER_MAX }));
        }
        if !answered {
            return Err("the broker did not answer".to_owned());
        }
        info!(messages, "ingest.kept_read");
        Ok(())
    }
}
