//! From a successful build to an approved release.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_container_image::{ContainerImage, ImageStatus, LOCAL};
use sluice_package_publishing::{Origin, PackagePublication, PackageStatus};
use sluice_release::{
    ApprovalDecision, ApprovalState, Bump, PlannedItem, ReleaseApproval, ReleasePlan,
    ReleaseStatus, ReleaseTarget,
};
use sluice_schema::{
    ReleaseId,
    events::{
        ApprovalSummary, ContainerImageBuilt, PackagePublished, ReleaseApproved, ReleaseArtifact,
        ReleaseCancelled, ReleaseItem, ReleasePlanned, ReleaseReady, ReleaseRejected,
    },
};

use super::{ModuleWorld, PEOPLE, build::Built};
use crate::maker::{Made, Story, system, touch, user};

/// An approved release.
pub(super) struct Released {
    pub(super) id: ReleaseId,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) digest: String,
    pub(super) commit_sha: String,
    pub(super) image: String,
    pub(super) approved_at: DateTime<Utc>,
}

/// How people decide.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Approved,
    Rejected,
    Cancelled,
    Open,
}

impl ModuleWorld {
    /// Plans a release of the build; answers it when it is approved in time.
    pub(super) fn release(&mut self, story: &mut Story, built: &Built) -> Made<Option<Released>> {
        let ready_at = built.at + self.pause(60, 240) + TimeDelta::seconds(5);
        if self.is_over(ready_at + TimeDelta::seconds(10)) {
            return Ok(None);
        }
        self.releases += 1;
        let version = format!("1.{}.0", self.releases);
        let planned_at = built.at + TimeDelta::seconds(2);
        let mut release = self.plan(story, built, &version, planned_at)?;
        let package = self.publish(story, built, &version, ready_at - TimeDelta::seconds(3))?;
        let image = self.containerise(story, built, &version, ready_at - TimeDelta::seconds(1))?;
        self.ready(story, &mut release, [package, image], ready_at)?;
        let decided_at = ready_at + self.pause(600, 14_400);
        let fate = match self.maker.random.below(100) {
            _ if self.is_over(decided_at + TimeDelta::seconds(120)) => Fate::Open,
            _ if self.character.steady => Fate::Approved,
            0 => Fate::Rejected,
            1 => Fate::Cancelled,
            _ => Fate::Approved,
        };
        self.released = Some(built.build.commit_sha.clone());
        self.notes.clear();
        let released = self.decide(story, &mut release, built, (fate, decided_at))?;
        self.maker.rows.releases.push(release);
        Ok(released)
    }

    fn publish(
        &mut self,
        story: &mut Story,
        built: &Built,
        version: &str,
        at: DateTime<Utc>,
    ) -> Made<ReleaseArtifact> {
        let by = system("package_publishing");
        let build = &built.build;
        let begun = built.at + TimeDelta::seconds(2);
        let mut meta = self.maker.meta(story, begun, &by);
        touch(&mut meta, at, &by);
        let random = &mut self.maker.random;
        let (digest, size) = (random.digest(), 10_000 + random.below(90_000));
        let sha512 = format!("{}{}==", random.trace(), random.trace());
        let it = PackagePublication {
            id: random.id(begun),
            meta,
            feed: self.scene.project.to_string(),
            name: self.package_name(),
            version: version.to_owned(),
            base_version: version.to_owned(),
            automatic: true,
            origin: Origin::Build,
            build_id: Some(build.id),
            repository_id: Some(build.repository_id),
            commit_sha: Some(build.commit_sha.clone()),
            status: PackageStatus::Published,
            code: None,
            reason: None,
            attempts: 1,
            digest: Some(digest.clone()),
            sha512: Some(sha512.clone()),
            size,
            files: 1,
            listed: true,
            published_at: Some(at),
        };
        let event = PackagePublished {
            package_id: it.id,
            feed: it.feed.clone(),
            name: it.name.clone(),
            version: it.version.clone(),
            build_id: it.build_id,
            repository_id: it.repository_id,
            commit_sha: it.commit_sha.clone(),
            digest: digest.clone(),
            sha512,
            size,
        };
        self.maker.tell(story, at, &by, &event)?;
        let artifact = ready("PACKAGE", it.id.to_string(), &it.name, version, digest);
        self.maker.rows.packages.push(it);
        Ok(artifact)
    }

