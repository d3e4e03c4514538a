//! What the deliveries of a round see, and what they leave behind for the next one and for the commit. Pure.
//!
//! Must never let two writes of a round be about the same incident or the same message: the last one is all there is.
//! Start at [`Known::absorb`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::compose::Facts;
use crate::id::{IncidentId, PostKey};
use crate::incident::{Incident, IncidentState};
use crate::living::{self, Seen};
use crate::port::store::Write;

/// The incidents of a round, and what is to be written.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those that are not closed.
    incidents: BTreeMap<IncidentId, Arc<Incident>>,
    /// Which of them holds a key.
    holders: HashMap<String, IncidentId>,
    changed: BTreeSet<IncidentId>,
    closed: Vec<Write>,
    writes: Vec<Write>,
    posts: HashMap<PostKey, usize>,
}

impl Known {
    /// With what the store has.
    pub(super) fn new(found: Vec<Incident>) -> Self {
        let mut known = Self::default();
        for incident in found {
            known.put(incident);
        }
        known
    }

    /// The incidents that hold any of these keys, oldest first.
    pub(super) fn of(&self, keys: &[String]) -> Vec<Arc<Incident>> {
        let ids: BTreeSet<&IncidentId> = keys.iter().filter_map(|key| self.holders.get(key)).collect();
        ids.into_iter().filter_map(|id| self.incidents.get(id)).map(Arc::clone).collect()
    }

    /// Takes what one delivery writes; the next one sees it.
    pub(super) fn absorb(&mut self, writes: Vec<Write>, facts: &mut Facts) {
        for write in writes {
            match write {
                Write::Incident(incident) if matches!(incident.state, IncidentState::Closed(_)) => {
                    self.incidents.remove(&incident.id);
                    self.holders.retain(|_, holder| *holder != incident.id);
                    self.closed.push(Write::Incident(incident));
                }
                Write::Incident(incident) => {
                    self.changed.insert(incident.id);
                    self.put(*incident);
                }
                // What was read is written once, at the first change of it: the condition of that one counts.
                Write::IfPost { key, .. } if self.posts.contains_key(&key) => {}
                Write::Post(post) => {
                    if post.key == living::key(post.thread) {
                        let revision = facts.living.get(&post.thread).and_then(|seen| seen.revision);
                        let seen = Seen { thread: post.thread, revision, body: post.body.clone() };
                        facts.living.insert(post.thread, seen);
                    }
                    let at = *self.posts.entry(post.key.clone()).or_insert(self.writes.len());
                    match self.writes.get_mut(at) {
                        Some(earlier) => *earlier = Write::Post(post),
                        None => self.writes.push(Write::Post(post)),
                    }
                }
                Write::Enqueue { job, bound } => {
                    facts.live.insert(job.id);
                    facts.load.pending += 1;
                    self.writes.push(Write::Enqueue { job, bound });
                }
                other => self.writes.push(other),
            }
        }
    }

    /// One commit: what is closed frees its keys first, and an incident comes after its thread.
    pub(super) fn into_writes(mut self) -> Vec<Write> {
        let mut writes = self.closed;
        writes.append(&mut self.writes);
        let changed = self.changed.iter().filter_map(|id| self.incidents.remove(id));
        writes.extend(changed.map(|incident| Write::Incident(Box::new(Arc::unwrap_or_clone(incident)))));
        writes
    }

    fn put(&mut self, incident: Incident) {
        for key in &incident.keys {
            if self.holders.get(key) != Some(&incident.id) {
                self.holders.insert(key.clone(), incident.id);
            }
        }
        self.incidents.insert(incident.id, Arc::new(incident));
    }
}
