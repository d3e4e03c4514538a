//! One request to the API server: a permit, a time limit, retries; and its body, piece by piece.
//!
//! Must never have more requests under way than there are permits: a permit is held until the body is read or dropped.
//! Must never wait past a time limit, whoever asked for the wait. Start at [`Caller::page`] and [`Caller::open`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::failure::Failure;

/// Tries of one request, the first included.
const TRIES: u32 = 3;

/// The wait before the second try; it doubles.
const BACK_OFF: Duration = Duration::from_millis(200);

/// Bytes of a refusal's body that are read.
const REFUSAL_CAP: usize = 64 * 1024;

/// How long a request may wait for a permit before it counts as not answered.
const QUEUE_FOR: Duration = Duration::from_mins(1);

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Path and query.
    pub(crate) target: String,
    /// The form of the answer.
    pub(crate) accept: &'static str,
    /// A question about one's own permissions, as JSON.
    pub(crate) post: Option<Vec<u8>>,
}

impl Ask {
    /// A read of JSON.
    pub(crate) fn json(target: String) -> Self {
        Self { target, accept: "application/json", post: None }
    }
}

/// Makes requests within the bounds of one cluster. Clones share the bounds.
#[derive(Clone)]
pub(crate) struct Caller {
    client: kube::Client,
    permits: Arc<Semaphore>,
    within: Duration,
}

/// An answer whose body was read as far as it came.
#[derive(Debug)]
pub(crate) struct Page {
    /// The body.
    pub(crate) body: Vec<u8>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// Why the body is not whole, if it is not.
    pub(crate) cut: Option<String>,
}

/// The tries and the time that are left for one answer.
#[derive(Debug)]
pub(crate) struct Attempts {
    made: u32,
    until: Instant,
}

/// An answer whose body is still to be read.
pub(crate) struct Opened {
    headers: HeaderMap,
    body: Body,
    until: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Caller {
    pub(crate) fn new(client: kube::Client, parallel: usize, within: Duration) -> Self {
        Self { client, permits: Arc::new(Semaphore::new(parallel.max(1))), within }
    }

    /// Gets one answer as a whole, at most `cap` bytes of it. What breaks is tried again; what stays broken half-way is
    /// handed out with the reason.
    pub(crate) async fn page(&self, ask: &Ask, cap: usize) -> Result<Page, Failure> {
        let mut attempts = self.attempts();
        loop {
            let mut opened = self.open_within(ask, &mut attempts).await?;
            let mut body = Vec::new();
            let cut = loop {
                match opened.next().await {
                    Ok(Some(piece)) if body.len() + piece.len() > cap => {
                        break Some(Failure::Unusable(format!("the answer has more than {cap} bytes")));
                    }
                    Ok(Some(piece)) => body.extend_from_slice(&piece),
                    Ok(None) => break None,
                    Err(failure) => break Some(failure),
                }
            };
            let headers = std::mem::take(&mut opened.headers);
            drop(opened);
            let Some(failure) = cut else { return Ok(Page { body, headers, cut: None }) };
            if !(failure.is_transient() && attempts.again(&failure).await) {
                return Ok(Page { body, headers, cut: Some(failure.of_list().to_string()) });
            }
        }
    }

    /// Opens an answer; its body is to be read by the caller, within what is left of the time.
    pub(crate) async fn open(&self, ask: &Ask) -> Result<Opened, Failure> {
        self.open_within(ask, &mut self.attempts()).await
    }

    fn attempts(&self) -> Attempts {
        Attempts { made: 1, until: Instant::now() + self.within }
    }

    async fn open_within(&self, ask: &Ask, attempts: &mut Attempts) -> Result<Opened, Failure> {
        loop {
            let waited = Instant::now();
            let permit = self.permit().await?;
            // Waiting for others is not the server's slowness.
            attempts.until += waited.elapsed();
            match self.send(ask, permit, attempts.until).await {
                Ok(opened) => return Ok(opened),
                Err(failure) if failure.is_transient() && attempts.again(&failure).await => {
                    tracing::debug!(path = path(&ask.target), ?failure, "tried again");
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(QUEUE_FOR, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(Failure::Unusable("the connection is closed".to_owned())),
            Err(_) => Err(Failure::TimedOut("other requests to the cluster were under way all the time".to_owned())),
        }
    }

    async fn send(&self, ask: &Ask, permit: OwnedSemaphorePermit, until: Instant) -> Result<Opened, Failure> {
        let request = request(ask)?;
        let answer = timeout_at(until, self.client.send(request)).await;
        let answer = answer.map_err(|_| Failure::TimedOut(self.slow()))?;
        let (parts, body) = answer.map_err(|error| Failure::of_error(&error)).map(Response::into_parts)?;
        let mut opened = Opened { headers: parts.headers, body, until, _permit: permit };
        if parts.status.is_success() {
            return Ok(opened);
        }
        let mut words = Vec::new();
        // A refusal that breaks off still is one.
        while let Ok(Some(piece)) = opened.next().await {
            words.extend_from_slice(&piece);
            if words.len() > REFUSAL_CAP {
                break;
            }
        }
        Err(Failure::of_status(parts.status.as_u16(), &words, retry_after(&opened.headers)))
    }

    fn slow(&self) -> String {
        format!("the API server did not answer within {} s", self.within.as_secs_f32())
    }
}

impl Opened {
    /// The next piece of the body; none at its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = timeout_at(self.until, self.body.frame()).await;
            let frame = frame.map_err(|_| Failure::TimedOut("the answer stopped before its end".to_owned()))?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(Failure::of_error(&error)),
                // Trailers are no data.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

impl Attempts {
    /// Waits before another try; false when there is none left, or no time for it.
    async fn again(&mut self, failure: &Failure) -> bool {
        let wait = failure.retry_after().unwrap_or(BACK_OFF * 2_u32.pow(self.made - 1));
        if self.made >= TRIES || Instant::now() + wait >= self.until {
            return false;
        }
        self.made += 1;
        tokio::time::sleep(wait).await;
        true
    }
}

fn request(ask: &Ask) -> Result<Request<Body>, Failure> {
    let method = if ask.post.is_some() { Method::POST } else { Method::GET };
    let mut builder = Request::builder().method(method).uri(&ask.target).header(ACCEPT, ask.accept);
    if ask.post.is_some() {
        builder = builder.header(CONTENT_TYPE, "application/json");
    }
    let body = ask.post.clone().map_or_else(Body::empty, Body::from);
    builder.body(body).map_err(|error| Failure::Unusable(format!("no such address: {error}")))
}

/// `Retry-After` in seconds; the API server writes no dates.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// When the server wrote its answer, by its own clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}
