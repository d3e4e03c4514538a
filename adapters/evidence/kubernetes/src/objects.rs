//! Lists a kind page by page into objects.
//!
//! Must never hold more than one page as text, nor take half a list for the whole: what is missing is said in `gaps`.
//! Start at [`list`].

use std::hash::{DefaultHasher, Hasher as _};

use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::Object;
use midwatch_diagnosis::kube::list::{Listing, read_list};
use midwatch_diagnosis::probe::ReadFailure;

use crate::call::{Ask, Caller, Page};
use crate::failure::Failure;
use crate::page;
use crate::resource::Resource;
use crate::secrets;

/// Objects of a page: kubectl's own figure.
pub(crate) const PER_PAGE: u32 = 500;

/// Bytes of one page: 500 objects of etcd's largest size would be far more, but no list of a real cluster is near this.
pub(crate) const PAGE_CAP: usize = 64 * 1024 * 1024;

/// Pages of one list: 100,000 objects.
const PAGES: usize = 200;

/// What a list gave; shared between those who asked the same.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    /// The objects, in the server's order.
    pub(crate) items: Vec<Object>,
    /// Bytes that were read.
    pub(crate) bytes: u64,
    /// A digest of what was read.
    pub(crate) digest: u64,
    /// What is missing, for a person.
    pub(crate) gaps: Vec<String>,
}

/// What to list, and within which bounds.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The kind.
    pub(crate) kind: Kind,
    /// Where it is served.
    pub(crate) resource: Resource,
    /// The namespace, or everywhere.
    pub(crate) namespace: Option<String>,
    /// Bytes over all pages.
    pub(crate) max_bytes: u64,
}

impl Wanted {
    fn ask(&self, next: Option<&str>) -> Ask {
        let path = self.resource.list_path(self.namespace.as_deref());
        let mut ask = Ask::json(page::target(&path, PER_PAGE, next));
        if self.kind == Kind::Secret {
            ask.accept = crate::readonly::AS_TABLE;
        }
        ask
    }

    fn name(&self) -> String {
        let place = self.namespace.as_ref().map(|ns| format!(" in {ns}")).unwrap_or_default();
        format!("{}{place}", self.resource.plural)
    }
}

/// Lists a kind. A continue token that became too old starts the list once more from the beginning.
pub(crate) async fn list(caller: &Caller, wanted: &Wanted) -> Result<Objects, Failure> {
    match pages(caller, wanted).await {
        Ok((objects, Some(failure))) if failure.is_expired() => {
            tracing::debug!(list = wanted.name(), "the list became too old half-way and is read again");
            let again = pages(caller, wanted).await;
            // The second run may break, too: then what the first one saw is better than nothing.
            Ok(finish(wanted, again.unwrap_or((objects, Some(failure)))))
        }
        other => other.map(|read| finish(wanted, read)),
    }
}

fn finish(wanted: &Wanted, (mut objects, failure): (Objects, Option<Failure>)) -> Objects {
    if let Some(failure) = failure {
        let why = failure.of_list();
        objects.gaps.push(format!("{}: only the first {} could be read ({why})", wanted.name(), objects.items.len()));
    }
    objects
}

/// Reads pages until the last one, or until one fails after there was something.
async fn pages(caller: &Caller, wanted: &Wanted) -> Result<(Objects, Option<Failure>), Failure> {
    let mut all = Objects::default();
    let mut hasher = DefaultHasher::new();
    let mut next: Option<String> = None;
    for number in 0..PAGES {
        let page = match caller.page(&wanted.ask(next.as_deref()), PAGE_CAP).await {
            Ok(page) => page,
            Err(failure) if number == 0 => return Err(failure),
            Err(failure) => return Ok((closed(all, &hasher), Some(failure))),
        };
        let cut = page.cut.clone();
        all.bytes += page.body.len() as u64;
        let read = decode(page, wanted.kind.clone()).await?;
        hasher.write_u64(read.digest);
        all.items.extend(read.listing.objects);
        all.gaps.extend(read.listing.problems.into_iter().map(|p| format!("{}: {p}", wanted.name())));
        if read.listing.more_problems > 0 {
            all.gaps.push(format!("{}: {} more problems like these", wanted.name(), read.listing.more_problems));
        }
        if let Some(why) = cut {
            let nothing = all.items.is_empty();
            let failure = Failure::Unusable(format!("the answer broke off: {why}"));
            return if nothing { Err(failure) } else { Ok((closed(all, &hasher), Some(failure))) };
        }
        next = read.next;
        if next.is_none() {
            return Ok((closed(all, &hasher), None));
        }
        if all.bytes > wanted.max_bytes {
            break;
        }
    }
    let failure = Failure::Unusable("there are more than one investigation reads".to_owned());
    Ok((closed(all, &hasher), Some(failure)))
}

fn closed(mut all: Objects, hasher: &DefaultHasher) -> Objects {
    all.digest = hasher.finish();
    all
}

/// What one page holds.
struct Decoded {
    listing: Listing,
    next: Option<String>,
    digest: u64,
}

/// Decodes a page on a thread that may be busy: a large one takes tens of milliseconds.
async fn decode(page: Page, kind: Kind) -> Result<Decoded, Failure> {
    let work = move || {
        let (next, digest) = page::head(&page.body);
        let listing = if kind == Kind::Secret { secrets::read(&page.body) } else { read_list(&page.body, Some(&kind)) };
        Decoded { listing: whole(listing, &kind), next, digest }
    };
    let decoded = tokio::task::spawn_blocking(work).await;
    decoded.map_err(|_| Failure::Unusable("reading the answer failed inside the reader".to_owned()))
}

/// Only objects of the kind that was asked: a proxy that answers with something else must not slip it in.
fn whole(mut listing: Listing, kind: &Kind) -> Listing {
    let before = listing.objects.len();
    listing.objects.retain(|object| object.kind() == *kind);
    let other = before - listing.objects.len();
    if other > 0 {
        listing.problem(format!("{other} objects in the answer are of another kind"));
    }
    listing
}

/// Puts the lists of several namespaces together; fails when not one of them could be read.
pub(crate) fn join(parts: Vec<(String, Result<std::sync::Arc<Objects>, ReadFailure>)>) -> Result<Objects, ReadFailure> {
    let mut all = Objects::default();
    let mut hasher = DefaultHasher::new();
    let mut failed = None;
    let mut read = 0;
    for (namespace, part) in parts {
        match part {
            Ok(part) => {
                read += 1;
                all.items.extend(part.items.iter().cloned());
                all.bytes += part.bytes;
                all.gaps.extend(part.gaps.iter().cloned());
                hasher.write_u64(part.digest);
            }
            Err(failure) => {
                all.gaps.push(format!("namespace {namespace}: {failure}"));
                failed = Some(failure);
            }
        }
    }
    all.digest = hasher.finish();
    if read == 0 { Err(failed.unwrap_or(ReadFailure::NotServed)) } else { Ok(all) }
}
