//! Checkpoints: the head of the chain, noted now and then where the one who cuts the trail does not look.
//!
//! Each goes to the log (target `audit`), which leaves the machine, and to a file beside the store. Must never be written
//! over: the file only grows, a line each. Start at [`Checkpoints::round`].

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Broken, Flaw, Sealed};
use crate::clock::after;
use crate::port::store::StoreError;

/// A checkpoint is due after so many entries.
pub const EVERY_ENTRIES: u64 = 1000;

/// A checkpoint is due after this time, if there are new entries.
pub const EVERY_TIME: Duration = Duration::from_hours(1);

/// Bytes of the file that are read; one line has about 150, so this is ten years of one an hour.
const FILE_CAP: u64 = 64 * 1024 * 1024;

/// Entries of one page.
const PAGE: usize = 500;

/// The head of the chain at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Of the last entry.
    pub number: u64,
    /// Its seal.
    pub seal: String,
    /// When this was noted.
    pub at: Timestamp,
}

/// Why checkpoints cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line of the file is no checkpoint.
    #[error("{path}:{line}: this line is no checkpoint; was the file edited?")]
    Line {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The trail could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a round did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Round {
    /// No checkpoint is due.
    NotDue,
    /// This one was written.
    Written(Checkpoint),
    /// The trail does not hold what the last checkpoint knows: someone changed it. An alarm.
    Broken(Broken),
}

/// Writes checkpoints.
#[derive(Debug)]
pub struct Checkpoints {
    path: PathBuf,
    last: Option<Checkpoint>,
}

impl Checkpoints {
    /// Goes on with a file, or begins one.
    ///
    /// # Errors
    /// When what is there cannot be read.
    pub async fn open(path: &Path) -> Result<Self, CheckpointError> {
        let last = read_checkpoints(path).await?.into_iter().max_by_key(|point| point.number);
        Ok(Self { path: path.to_owned(), last })
    }

    /// Looks at the trail, by `page` as [`super::verify`] does, and writes a checkpoint when one is due. To be called every
    /// minute or so and before the process ends; reads only what is new.
    ///
    /// # Errors
    /// When the trail cannot be read or the file not be written; the next round tries again.
    pub async fn round(
        &mut self,
        now: Timestamp,
        mut page: impl AsyncFnMut(u64, usize) -> Result<Vec<Sealed>, StoreError>,
    ) -> Result<Round, CheckpointError> {
        let known = self.last.as_ref().map_or(0, |point| point.number);
        // The entry of the last checkpoint comes along, to see that it is still the same.
        let mut at = known.saturating_sub(1);
        let mut head: Option<(u64, String)> = None;
        loop {
            let entries = page(at, PAGE).await?;
            if let Some(broken) =
                self.last.as_ref().filter(|_| head.is_none()).and_then(|l| contradicts(l, entries.first()))
            {
                tracing::error!(target: "audit", number = broken.number, "the audit trail was changed: {broken}");
                return Ok(Round::Broken(broken));
            }
            let Some(newest) = entries.last() else { break };
            head = Some((newest.number, newest.seal.clone()));
            if newest.number <= at || entries.len() < PAGE {
                break;
            }
            at = newest.number;
        }
        let Some((number, seal)) = head.filter(|(number, _)| *number > known) else { return Ok(Round::NotDue) };
        let time_is_up = self.last.as_ref().is_none_or(|point| after(point.at, EVERY_TIME) <= now);
        if !time_is_up && number - known < EVERY_ENTRIES {
            return Ok(Round::NotDue);
        }
        let point = Checkpoint { number, seal, at: now };
        self.write(&point).await.map_err(|source| CheckpointError::File { path: self.path.clone(), source })?;
        tracing::info!(target: "audit", number = point.number, seal = %point.seal, "checkpoint");
        self.last = Some(point.clone());
        Ok(Round::Written(point))
    }

    async fn write(&self, point: &Checkpoint) -> io::Result<()> {
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options.create(true).append(true).read(true).mode(0o600).open(&self.path).await?;
        let mut line = serde_json::to_string(point)?;
        line.push('\n');
        // A crash may have left half a line.
        if ends_in_a_half_line(&mut file).await? {
            line.insert(0, '\n');
        }
        file.write_all(line.as_bytes()).await?;
        file.sync_all().await
    }
}

async fn ends_in_a_half_line(file: &mut tokio::fs::File) -> io::Result<bool> {
    use tokio::io::AsyncSeekExt as _;
    if file.metadata().await?.len() == 0 {
        return Ok(false);
    }
    file.seek(io::SeekFrom::End(-1)).await?;
    Ok(file.read_u8().await? != b'\n')
}

/// Whether the trail lacks the entry of a checkpoint, or has another in its place.
fn contradicts(point: &Checkpoint, found: Option<&Sealed>) -> Option<Broken> {
    let flaw = match found {
        Some(sealed) if sealed.number == point.number && sealed.seal == point.seal => return None,
        Some(sealed) if sealed.number == point.number => Flaw::Rewritten { known_at: point.at },
        Some(sealed) => Flaw::Gap { found: sealed.number },
        None => Flaw::CutOff { known_at: point.at },
    };
    Some(Broken { number: point.number, flaw })
}

/// The checkpoints of a file, in its order; none when there is no file. A line that a crash cut short is passed over when
/// it is half of one; any other line that is no checkpoint is an error.
///
/// # Errors
/// When the file cannot be read or was edited.
pub async fn read_checkpoints(path: &Path) -> Result<Vec<Checkpoint>, CheckpointError> {
    let failed = |source| CheckpointError::File { path: path.to_owned(), source };
    let file = match tokio::fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    file.take(FILE_CAP).read_to_string(&mut text).await.map_err(failed)?;
    let mut points = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        match serde_json::from_str(text) {
            Ok(point) => points.push(point),
            Err(error) if error.is_eof() => {}
            Err(_) => return Err(CheckpointError::Line { path: path.to_owned(), line }),
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Entry;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    /// Checkpoints do not look into seals, so any text will do.
    fn trail(length: u64) -> Vec<Sealed> {
        let entry = Entry {
            at: at(0),
            actor: None,
            action: "read".into(),
            subject: String::new(),
            details: String::new(),
            request_id: String::new(),
        };
        (1..=length).map(|number| Sealed { number, entry: entry.clone(), seal: format!("s{number}") }).collect()
    }

    async fn round(points: &mut Checkpoints, trail: &[Sealed], second: i64) -> Round {
        let page = async |after: u64, limit: usize| {
            Ok(trail.iter().filter(|s| s.number > after).take(limit).cloned().collect())
        };
        points.round(at(second), page).await.unwrap()
    }

    #[tokio::test]
    async fn after_enough_entries_or_an_hour() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit-checkpoints.jsonl");
        let mut points = Checkpoints::open(&path).await.unwrap();
        assert_eq!(round(&mut points, &[], 0).await, Round::NotDue);
        let first = Checkpoint { number: 3, seal: "s3".into(), at: at(1) };
        assert_eq!(round(&mut points, &trail(3), 1).await, Round::Written(first.clone()));
        assert_eq!(round(&mut points, &trail(3), 9_999).await, Round::NotDue);
        assert_eq!(round(&mut points, &trail(4), 3_600).await, Round::NotDue);
        assert!(matches!(round(&mut points, &trail(1_003), 2).await, Round::Written(p) if p.number == 1_003));
        assert!(matches!(round(&mut points, &trail(1_004), 3_602).await, Round::Written(p) if p.number == 1_004));
        let read = read_checkpoints(&path).await.unwrap();
        assert_eq!((read.len(), &read[0]), (3, &first));
        let mut again = Checkpoints::open(&path).await.unwrap();
        assert_eq!(round(&mut again, &trail(1_004), 9_999).await, Round::NotDue);
    }

    #[tokio::test]
    async fn a_trail_that_lost_what_is_known_is_an_alarm() {
        let dir = tempfile::tempdir().unwrap();
        let mut points = Checkpoints::open(&dir.path().join("c")).await.unwrap();
        round(&mut points, &trail(5), 0).await;
        let flaw = |round| if let Round::Broken(broken) = round { broken.flaw } else { panic!("{round:?}") };
        assert!(matches!(flaw(round(&mut points, &trail(4), 1).await), Flaw::CutOff { .. }));
        assert!(matches!(flaw(round(&mut points, &[], 1).await), Flaw::CutOff { .. }));
        let mut other = trail(6);
        other[4].seal = "x".into();
        assert!(matches!(flaw(round(&mut points, &other, 1).await), Flaw::Rewritten { .. }));
        other.remove(4);
        assert!(matches!(flaw(round(&mut points, &other, 1).await), Flaw::Gap { found: 6 }));
    }

    #[tokio::test]
    async fn half_a_line_is_passed_over_and_an_edited_one_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        let mut points = Checkpoints::open(&path).await.unwrap();
        round(&mut points, &trail(5), 0).await;
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"number\":7,\"se");
        std::fs::write(&path, &text).unwrap();
        let mut points = Checkpoints::open(&path).await.unwrap();
        round(&mut points, &trail(6), 4_000).await;
        assert_eq!(read_checkpoints(&path).await.unwrap().iter().map(|p| p.number).collect::<Vec<_>>(), [5, 6]);
        std::fs::write(&path, format!("nothing\n{text}")).unwrap();
        assert!(matches!(Checkpoints::open(&path).await, Err(CheckpointError::Line { line: 1, .. })));
    }
}
