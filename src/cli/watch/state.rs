//! The place that a watcher has got to, kept in a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::WatchError;

/// Longest cursor that is read back, in bytes.
const MAX_CURSOR: usize = 1_024;

/// The file, if there is to be one.
#[derive(Debug)]
pub(super) struct State {
    path: Option<PathBuf>,
    cursor: Option<String>,
}

impl State {
    /// Reads what the file holds; one that is not there is made with the first event.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, WatchError> {
        let mut state = Self {
            path: path.map(Path::to_owned),
            cursor: None,
        };
        let Some(path) = path else { return Ok(state) };
        match fs::read_to_string(path) {
            Ok(text) => state.cursor = Some(state.check(text.trim())?.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(state.failed(&error)),
        }
        Ok(state)
    }

    fn check<'a>(&self, text: &'a str) -> Result<&'a str, WatchError> {
        let is_cursor = (1..=MAX_CURSOR).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        match is_cursor {
            true => Ok(text),
            false => Err(self.failed(&"holds no cursor")),
        }
    }

    /// Where to begin.
    pub(super) fn cursor(&self) -> Option<String> {
        self.cursor.clone()
    }

    /// Keeps a place: the file holds the old one or the new one, whatever happens.
    pub(super) fn keep(&self, cursor: Option<&str>) -> Result<(), WatchError> {
        let (Some(path), Some(cursor)) = (&self.path, cursor) else {
            return Ok(());
        };
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let written = fs::write(&beside, format!("{cursor}\n"));
        let kept = written.and_then(|()| fs::rename(&beside, path));
        kept.map_err(|error| self.failed(&error))
    }

    fn failed(&self, reason: &dyn std::fmt::Display) -> WatchError {
        let path = self.path.as_deref().unwrap_or(Path::new(""));
        WatchError::State {
            path: path.display().to_string(),
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place");
        let state = State::open(Some(&path)).unwrap();
        assert_eq!(state.cursor(), None);
        state.keep(Some("abc")).unwrap();
        state.keep(None).unwrap();
        let again = State::open(Some(&path)).unwrap();
        assert_eq!(again.cursor().as_deref(), Some("abc"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn without_a_file_nothing_is_kept() {
        State::open(None).unwrap().keep(Some("abc")).unwrap();
    }

    #[test]
    fn a_file_of_something_else_is_refused_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place");
        for other in ["", "two words", "a\nb", &"x".repeat(2_000)] {
            fs::write(&path, other).unwrap();
            assert!(State::open(Some(&path)).is_err(), "{other}");
            assert_eq!(fs::read_to_string(&path).unwrap(), other);
        }
        let missing = folder.path().join("no/such/folder");
        let state = State::open(Some(&missing)).unwrap();
        assert!(state.keep(Some("abc")).is_err());
    }
}
