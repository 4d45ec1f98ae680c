//! The TLS handshake.

use super::{Failure, Progress, Step, of_io, tls_words};
use flyball_model::Cause;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

/// Whose signature a page's certificate needs.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Everybody whom this system trusts (`SSL_CERT_FILE` is honoured); where it has no list of its own, Mozilla's.
    System,
    /// These alone.
    Only(RootCertStore),
}

/// Makes TLS connections.
pub(crate) struct Tls {
    settings: Arc<ClientConfig>,
    /// The same for who speaks nothing over TLS, and so offers no protocol that the other side would have to know.
    bare: Arc<ClientConfig>,
}

impl Tls {
    /// With the certificates that are trusted.
    pub(crate) fn new(trust: Trust) -> Self {
        let roots = match trust {
            Trust::System => system_roots(),
            Trust::Only(roots) => roots,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut settings = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A resumed session does not show its certificate again, and an expired one would go unseen.
        settings.resumption = Resumption::disabled();
        let bare = Arc::new(settings.clone());
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self { settings: Arc::new(settings), bare }
    }

    /// Shakes hands with the host of this name, to speak HTTP.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
        host: &Host,
        progress: &mut Progress,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        self.connect(&self.settings, stream, host, progress).await
    }

    /// Shakes hands with the host of this name, and gives the certificate that it showed: one that is trusted, and for it.
    pub(crate) async fn certificate(
        &self,
        stream: TcpStream,
        host: &Host,
        progress: &mut Progress,
    ) -> Result<CertificateDer<'static>, Failure> {
        let stream = self.connect(&self.bare, stream, host, progress).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.map(|certificate| certificate.clone().into_owned());
        certificate
            .ok_or_else(|| Failure::failing(Cause::Tls, tls_words::words(&rustls::Error::NoCertificatesPresented)))
    }

    async fn connect(
        &self,
        settings: &Arc<ClientConfig>,
        stream: TcpStream,
        host: &Host,
        progress: &mut Progress,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        progress.enter(Step::Tls);
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.clone())
                .map_err(|_| Failure::failing(Cause::Tls, format!("no certificate can be for the name {name}")))?,
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(*address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(*address)),
        };
        let with = progress.peer.as_ref().map(|peer| format!("by {peer} in the TLS handshake")).unwrap_or_default();
        let connector = TlsConnector::from(Arc::clone(settings));
        connector.connect(name, stream).await.map_err(|error| match of_tls(&error) {
            Some(failure) => failure,
            None => of_io(&error, &with),
        })
    }
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    // A list may hold certificates that are no longer understood; the others are still good.
    let (added, _) = roots.add_parsable_certificates(native.certs);
    if added == 0 {
        tracing::warn!("this system has no list of trusted certificates; using the one that is built in");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// What an I/O error says of TLS, if it does.
pub(crate) fn of_tls(error: &io::Error) -> Option<Failure> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(Failure::failing(Cause::Tls, tls_words::words(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_always_roots_to_trust() {
        assert!(!system_roots().is_empty());
    }
}
