//! A bare Git repository, built beside its place and moved there whole.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Io, OfServer, StepError};
use crate::spec::{Properties, text};

use super::folder::{Found, taken};
use super::{Target, Wanted, World};

/// A file in the repository that holds the mark of its resource; Git takes no notice of it.
const MARK: &str = "sluice-resource";

const MAKING: &str = "making a repository";

pub(super) fn make(
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    let path = text(wanted.properties, "path");
    let (place, found) = world.folder.find(path)?;
    match found {
        Found::Nothing => {
            let building = world.folder.new_directory()?;
            let built = building.path().join("repository.git");
            gix::init_bare(&built).of("Git", MAKING)?;
            fs::write(built.join(MARK), &target.mark).doing(MAKING)?;
            settings(world, &built, wanted.properties)?;
            world.folder.parents(&place)?;
            match fs::rename(&built, &place) {
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty
                    ) =>
                {
                    Err(taken(path))
                }
                moved => moved.doing(MAKING),
            }
        }
        Found::Directory(_) if is_ours(&place, target) => {
            settings(world, &place, wanted.properties)
        }
        _ => Err(taken(path)),
    }
}

fn is_ours(place: &Path, target: &Target<'_>) -> bool {
    let mark = place.join(MARK);
    let is_file = fs::symlink_metadata(&mark).is_ok_and(|data| data.is_file());
    is_file && fs::read(&mark).is_ok_and(|mark| mark == target.mark.as_bytes())
}

/// HEAD and the description; each is one move.
fn settings(world: &World, repository: &Path, properties: &Properties) -> Result<(), StepError> {
    let head = format!("ref: refs/heads/{}\n", text(properties, "defaultBranch"));
    let description = match text(properties, "description") {
        "" => String::new(),
        text => format!("{text}\n"),
    };
    for (name, content) in [("HEAD", head), ("description", description)] {
        let file = world.folder.new_file()?;
        fs::write(file.path(), content).doing(MAKING)?;
        super::folder::set_mode(file.path(), 0o644)?;
        let moved = file.persist(repository.join(name));
        moved.map_err(|failed| failed.error).doing(MAKING)?;
    }
    Ok(())
}

pub(super) fn delete(
    world: &World,
    target: &Target<'_>,
    old: &Properties,
) -> Result<(), StepError> {
    let path = text(old, "path");
    match world.folder.find(path)? {
        (_, Found::Nothing) => Ok(()),
        (place, Found::Directory(_)) if is_ours(&place, target) => world.folder.discard(&place),
        _ => Err(taken(path)),
    }
}

pub(super) fn observe(
    world: &World,
    target: &Target<'_>,
    recorded: &Properties,
) -> Result<Option<Properties>, StepError> {
    let (place, found) = world.folder.find(text(recorded, "path"))?;
    if !matches!(found, Found::Directory(_)) || !is_ours(&place, target) {
        return Ok(None);
    }
    let line = |name: &str| -> String {
        let text = fs::read_to_string(place.join(name)).unwrap_or_default();
        text.trim_end().chars().take(1_000).collect()
    };
    let mut seen = recorded.clone();
    let head = line("HEAD");
    let branch = head.strip_prefix("ref: refs/heads/").unwrap_or(&head);
    seen.insert("defaultBranch".to_owned(), branch.into());
    match line("description") {
        text if text.is_empty() => seen.remove("description"),
        text => seen.insert("description".to_owned(), text.into()),
    };
    Ok(Some(seen))
}
