//! Test results and coverage: found by patterns, copied out of the workspace.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::files::{Copy, blocking, inside};
use crate::glob::Patterns;
use crate::plan::TestResultsPlan;
use crate::port::{ResultFile, ResultFormat};
use crate::results_scan::has_failures;
use crate::run::{Quota, Session, StepEnd};

/// Files that one step can publish.
const MAX_FILES: usize = 1_000;

/// A file that was copied: its name in the search folder, the copy, and whether tests failed.
struct Stored {
    name: String,
    path: PathBuf,
    failures: Result<bool, String>,
}

pub(super) async fn test_results(
    session: &mut Session<'_>,
    plan: &TestResultsPlan,
) -> Result<(), StepEnd> {
    let folder = plan
        .folder
        .as_deref()
        .map(|folder| session.expand(folder))
        .transpose()?;
    let title = plan
        .title
        .as_deref()
        .map(|title| session.expand(title))
        .transpose()?;
    let title = title.map(|title| session.mask(&title).into_owned());
    let scan = plan.fail_on_failed_tests.then_some(plan.format);
    let stored = collect(session, &plan.files, folder, "results", scan).await?;
    if stored.is_empty() {
        let message = format!("No test result file matches {}.", plan.files.trim());
        if plan.fail_if_missing {
            return Err(StepEnd::failed(message));
        }
        session.warn(&message).await;
        return Ok(());
    }
    let mut failed = false;
    for file in &stored {
        match &file.failures {
            Ok(failures) => failed |= failures,
            Err(error) => {
                session
                    .warn(&format!("{} cannot be read: {error}.", file.name))
                    .await
            }
        }
    }
    session
        .say(&format!("Published {} test result file(s).", stored.len()))
        .await;
    let job_id = session.step.job_id.clone();
    session.run.collected(|collected| {
        let files = stored.into_iter().map(|file| ResultFile {
            format: plan.format,
            path: file.path,
            name: file.name,
            run_title: title.clone(),
            job_id: job_id.clone(),
        });
        collected.test_results.extend(files);
    });
    if failed {
        Err(StepEnd::failed("There are failed tests."))
    } else {
        Ok(())
    }
}

pub(super) async fn coverage(
    session: &mut Session<'_>,
    summary: &str,
    fail_if_empty: bool,
) -> Result<(), StepEnd> {
    let stored = collect(session, summary, None, "coverage", None).await?;
    if stored.is_empty() {
        let message = format!("No coverage file matches {}.", summary.trim());
        if fail_if_empty {
            return Err(StepEnd::failed(message));
        }
        session.warn(&message).await;
        return Ok(());
    }
    session
        .say(&format!("Published {} coverage file(s).", stored.len()))
        .await;
    let paths = stored.into_iter().map(|file| file.path);
    session
        .run
        .collected(|collected| collected.coverage.extend(paths));
    Ok(())
}

async fn collect(
    session: &mut Session<'_>,
    patterns: &str,
    folder: Option<String>,
    store: &str,
    scan: Option<ResultFormat>,
) -> Result<Vec<Stored>, StepEnd> {
    let patterns = session.expand(patterns)?;
    let folder = match folder {
        Some(folder) => session.path(&folder),
        None => session.job.dirs.sources.clone(),
    };
    let run = session.run;
    let (root, target) = (run.layout.root.clone(), run.layout.folder(store));
    let prefix = run.next_number();
    let (quota, limit) = (run.quota.clone(), run.limits().result_bytes);
    let work = move |stop: &AtomicBool| {
        let folder = inside(&folder, &root)?;
        // A pattern with an absolute path names its own folder, as for staging folders.
        let files = find(&patterns, &folder, &root)?;
        if files.len() > MAX_FILES {
            return Err(format!("a step publishes at most {MAX_FILES} files"));
        }
        let keep = Keep {
            root: &root,
            target: &target,
            quota: &quota,
            limit,
            prefix,
            scan,
            stop,
        };
        files
            .iter()
            .enumerate()
            .map(|(at, file)| keep.file(at, file))
            .collect()
    };
    blocking(work).await.map_err(StepEnd::failed)
}

/// Patterns that are absolute search the whole work folder, the others the folder.
fn find(patterns: &str, folder: &Path, root: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let absolute = |line: &str| line.trim().trim_start_matches('!').starts_with('/');
    if patterns.lines().any(absolute) {
        let prefix = folder
            .strip_prefix(root)
            .map_err(|error| error.to_string())?;
        let prefix = prefix.to_string_lossy();
        let lines = patterns
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (not, rest) = line
                    .strip_prefix('!')
                    .map_or(("", line), |rest| ("!", rest));
                if rest.starts_with('/') {
                    line.to_owned()
                } else {
                    format!("{not}{prefix}/{}", rest.strip_prefix("./").unwrap_or(rest))
                }
            });
        let lines: Vec<String> = lines.collect();
        return Patterns::new(&lines.join("\n"), root)?.find(root);
    }
    Patterns::new(patterns, folder)?.find(folder)
}

struct Keep<'a> {
    root: &'a Path,
    target: &'a Path,
    quota: &'a Quota,
    limit: u64,
    prefix: u64,
    scan: Option<ResultFormat>,
    stop: &'a AtomicBool,
}

impl Keep<'_> {
    fn file(&self, at: usize, (name, path): &(String, PathBuf)) -> Result<Stored, String> {
        let size = std::fs::metadata(path)
            .map_err(|error| format!("{name}: {error}"))?
            .len();
        if size > self.limit {
            return Err(format!("{name} has more than {} bytes", self.limit));
        }
        // The position in the name keeps files of equal names apart.
        let extension = path
            .extension()
            .map(|text| text.to_string_lossy().to_lowercase());
        let extension = extension.filter(|text| text.chars().all(|c| c.is_ascii_alphanumeric()));
        let extension = extension.unwrap_or_else(|| "xml".to_owned());
        let target = self
            .target
            .join(format!("{:06}-{at:04}.{extension}", self.prefix));
        let quota = Some(self.quota);
        let copy = Copy {
            root: self.root,
            target: self.target,
            quota,
            overwrite: true,
            stop: self.stop,
        };
        copy.one(path, &target)?;
        let failures = self
            .scan
            .map_or(Ok(false), |format| has_failures(&target, format));
        Ok(Stored {
            name: name.clone(),
            path: target,
            failures,
        })
    }
}