    fn containerise(
        &mut self,
        story: &mut Story,
        built: &Built,
        version: &str,
        at: DateTime<Utc>,
    ) -> Made<ReleaseArtifact> {
        let by = system("container_image");
        let build = &built.build;
        let begun = built.at + TimeDelta::seconds(2);
        let mut meta = self.maker.meta(story, begun, &by);
        touch(&mut meta, at, &by);
        let (tenant, project) = (&self.maker.tenant, &self.maker.project);
        let repository = format!("{tenant}/{project}/{}", self.name);
        let random = &mut self.maker.random;
        let digest = random.digest();
        let reference = format!("{repository}@{digest}");
        let it = ContainerImage {
            id: random.id(begun),
            meta,
            registry: LOCAL.to_owned(),
            name: self.name.clone(),
            build_id: build.id,
            repository_id: build.repository_id,
            commit_sha: build.commit_sha.clone(),
            status: ImageStatus::Built,
            code: None,
            reason: None,
            wanted: None,
            due_at: None,
            attempts: 0,
            base: None,
            base_digest: None,
            requested_tags: Vec::new(),
            digest: Some(digest.clone()),
            reference: Some(reference.clone()),
            tags: vec![version.to_owned(), "latest".to_owned()],
            size: 1_000_000 + random.below(50_000_000),
            config_digest: Some(random.digest()),
            layers: vec![random.digest()],
            sbom_digest: Some(random.digest()),
            provenance_digest: Some(random.digest()),
            built_at: Some(at),
            caused_by: None,
        };
        let event = ContainerImageBuilt {
            image_id: it.id,
            registry: it.registry.clone(),
            name: it.name.clone(),
            build_id: it.build_id,
            repository_id: it.repository_id,
            commit_sha: it.commit_sha.clone(),
            digest: digest.clone(),
            reference: reference.clone(),
            tags: it.tags.clone(),
            size: it.size,
            sbom_digest: it.sbom_digest.clone(),
            provenance_digest: it.provenance_digest.clone(),
        };
        self.maker.tell(story, at, &by, &event)?;
        let artifact = ready("IMAGE", it.id.to_string(), &it.name, &reference, digest);
        self.maker.rows.images.push(it);
        Ok(artifact)
    }

    fn plan(
        &mut self,
        story: &mut Story,
        built: &Built,
        version: &str,
        at: DateTime<Utc>,
    ) -> Made<ReleasePlan> {
        let by = system("release");
        let build = &built.build;
        let artifacts = vec![
            pending("PACKAGE", &self.package_name()),
            pending("IMAGE", &self.name),
        ];
        let item = ReleaseItem {
            module: built.module.clone(),
            build_id: build.id,
            repository_id: build.repository_id,
            repository_name: self.name.clone(),
            commit_sha: build.commit_sha.clone(),
            artifacts,
        };
        let targets = self.scene.environments.iter().map(|it| ReleaseTarget {
            environment_id: it.id,
            environment: it.name.clone(),
            digest: it.target_digest.clone(),
        });
        let breaks = self
            .notes
            .iter()
            .any(|note| note.kind.as_deref() == Some("feat"));
        let mut release = ReleasePlan {
            id: self.maker.random.id(at),
            meta: self.maker.meta(story, at, &by),
            name: self.name.clone(),
            version: version.to_owned(),
            status: ReleaseStatus::Planned,
            items: vec![PlannedItem {
                item,
                branch: build.branch.clone(),
                tests: build.tests,
                coverage: build.coverage,
                previous_sha: self.released.clone(),
            }],
            summary: None,
            notes: self.notes.clone(),
            notes_truncated: false,
            proposed_bump: if breaks { Bump::Minor } else { Bump::Patch },
            content_digest: String::new(),
            targets: targets.collect(),
            manifests: Vec::new(),
            authors: vec![built.author.to_owned()],
            planned_by: built.author.to_owned(),
            planner_names: Vec::new(),
            automatic: true,
            required_approvals: 1,
            void_cause: None,
            approved_at: None,
            closed_by: None,
            closed_reason: None,
        };
        release.seal()?;
        let event = ReleasePlanned {
            release_id: release.id,
            name: release.name.clone(),
            version: release.version.clone(),
            content_digest: release.content_digest.clone(),
            items: items_of(&release),
            planned_by: release.planned_by.clone(),
            automatic: true,
        };
        self.maker.tell(story, at, &by, &event)?;
        Ok(release)
    }

    fn ready(
        &mut self,
        story: &mut Story,
        release: &mut ReleasePlan,
        artifacts: [ReleaseArtifact; 2],
        at: DateTime<Utc>,
    ) -> Made<()> {
        let by = system("release");
        if let Some(planned) = release.items.first_mut() {
            planned.item.artifacts = artifacts.to_vec();
        }
        release.seal()?;
        release.status = ReleaseStatus::PendingApproval;
        touch(&mut release.meta, at, &by);
        let event = ReleaseReady {
            release_id: release.id,
            name: release.name.clone(),
            version: release.version.clone(),
            content_digest: release.content_digest.clone(),
            items: items_of(release),
        };
        self.maker.tell(story, at, &by, &event)?;
        Ok(())
    }

