//! Listening: connections are bounded, and end with the engine.

use crate::house::House;
use crate::router::router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at once: some hundred people with several pages each. Who comes beyond waits in the system's queue.
const CONNECTIONS_MAX: usize = 1_000;

/// Serves on a listener until the house stops. That it cannot go on is told in the log.
pub async fn serve(house: Arc<House>, listener: TcpListener) {
    let stop = house.stop.clone();
    let bounded = Bounded { inner: listener, places: Arc::new(Semaphore::new(CONNECTIONS_MAX)) };
    let service = router(house).into_make_service_with_connect_info::<Peer>();
    let serving = axum::serve(bounded, service).with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = serving.await {
        tracing::error!(%error, "pages are not served any more");
    }
}

/// A listener whose connections have a bounded number of places.
pub(crate) struct Bounded {
    inner: TcpListener,
    places: Arc<Semaphore>,
}

/// A connection, and its place.
pub(crate) struct Placed {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Listener for Bounded {
    type Io = Placed;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Placed, SocketAddr) {
        let place = Arc::clone(&self.places).acquire_owned().await.expect("the places are never closed");
        // Of the standard listener: it waits a little where the process has no descriptors left.
        let (stream, address) = Listener::accept(&mut self.inner).await;
        // Events are small, and are to be seen at once.
        let _slower = stream.set_nodelay(true);
        (Placed { stream, _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl AsyncRead for Placed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
