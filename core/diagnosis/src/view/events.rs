//! Events: matched by uid, then by kind and name; all of the window count, with their counts.

use super::View;
use crate::entity::{EntityRef, Kind};
use crate::kube::Event;

impl View {
    pub(super) fn index_events(&mut self) {
        self.events.sort_by(|a, b| (a.last(), &a.metadata.name).cmp(&(b.last(), &b.metadata.name)));
        self.events_of.clear();
        for (index, event) in self.events.iter().enumerate() {
            let about = &event.involved_object;
            let key = (Kind::named(&about.kind), about.namespace.clone(), about.name.clone());
            self.events_of.entry(key).or_default().push(index);
        }
    }

    /// All events, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The events of an object within the window, oldest first. An event of an earlier object of the same name
    /// (another uid) is left out.
    pub fn events_of(&self, entity: &EntityRef) -> impl Iterator<Item = &Event> {
        let uid = self.meta(entity).map(|m| m.uid.clone()).unwrap_or_default();
        // Events about nodes carry the node's name as uid; other cluster-scoped kinds have an empty namespace.
        let by_node = entity.kind == Kind::Node;
        let key = (entity.kind.clone(), entity.ns().to_owned(), entity.name.clone());
        self.events_of
            .get(&key)
            .into_iter()
            .flatten()
            .map(|&i| &self.events[i])
            .filter(move |e| {
                by_node || uid.is_empty() || e.involved_object.uid.is_empty() || e.involved_object.uid == uid
            })
            .filter(|e| e.last().is_none_or(|at| self.in_window(at)))
    }

    /// The newest event of an object whose reason is one of these.
    pub fn last_event(&self, entity: &EntityRef, reasons: &[&str]) -> Option<&Event> {
        self.events_of(entity).filter(|e| reasons.contains(&e.reason.as_str())).last()
    }

    /// How often events with these reasons happened to an object in the window.
    pub fn event_count(&self, entity: &EntityRef, reasons: &[&str]) -> u64 {
        self.events_of(entity).filter(|e| reasons.contains(&e.reason.as_str())).map(Event::times).sum()
    }
}
