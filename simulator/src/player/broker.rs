//! Publishes to a broker at QoS 1 and knows when all of it has arrived there. Reconnects for ever; loses nothing it was given.

use nightporter_simulator::Publish;
use rumqttc::{Client, Connection, Event, MqttOptions, Packet, QoS};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const QUEUE: usize = 1000;
const PACKET_BYTES_MAX: usize = 1 << 20;
const RETRY: Duration = Duration::from_secs(1);
const DRAIN_TURNS_MAX: u32 = 300;
const DRAIN_TURN: Duration = Duration::from_millis(100);

pub(crate) struct Broker {
    client: Client,
    sent: u64,
    acknowledged: Arc<AtomicU64>,
}

/// Host, port and user of `mqtt://[user@]host[:port]`; a password has no place on a command line.
type Address = (String, u16, Option<String>);

impl Broker {
    /// Connects in the background.
    pub(crate) fn connect(url: &str, client_id: &str, password: Option<String>) -> Result<Self, String> {
        let (host, port, user) = parse(url)?;
        let mut options = MqttOptions::new(client_id, host, port);
        options.set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX).set_keep_alive(Duration::from_secs(30));
        options.set_inflight(100);
        if let Some(user) = user {
            options.set_credentials(user, password.unwrap_or_default());
        }
        let (client, connection) = Client::new(options, QUEUE);
        let acknowledged = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&acknowledged);
        thread::spawn(move || poll(connection, &counter));
        Ok(Self { client, sent: 0, acknowledged })
    }

    /// Hands one message over; waits while too many are under way.
    pub(crate) fn publish(&mut self, message: Publish) -> Result<(), String> {
        self.sent += 1;
        let sent = self.client.publish(message.topic, QoS::AtLeastOnce, message.retain, message.payload);
        sent.map_err(|_| "the connection to the broker has ended".to_owned())
    }

    /// Waits until the broker has acknowledged everything, half a minute at most; whether it has.
    pub(crate) fn drain(&self) -> bool {
        for _ in 0..DRAIN_TURNS_MAX {
            if self.acknowledged.load(Ordering::Relaxed) >= self.sent {
                return true;
            }
            thread::sleep(DRAIN_TURN);
        }
        false
    }
}

fn poll(mut connection: Connection, acknowledged: &AtomicU64) {
    for event in connection.iter() {
        match event {
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) => {}
            Err(error) => {
                eprintln!("broker: {error}; trying again");
                thread::sleep(RETRY);
            }
        }
    }
}

fn parse(url: &str) -> Result<Address, String> {
    let rest = url.strip_prefix("mqtt://").ok_or_else(|| format!("{url}: only mqtt:// is spoken here"))?;
    let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password belongs into --password-file".to_owned());
    }
    let host = host.trim_end_matches('/');
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| format!("{url}: {port} is no port"))?),
        None => (host, 1883),
    };
    Ok((host.to_owned(), port, user.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (url, want) in [
            ("mqtt://hub", ("hub", 1883, None)),
            ("mqtt://127.0.0.1:2883/", ("127.0.0.1", 2883, None)),
            ("mqtt://sim@hub:1", ("hub", 1, Some("sim"))),
        ] {
            assert_eq!(parse(url), Ok((want.0.to_owned(), want.1, want.2.map(str::to_owned))), "{url}");
        }
        for wrong in ["mqtts://hub", "mqtt://hub:x", "mqtt://sim:secret@hub"] {
            assert!(parse(wrong).is_err_and(|error| !error.contains("secret")), "{wrong}");
        }
    }
}
