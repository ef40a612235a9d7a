//! `CopyFiles@2`.

use super::files::{Copy, blocking, inside, target_folder};
use crate::glob::Patterns;
use crate::plan::CopyPlan;
use crate::run::{Session, StepEnd};

pub(super) async fn copy(session: &mut Session<'_>, plan: &CopyPlan) -> Result<(), StepEnd> {
    let source = match &plan.source {
        Some(folder) => session.path(&session.expand(folder)?),
        None => session.job.dirs.sources.clone(),
    };
    let contents = session.expand(&plan.contents)?;
    let target = session.path(&session.expand(&plan.target)?);
    let workspace = session.job.dirs.root.clone();
    let root = session.run.layout.root.clone();
    let (clean, overwrite, flatten) = (plan.clean, plan.overwrite, plan.flatten);
    let copied = blocking(move |stop| {
        let source = inside(&source, &root)?;
        let target = target_folder(&target, &workspace)?;
        let mut files = Patterns::new(&contents, &source)?.find(&source)?;
        // The target may lie in the source; what it holds is not copied into itself.
        files.retain(|(_, path)| !path.starts_with(&target));
        if clean {
            if source.starts_with(&target) {
                return Err("the target folder holds the source folder".to_owned());
            }
            std::fs::remove_dir_all(&target)
                .and_then(|()| std::fs::create_dir(&target))
                .map_err(|error| format!("the target folder cannot be emptied: {error}"))?;
        }
        if flatten {
            for (name, _) in &mut files {
                *name = name.rsplit('/').next().unwrap_or(name).to_owned();
            }
        }
        Copy {
            root: &root,
            target: &target,
            quota: None,
            overwrite,
            stop,
        }
        .all(&files)
    })
    .await
    .map_err(StepEnd::failed)?;
    session
        .say(&format!("Copied {} file(s).", copied.files))
        .await;
    Ok(())
}
