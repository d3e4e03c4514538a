//! Which file may hold the log of a container, by the names that the dump and people give.
//!
//! Must never settle a doubt by itself: `api-web` may be container `web` of pod `api` or pod `api-web`. Start at
//! [`LogFiles::candidates`].

use std::collections::{BTreeMap, BTreeSet};

use midwatch_diagnosis::probe::ContainerRef;

use crate::walk::Entry;

/// Ends of a stem that say that the log is of the run before.
const PREVIOUS: &[&str] = &["-previous", "_previous", ".previous", "-prev", "_prev", ".prev"];

/// Extensions of log files.
const EXTENSIONS: &[&str] = &[".log", ".txt", ".logs"];

/// The log files of a recording, by directory and stem.
#[derive(Debug, Default)]
pub(crate) struct LogFiles {
    entries: Vec<Entry>,
    by_name: BTreeMap<(String, String, bool), Vec<usize>>,
}

/// A file that may be the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The file.
    pub(crate) entry: Entry,
    /// Its name speaks of the pod only: without markers inside, it is the log of the pod's default container.
    pub(crate) of_pod: bool,
    /// A pod of this name would claim the file.
    pub(crate) rival: Option<String>,
}

/// Whether a file may be a log, by its name.
pub(crate) fn is_log(name: &str) -> bool {
    stem(name).is_some()
}

/// The name without its extension, which may stand before or after the mark of a previous run.
fn stem(name: &str) -> Option<(String, bool)> {
    let bare = |name: &str| EXTENSIONS.iter().find_map(|e| name.strip_suffix(e)).map(str::to_owned);
    if let Some(stem) = bare(name) {
        return Some((stem, false));
    }
    PREVIOUS.iter().find_map(|p| Some((bare(name.strip_suffix(p)?)?, true)))
}

impl LogFiles {
    /// Adds a file.
    pub(crate) fn add(&mut self, entry: Entry) {
        let Some((stem, previous)) = stem(&entry.name) else { return };
        let at = self.entries.len();
        let dir = entry.dirs.last().cloned().unwrap_or_default();
        let mut put = |stem: &str, previous: bool| {
            // A stem such as `logs` says nothing without its directory, and there may be thousands of them.
            if !matches!(stem, "logs" | "log") {
                self.by_name.entry((String::new(), stem.to_owned(), previous)).or_default().push(at);
            }
            self.by_name.entry((dir.clone(), stem.to_owned(), previous)).or_default().push(at);
        };
        put(&stem, previous);
        // A pod may be called `x-previous`: both readings stay possible.
        let marked = PREVIOUS.iter().find_map(|p| stem.strip_suffix(p)).or_else(|| stem.strip_prefix("previous-"));
        if let Some(stem) = marked {
            put(stem, true);
        }
        self.entries.push(entry);
    }

    /// Files that may hold the log, the likeliest first. `namespaces` are the names of directories that are namespaces.
    pub(crate) fn candidates(
        &self,
        of: &ContainerRef,
        previous: bool,
        namespaces: &BTreeSet<String>,
    ) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        for (dir, stem, of_pod, rival) in spellings(of) {
            let places = self.by_name.get(&(dir, stem, previous)).into_iter().flatten();
            for entry in places.filter_map(|&at| self.entries.get(at)) {
                let home = entry.dirs.iter().rev().find(|d| namespaces.contains(*d));
                let fits = home.is_none_or(|home| *home == of.namespace);
                if fits && !found.iter().any(|c| c.entry.path == entry.path) {
                    found.push(Candidate { entry: entry.clone(), of_pod, rival: rival.clone() });
                }
            }
        }
        found
    }
}

/// Directory (empty: any), stem, whether it names the pod only, and the pod that would have the same name.
fn spellings(of: &ContainerRef) -> Vec<(String, String, bool, Option<String>)> {
    let ContainerRef { namespace: ns, pod, container: c } = of;
    let mut all = Vec::new();
    let mut put = |dir: &str, stem: String, of_pod: bool, rival: Option<String>| {
        all.push((dir.to_owned(), stem, of_pod, rival));
    };
    for stem in [c.clone(), format!("{c}-logs"), format!("{c}_logs"), format!("logs-{c}"), format!("logs_{c}")] {
        put(pod, stem, false, None);
    }
    for stem in [format!("{pod}_{c}"), format!("{pod}.{c}"), format!("{ns}_{pod}_{c}"), format!("{pod}_{ns}_{c}")] {
        put("", stem, false, None);
    }
    let joined = format!("{pod}-{c}");
    put("", joined.clone(), false, Some(joined.clone()));
    put("", format!("{ns}-{joined}"), false, Some(joined));
    put(pod, "logs".to_owned(), true, None);
    put(pod, "log".to_owned(), true, None);
    put("", format!("{ns}_{pod}"), true, None);
    for stem in [format!("{pod}_logs"), format!("{pod}.logs"), format!("logs_{pod}"), pod.clone()] {
        put("", stem, true, None);
    }
    for stem in [format!("{pod}-logs"), format!("logs-{pod}"), format!("{ns}-{pod}")] {
        put("", stem.clone(), true, Some(stem));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry {
        let mut dirs: Vec<String> = path.split('/').map(str::to_owned).collect();
        let name = dirs.pop().unwrap_or_default();
        Entry { path: path.into(), dirs, name, size: 1 }
    }

    #[test]
    fn names_that_people_give() {
        let of = ContainerRef { namespace: "shop".into(), pod: "api-1".into(), container: "web".into() };
        let namespaces = BTreeSet::from(["shop".to_owned(), "other".to_owned()]);
        for (path, previous, found) in [
            ("shop/api-1/logs.txt", false, true),
            ("shop/api-1/logs-previous.txt", true, true),
            ("shop/api-1/logs-previous.txt", false, false),
            ("other/api-1/logs.txt", false, false),
            ("api-1.log", false, true),
            ("api-1.txt", false, true),
            ("api-1_web.log", false, true),
            ("api-1-web.log", false, true),
            ("api-1-web-previous.log", true, true),
            ("logs/api-1.log", false, true),
            ("logs/api-1.previous.log", true, true),
            ("logs/api-1.log.previous", true, true),
            ("logs/api-1_web_previous.txt", true, true),
            ("shop/logs/api-1.log", false, true),
            ("other/logs/api-1.log", false, false),
            ("logs/shop_api-1_web.log", false, true),
            ("api-1/web.log", false, true),
            ("api-2.log", false, false),
            ("api-1.json", false, false),
        ] {
            let mut files = LogFiles::default();
            files.add(entry(path));
            assert_eq!(!files.candidates(&of, previous, &namespaces).is_empty(), found, "{path} {previous}");
        }
    }
}
