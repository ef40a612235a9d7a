//! What changes under a release: artifacts, targets, manifests.

use chrono::{DateTime, Utc};
use sluice_kernel::directory::EnvironmentView;
use sluice_schema::{
    BuildId,
    events::{DeploymentManifestRendered, ReleaseArtifact},
};

use super::{ManifestPin, READY, ReleasePlan, ReleaseTarget};

/// What something new did to a release.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    /// Whether anything is other than before.
    pub(crate) changed: bool,
    /// Sentences that say what approvals do not cover any more.
    pub(crate) causes: Vec<String>,
}

impl Effect {
    fn change(&mut self, cause: Option<String>) {
        self.changed = true;
        self.causes.extend(cause);
    }

    /// Both together.
    pub(crate) fn and(&mut self, other: Self) {
        self.changed |= other.changed;
        self.causes.extend(other.causes);
    }

    /// The causes as one sentence, when there are any.
    pub(crate) fn cause(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let more = self.causes.len().saturating_sub(SHOWN);
        let shown = &self.causes[..self.causes.len() - more];
        let rest = (more > 0).then(|| format!("; and {more} more changes"));
        let text = shown.join("; ") + rest.as_deref().unwrap_or_default();
        (!text.is_empty()).then_some(text)
    }
}

/// The algorithm and twelve hex digits: what people compare.
fn short(digest: Option<&str>) -> &str {
    let digest = digest.unwrap_or("nothing");
    digest.get(..19).unwrap_or(digest)
}

/// Whether what is told of an artifact counts beside what is known. Once it is ready, only
/// another digest of the same object does: a build in another registry is another object, and
/// a later attempt that fails leaves the earlier one where it is.
pub(crate) fn supersedes(told: &ReleaseArtifact, known: &ReleaseArtifact) -> bool {
    if known.state != READY {
        return true;
    }
    let same = known.id.is_none() || known.id == told.id;
    told.state == READY && same
}

impl ReleasePlan {
    /// Takes in what is told of an artifact of one of its builds.
    pub(crate) fn learn(
        &mut self,
        build: BuildId,
        told: &ReleaseArtifact,
        at: DateTime<Utc>,
    ) -> Effect {
        let mut effect = Effect::default();
        if !self.status.is_open() {
            return effect;
        }
        let mut stale = Vec::new();
        for planned in &mut self.items {
            let item = &mut planned.item;
            if item.build_id != build {
                continue;
            }
            let slots = item.artifacts.iter_mut();
            for slot in slots.filter(|slot| slot.kind == told.kind) {
                if *slot == *told || !supersedes(told, slot) {
                    continue;
                }
                let was_ready = slot.state == READY && slot.digest != told.digest;
                effect.change(was_ready.then(|| {
                    let kind = told.kind.to_lowercase();
                    let (old, new) = (short(slot.digest.as_deref()), short(told.digest.as_deref()));
                    format!("the {kind} {} changed from {old} to {new}", told.name)
                }));
                if was_ready {
                    stale.push(item.module.id.clone());
                }
                slot.clone_from(told);
            }
        }
        for module in stale {
            for target in self.targets.clone() {
                self.unpin(&target, &module, at);
            }
        }
        effect
    }

    /// Takes in how the environments are defined now. One that was retired is left as it was:
    /// nothing can be promoted into it.
    pub(crate) fn retarget(
        &mut self,
        environments: &[EnvironmentView],
        at: DateTime<Utc>,
    ) -> Effect {
        let mut effect = Effect::default();
        if !self.status.is_open() {
            return effect;
        }
        for view in environments.iter().filter(|view| !view.retired) {
            let now = ReleaseTarget {
                environment_id: view.id,
                environment: view.name.clone(),
                digest: view.target_digest.clone(),
            };
            let known = self.targets.iter_mut();
            let known = known.into_iter().find(|it| it.environment_id == view.id);
            match known {
                Some(known) if *known == now => continue,
                Some(known) => {
                    let other = known.digest != now.digest;
                    let cause = other.then(|| {
                        format!(
                            "the definition of the environment {} changed",
                            now.environment
                        )
                    });
                    effect.change(cause);
                    known.clone_from(&now);
                    if !other {
                        continue;
                    }
                }
                None => {
                    let cause = format!("the environment {} is new", now.environment);
                    effect.change(Some(cause));
                    self.targets.push(now.clone());
                }
            }
            for module in self.modules() {
                self.unpin(&now, &module, at);
            }
        }
        effect
    }

    fn modules(&self) -> Vec<String> {
        let ids = self.items.iter().map(|it| it.item.module.id.clone());
        ids.collect()
    }

    /// The manifests must be rendered anew; older ones do not count.
    fn unpin(&mut self, target: &ReleaseTarget, module: &str, at: DateTime<Utc>) {
        let known = self.manifests.iter_mut();
        let mut known =
            known.filter(|pin| pin.environment_id == target.environment_id && pin.module == module);
        match known.next() {
            Some(pin) => {
                pin.digest = None;
                pin.at = at;
                // The next ones are first ones again: pinning them must change no digest.
                pin.revisions = 0;
            }
            None => self.manifests.push(ManifestPin {
                environment_id: target.environment_id,
                environment: target.environment.clone(),
                module: module.to_owned(),
                digest: None,
                at,
                revisions: 0,
            }),
        }
    }

    /// Takes in manifests that were rendered at `at`: the first ones are what approvals stand
    /// for, other ones are a change.
    pub(crate) fn pin(
        &mut self,
        rendered: &DeploymentManifestRendered,
        at: DateTime<Utc>,
    ) -> Effect {
        let mut effect = Effect::default();
        if !self.status.is_open() || !self.modules().contains(&rendered.module) {
            return effect;
        }
        let now = ManifestPin {
            environment_id: rendered.environment_id,
            environment: rendered.environment.clone(),
            module: rendered.module.clone(),
            digest: Some(rendered.content_digest.clone()),
            at,
            revisions: 0,
        };
        let same = |pin: &&mut ManifestPin| {
            pin.environment_id == now.environment_id && pin.module == now.module
        };
        let Some(known) = self.manifests.iter_mut().find(same) else {
            self.manifests.push(now);
            effect.change(None);
            return effect;
        };
        match &known.digest {
            // Made of what has changed since.
            None if at < known.at => return effect,
            None => effect.change(None),
            Some(digest) if *digest == rendered.content_digest => return effect,
            Some(digest) => {
                let (old, new) = (short(Some(digest)), short(Some(&rendered.content_digest)));
                let (module, environment) = (&rendered.module, &rendered.environment);
                effect.change(Some(format!(
                    "the manifests of {module} for {environment} changed from {old} to {new}"
                )));
                known.revisions = known.revisions.saturating_add(1);
            }
        }
        // Of two that were told out of order, the one that was rendered last counts.
        if at >= known.at {
            known.digest.clone_from(&now.digest);
            known.at = at;
        }
        effect
    }
}

#[cfg(test)]
mod tests;