    fn decide(
        &mut self,
        story: &mut Story,
        release: &mut ReleasePlan,
        built: &Built,
        (fate, at): (Fate, DateTime<Utc>),
    ) -> Made<Option<Released>> {
        let author = PEOPLE.iter().position(|it| *it == built.author);
        let other = author.unwrap_or_default() + 1 + self.maker.random.index(PEOPLE.len() - 1);
        let by = user(PEOPLE[other % PEOPLE.len()]);
        match fate {
            Fate::Open => return Ok(None),
            Fate::Cancelled => {
                self.close(
                    release,
                    at,
                    &by,
                    ReleaseStatus::Cancelled,
                    "superseded by hand",
                );
                let event = ReleaseCancelled {
                    release_id: release.id,
                    name: release.name.clone(),
                    version: release.version.clone(),
                    cancelled_by: by.id.clone(),
                    reason: release.closed_reason.clone(),
                };
                self.maker.tell(story, at, &by, &event)?;
                return Ok(None);
            }
            Fate::Rejected | Fate::Approved => {}
        }
        let decision = match fate {
            Fate::Rejected => ApprovalDecision::Rejected,
            _ => ApprovalDecision::Approved,
        };
        let approval = ReleaseApproval {
            id: self.maker.random.id(at),
            meta: self.maker.meta(story, at, &by),
            release_id: release.id,
            approver: by.id.clone(),
            decision,
            reason: "looked at what it brings".to_owned(),
            content_digest: release.content_digest.clone(),
            at,
            expires_at: None,
            state: ApprovalState::Valid,
            cause: None,
        };
        if fate == Fate::Rejected {
            self.close(release, at, &by, ReleaseStatus::Rejected, &approval.reason);
            let event = ReleaseRejected {
                release_id: release.id,
                name: release.name.clone(),
                version: release.version.clone(),
                approval_id: approval.id,
                approver: by.id.clone(),
                reason: approval.reason.clone(),
            };
            self.maker.tell(story, at, &by, &event)?;
            self.maker.rows.approvals.push(approval);
            return Ok(None);
        }
        release.status = ReleaseStatus::Approved;
        release.approved_at = Some(at);
        touch(&mut release.meta, at, &by);
        let event = ReleaseApproved {
            release_id: release.id,
            name: release.name.clone(),
            version: release.version.clone(),
            content_digest: release.content_digest.clone(),
            items: items_of(release),
            approvals: vec![summary_of(&approval)],
        };
        self.maker.tell(story, at, &by, &event)?;
        self.maker.rows.approvals.push(approval);
        Ok(Some(released_of(release, at)))
    }

    fn close(
        &self,
        release: &mut ReleasePlan,
        at: DateTime<Utc>,
        by: &sluice_schema::Actor,
        status: ReleaseStatus,
        reason: &str,
    ) {
        release.status = status;
        release.closed_by = Some(by.id.clone());
        release.closed_reason = Some(reason.to_owned());
        touch(&mut release.meta, at, by);
    }
}

fn released_of(release: &ReleasePlan, at: DateTime<Utc>) -> Released {
    let item = release.items.first().map(|planned| &planned.item);
    let artifacts = item.map(|item| item.artifacts.as_slice());
    let image = artifacts.and_then(|all| all.iter().find(|it| it.kind == "IMAGE"));
    Released {
        id: release.id,
        name: release.name.clone(),
        version: release.version.clone(),
        digest: release.content_digest.clone(),
        commit_sha: item.map(|it| it.commit_sha.clone()).unwrap_or_default(),
        image: image
            .and_then(|it| it.reference.clone())
            .unwrap_or_default(),
        approved_at: at,
    }
}

fn items_of(release: &ReleasePlan) -> Vec<ReleaseItem> {
    release.items.iter().map(|it| it.item.clone()).collect()
}

fn summary_of(it: &ReleaseApproval) -> ApprovalSummary {
    ApprovalSummary {
        approval_id: it.id,
        approver: it.approver.clone(),
        reason: it.reason.clone(),
        approved_at: it.at,
        expires_at: it.expires_at,
    }
}

fn pending(kind: &str, name: &str) -> ReleaseArtifact {
    ReleaseArtifact {
        kind: kind.to_owned(),
        id: None,
        name: name.to_owned(),
        state: "PENDING".to_owned(),
        reference: None,
        digest: None,
        reason: None,
    }
}

fn ready(kind: &str, id: String, name: &str, reference: &str, digest: String) -> ReleaseArtifact {
    ReleaseArtifact {
        id: Some(id),
        state: "READY".to_owned(),
        reference: Some(reference.to_owned()),
        digest: Some(digest),
        ..pending(kind, name)
    }
}
