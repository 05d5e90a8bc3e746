//! TLS in front of the built-in broker: each handshake in a task of its own, with a time-out, then bytes to and fro.
//!
//! The crate's own TLS listener waits for one handshake before it accepts the next connection, without a limit: one
//! client that connects and says nothing keeps every other out. Knows nothing of MQTT.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mqtt5::broker::tls_acceptor::{TlsAcceptorConfig, accept_tls_connection};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::{BrokerError, CLIENTS_MAX};

/// A client that has not finished its handshake by then is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// After an accept that failed (no file handle left, mostly), so that the next attempt is not at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Certificate and key of the broker, PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate and what leads to its authority.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// With it, every client must show a certificate that one of these signed.
    pub client_ca_file: Option<PathBuf>,
}

/// Accepts until dropped; then every connection through it ends too.
pub(super) struct Front {
    /// Where devices connect.
    pub(super) addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Front {
    /// Accepts TLS on `listen` and hands what is inside to `plain`.
    pub(super) async fn start(tls: &Tls, listen: SocketAddr, plain: SocketAddr) -> Result<Self, BrokerError> {
        // The first of the process wins; another one is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let acceptor =
            acceptor_config(tls).await?.build_acceptor().map_err(|error| unusable(&tls.cert_file, &error))?;
        let failed = |error| BrokerError::Listen(listen, error);
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let serve = move |stream, from| {
            let acceptor = acceptor.clone();
            async move {
                let handshake = accept_tls_connection(&acceptor, stream, from);
                let Ok(Ok(mut device)) = tokio::time::timeout(HANDSHAKE, handshake).await else { return };
                if let Ok(mut broker) = TcpStream::connect(plain).await {
                    copy_bidirectional(&mut device, &mut broker).await.ok();
                }
            }
        };
        Ok(Self { addr, task: tokio::spawn(accept(listener, serve)) })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves each connection in a task of its own, at most [`CLIENTS_MAX`]; one too many is closed.
async fn accept<S: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    serve: impl Fn(TcpStream, SocketAddr) -> S,
) {
    let mut served = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while served.try_join_next().is_some() {}
        match accepted {
            Ok((stream, from)) if served.len() < CLIENTS_MAX => {
                stream.set_nodelay(true).ok();
                served.spawn(serve(stream, from));
            }
            Ok(_) => {
                tracing::warn!(clients.max = CLIENTS_MAX, "built-in broker: too many TLS connections, one refused")
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn acceptor_config(tls: &Tls) -> Result<TlsAcceptorConfig, BrokerError> {
    let certificates = |file: PathBuf| async move {
        let loaded = TlsAcceptorConfig::load_cert_chain_from_file(&file).await;
        loaded.map_err(|error| unusable(&file, &error))
    };
    let key = TlsAcceptorConfig::load_private_key_from_file(&tls.key_file).await;
    let key = key.map_err(|error| unusable(&tls.key_file, &error))?;
    let config = TlsAcceptorConfig::new(certificates(tls.cert_file.clone()).await?, key);
    Ok(match tls.client_ca_file.clone() {
        Some(file) => config.with_client_ca_certs(certificates(file).await?).with_require_client_cert(true),
        None => config,
    })
}

fn unusable(file: &Path, error: &mqtt5::error::MqttError) -> BrokerError {
    BrokerError::Tls(format!("{}: {error}", file.display()))
}
