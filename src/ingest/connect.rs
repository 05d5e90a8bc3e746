//! How to reach the broker: address, TLS, credentials, limits.

use std::time::Duration;

use rumqttc::v5::MqttOptions;
use rumqttc::{TlsConfiguration, Transport};

use super::RECEIVE_MAX;
use crate::config::Mqtt;
use crate::decode::PAYLOAD_BYTES_MAX;

/// Messages of our own on their way to the broker: few, and the client reserves 150 bytes for each.
const PUBLISHES_MAX: u16 = 16;
/// The broker keeps the session this long while the service is down: for ever.
const SESSION_EXPIRY_S: u32 = u32::MAX;
/// How long the service may be silent before the broker takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The largest packet that the broker may send; larger ones it drops by itself.
const PACKET_BYTES_MAX: u32 = 2 * 1024 * 1024;

/// Connection `n` of all: one that the broker remembers, and that acknowledges by hand.
pub(super) async fn options(mqtt: &Mqtt, n: usize) -> Result<MqttOptions, String> {
    let id = if mqtt.connections > 1 { format!("{}-{n}", mqtt.client_id) } else { mqtt.client_id.clone() };
    let mut options = connect_options(mqtt, id).await?;
    options
        .set_clean_start(false)
        .set_session_expiry_interval(Some(SESSION_EXPIRY_S))
        .set_receive_maximum(u16::try_from(RECEIVE_MAX / mqtt.connections.max(1)).ok())
        .set_manual_acks(true);
    Ok(options)
}

/// How to reach the broker under a client id: address, TLS, credentials.
pub async fn connect_options(mqtt: &Mqtt, client_id: String) -> Result<MqttOptions, String> {
    let mut options = MqttOptions::new(client_id, &mqtt.url.host, mqtt.url.port);
    options
        .set_outgoing_inflight_upper_limit(PUBLISHES_MAX)
        .set_max_packet_size(Some(PACKET_BYTES_MAX))
        .set_keep_alive(KEEP_ALIVE);
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    if let Some(username) = &mqtt.username {
        options.set_credentials(username, mqtt.password.as_ref().map_or("", |p| p.expose()));
    }
    if mqtt.url.tls {
        options.set_transport(Transport::tls_with_config(tls(mqtt).await?));
    }
    Ok(options)
}

async fn tls(mqtt: &Mqtt) -> Result<TlsConfiguration, String> {
    let read =
        async |path: &std::path::Path| tokio::fs::read(path).await.map_err(|e| format!("{}: {e}", path.display()));
    let Some(ca_file) = &mqtt.ca_file else { return Ok(TlsConfiguration::default()) };
    let client_auth = match (&mqtt.client_cert_file, &mqtt.client_key_file) {
        (Some(cert), Some(key)) => Some((read(cert).await?, read(key).await?)),
        _ => None,
    };
    Ok(TlsConfiguration::Simple { ca: read(ca_file).await?, alpn: None, client_auth })
}

const _: () = assert!(PACKET_BYTES_MAX as usize > PAYLOAD_BYTES_MAX);
