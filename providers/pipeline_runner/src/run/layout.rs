//! The folders of a run.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::RunnerError;

/// `<root>/<run>`: `home`, `processes`, `jobs/<job>`, `artifacts`, `results`, `coverage`,
/// `attachments`, and the file `token`.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
}

/// The folders of one job, named as an agent names them.
#[derive(Debug, Clone)]
pub(crate) struct JobDirs {
    pub(crate) root: PathBuf,
    pub(crate) sources: PathBuf,
    pub(crate) staging: PathBuf,
    pub(crate) binaries: PathBuf,
    pub(crate) results: PathBuf,
    pub(crate) temp: PathBuf,
}

impl Layout {
    /// The folders of a run, made or not.
    pub(crate) fn of(base: &Path, run_id: &str) -> Self {
        Self {
            root: base.join(run_id),
        }
    }

    /// Makes the folders; the run's own folder must be new, so that no run happens twice.
    pub(crate) fn create(base: &Path, run_id: &str, token: &str) -> Result<Self, RunnerError> {
        let made = |error| RunnerError::io("create the work folder")(error);
        fs::create_dir_all(base).map_err(made)?;
        // Tools compare paths, so links on the way are resolved once.
        let layout = Self::of(&base.canonicalize().map_err(made)?, run_id);
        match fs::create_dir(&layout.root) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(RunnerError::AlreadyExists {
                    run_id: run_id.to_owned(),
                });
            }
            other => other.map_err(made)?,
        }
        fs::set_permissions(&layout.root, Permissions::from_mode(0o700)).map_err(made)?;
        for name in [
            "home",
            "processes",
            "jobs",
            "artifacts",
            "results",
            "coverage",
            "attachments",
        ] {
            fs::create_dir(layout.root.join(name)).map_err(made)?;
        }
        fs::write(layout.root.join("token"), token).map_err(made)?;
        Ok(layout)
    }

    /// The token of a run that was made earlier, if it can be read.
    pub(crate) fn token(&self) -> Option<String> {
        fs::read_to_string(self.root.join("token")).ok()
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes the folders of a job.
    pub(crate) fn job(&self, job_id: &str) -> io::Result<JobDirs> {
        let root = self.root.join("jobs").join(job_id.replace('/', "."));
        let dirs = JobDirs {
            sources: root.join("s"),
            staging: root.join("a"),
            binaries: root.join("b"),
            results: root.join("TestResults"),
            temp: root.join("_temp"),
            root,
        };
        for dir in [
            &dirs.sources,
            &dirs.staging,
            &dirs.binaries,
            &dirs.results,
            &dirs.temp,
        ] {
            fs::create_dir_all(dir)?;
        }
        Ok(dirs)
    }
}

/// Removes a folder with everything in it, also what steps made read-only.
pub(crate) fn remove_tree(root: &Path) -> io::Result<bool> {
    match fs::remove_dir_all(root) {
        Ok(()) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(_) => open_folders(root),
    }
    fs::remove_dir_all(root).map(|()| true)
}

fn open_folders(root: &Path) {
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(inner.map(|entry| entry.path()));
    }
}
