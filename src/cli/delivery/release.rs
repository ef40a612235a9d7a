//! From a build result to an approved release.

use serde::Serialize;

use super::{
    Release, Stop, Way,
    api::{self, ById, Policies, ProjectPolicies, ReleasesOfBuild},
    approve_all,
    deliver::Delivery,
};
use crate::cli::ship::{
    ShipError,
    api::Present,
    session::{Deadline, Grace, Session},
};

/// Time, in looks, without a release after which it is planned by command although the project plans by
/// itself.
const PATIENT_LOOKS: u32 = 50;
/// How often approvers are asked: what they approved may change, which makes approvals void.
const MAX_ROUNDS: u32 = 5;

/// What was done about the release so far.
pub(super) struct Approving<'a> {
    delivery: &'a Delivery<'a>,
    policies: Option<Policies>,
    planned: bool,
    made: bool,
    rounds: u32,
}

impl<'a> Approving<'a> {
    pub(super) fn new(delivery: &'a Delivery<'a>) -> Self {
        Self {
            delivery,
            policies: None,
            planned: false,
            made: false,
            rounds: 0,
        }
    }

    /// Waits for the release to be approved; `found` holds it as soon as there is one.
    pub(super) async fn wait(
        mut self,
        session: &mut Session<'_>,
        found: &mut Option<Release>,
    ) -> Way<Release> {
        let mut deadline = session.deadline("the release of the build");
        let grace = Grace::new(self.delivery.poll);
        loop {
            let now = self.look(session).await?;
            if let Some(release) = &now {
                tell(session, release);
                if now != *found {
                    deadline.renew();
                    found.clone_from(&now);
                }
            }
            match now {
                None => self.plan(session, grace).await?,
                Some(release) if release.status == "APPROVED" => return Ok(release),
                Some(release) => self.move_on(session, &release, &mut deadline).await?,
            }
            session.pause(&deadline, self.delivery.poll).await?;
        }
    }

    /// The release of this build alone, if there is one: the newest that is still open.
    async fn look(&self, session: &mut Session<'_>) -> Result<Option<Release>, ShipError> {
        let id = self.delivery.build;
        let found: ReleasesOfBuild = session.ask(api::RELEASES_OF_BUILD, ById { id }).await?;
        let releases = found.build_result.map(|it| it.releases).unwrap_or_default();
        Ok(choose(releases, self.delivery.module))
    }

    async fn policies(&mut self, session: &mut Session<'_>) -> Result<Policies, ShipError> {
        if let Some(known) = self.policies {
            return Ok(known);
        }
        let id = self.delivery.project;
        let found: ProjectPolicies = session.ask(api::PROJECT_POLICIES, ById { id }).await?;
        let missing = || ShipError::Missing {
            what: format!("no project {id}"),
        };
        let policies = found.project.ok_or_else(missing)?.policies;
        self.policies = Some(policies);
        Ok(policies)
    }

    // What nobody asked for does not come by itself.
    async fn plan(&mut self, session: &mut Session<'_>, grace: Grace) -> Result<(), ShipError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Input<'a> {
            build_ids: [&'a str; 1],
        }
        let policies = self.policies(session).await?;
        if self.planned || (policies.auto_plan_releases && !grace.is_over(PATIENT_LOOKS)) {
            return Ok(());
        }
        let input = Input {
            build_ids: [self.delivery.build],
        };
        let made: Result<Present, _> = session.command(api::PLAN_RELEASE, input).await;
        made.map_err(|refusal| refusal.into_error("planning the release"))?;
        self.planned = true;
        Ok(())
    }

    async fn move_on(
        &mut self,
        session: &mut Session<'_>,
        release: &Release,
        deadline: &mut Deadline,
    ) -> Way<()> {
        let options = self.delivery.options;
        match release.status.as_str() {
            "PLANNED" => {
                if let Some(stop) = Stop::artifact(release) {
                    return Err(stop.into());
                }
                self.make(session, release).await?;
            }
            "PENDING_APPROVAL" => {
                if !options.approvers.is_empty() && self.rounds < MAX_ROUNDS {
                    self.rounds += 1;
                    let (approvers, reason) = (&options.approvers, &options.reason);
                    approve_all(session, approvers, release, reason).await?;
                } else if options.wait {
                    session.pending(&format!("release {} waits for approval", release.title()));
                    deadline.renew();
                } else {
                    return Err(Stop::approval(release).into());
                }
            }
            _ => return Err(Stop::closed(release).into()),
        }
        Ok(())
    }

    // Packages and images that the project does not let come by themselves.
    async fn make(
        &mut self,
        session: &mut Session<'_>,
        release: &Release,
    ) -> Result<(), ShipError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Input<'a> {
            build_id: &'a str,
        }
        if std::mem::replace(&mut self.made, true) {
            return Ok(());
        }
        let policies = self.policies(session).await?;
        for artifact in release.artifacts().filter(|it| it.state == "PENDING") {
            let (document, doing) = match artifact.kind.as_str() {
                "PACKAGE" if !policies.auto_publish_packages => {
                    (api::PUBLISH_PACKAGE, "publishing the package")
                }
                "IMAGE" if !policies.auto_build_images => {
                    (api::BUILD_CONTAINER_IMAGE, "building the image")
                }
                _ => continue,
            };
            let input = Input {
                build_id: self.delivery.build,
            };
            let made: Result<Present, _> = session.command(document, input).await;
            made.map_err(|refusal| refusal.into_error(doing))?;
        }
        Ok(())
    }
}

fn choose(releases: Vec<Release>, module: &str) -> Option<Release> {
    let mut own: Vec<Release> = releases
        .into_iter()
        .filter(|it| it.name == module)
        .collect();
    let is_closed = |it: &Release| matches!(it.status.as_str(), "REJECTED" | "CANCELLED");
    let open = own.iter().rposition(|it| !is_closed(it));
    match open {
        Some(index) => Some(own.swap_remove(index)),
        None => own.pop(),
    }
}

/// Tells the states of a release and of what it is made of, where they changed.
pub(super) fn tell(session: &mut Session<'_>, release: &Release) {
    for artifact in release.artifacts() {
        let what = match artifact.kind.as_str() {
            "IMAGE" => "image",
            _ => "package",
        };
        let reference = artifact.reference.as_deref().map(|it| format!(" ({it})"));
        let (name, state) = (&artifact.name, super::words(&artifact.state));
        let text = format!("{name}: {state}{}", reference.unwrap_or_default());
        session.tell_change(what, text);
    }
    session.tell_change("release", release.state());
}

#[cfg(test)]
mod tests {
    use super::{super::tests::samples, *};

    #[test]
    fn the_newest_open_release_of_the_module_alone_counts() {
        let release = |id: &str, name: &str, status: &str| Release {
            id: id.to_owned(),
            name: name.to_owned(),
            status: status.to_owned(),
            ..samples::release()
        };
        let chosen = |releases| choose(releases, "greeter").map(|it| it.id);
        assert_eq!(chosen(vec![release("1", "greeter+web", "APPROVED")]), None);
        let several = vec![
            release("1", "greeter", "APPROVED"),
            release("2", "greeter", "PENDING_APPROVAL"),
            release("3", "greeter", "CANCELLED"),
        ];
        assert_eq!(chosen(several), Some("2".to_owned()));
        let closed = vec![
            release("1", "greeter", "CANCELLED"),
            release("2", "greeter", "REJECTED"),
        ];
        assert_eq!(chosen(closed), Some("2".to_owned()));
    }
}
