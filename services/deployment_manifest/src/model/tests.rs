use sluice_kernel::{Ctx, time_of_micros};
use sluice_manifest_renderer::RenderError;
use sluice_schema::{TypedId, events::ModuleDescription};

use super::*;

fn release() -> ReleaseView {
    ReleaseView {
        id: ReleaseId::generate(),
        project_id: "web".parse().unwrap(),
        module_id: None,
        name: "shop".into(),
        version: "1.0.0".into(),
        status: "APPROVED".into(),
        content_digest: "sha256:r1".into(),
        approvals: Vec::new(),
        required_approvals: 1,
        void_cause: None,
        items: Vec::new(),
        checks: Vec::new(),
        planned_by: "ada".into(),
    }
}

fn item() -> ReleaseItem {
    ReleaseItem {
        module: ModuleDescription {
            id: "shop".into(),
            kind: "library".into(),
            version: "1.0.0".into(),
            ..ModuleDescription::default()
        },
        build_id: TypedId::generate(),
        repository_id: TypedId::generate(),
        repository_name: "shop".into(),
        commit_sha: "a".repeat(40),
        artifacts: Vec::new(),
    }
}

fn environment() -> EnvironmentView {
    EnvironmentView {
        id: EnvironmentId::generate(),
        project_id: "web".parse().unwrap(),
        name: "dev".into(),
        upstream: Vec::new(),
        auto_promote: false,
        self_heal: false,
        namespace: None,
        ingress_domain: None,
        replicas: 1,
        autoscale: None,
        configuration: std::collections::BTreeMap::new(),
        target_digest: "sha256:t".into(),
        retired: false,
    }
}

fn manifest(release: &ReleaseView, draft: &Draft, rank: i64) -> DeploymentManifest {
    let (item, environment) = (item(), environment());
    let subject = Subject {
        release,
        item: &item,
        environment: &environment,
    };
    let ctx = Ctx::for_system("test", "acme".parse().unwrap(), "t", "c");
    let meta = Meta::new(&ctx, time_of_micros(0), "web".parse().unwrap(), None);
    DeploymentManifest::new(ManifestId::generate(), meta, subject, draft, rank)
}

fn draft(digest: &str) -> Draft {
    Draft {
        digest: digest.into(),
        overlay: false,
        content: Ok(content::Content {
            objects: Vec::new(),
            files: Vec::new(),
        }),
    }
}

fn carrier(sha: &str) -> Carrier {
    Carrier {
        repository_id: RepositoryId::generate(),
        repository: "gitops".into(),
        commit_sha: sha.into(),
    }
}

#[test]
fn a_manifest_is_told_once_it_stands_and_only_then() {
    let mut manifest = manifest(&release(), &draft("sha256:a"), 1);
    assert_eq!(manifest.view(), None);
    assert_eq!(manifest.clone().renew(&release(), 2), None);
    let event = manifest.stands(carrier("c1")).unwrap();
    assert_eq!(
        (event.commit_sha.as_str(), event.path.as_str()),
        ("c1", "environments/dev/shop")
    );
    assert_eq!(manifest.stands(carrier("c2")), None);
    assert_eq!(manifest.view().unwrap().commit_sha, "c1");
}

#[test]
fn a_content_that_becomes_the_newest_again_is_told_again() {
    let mut release = release();
    let mut manifest = manifest(&release, &draft("sha256:a"), 1);
    manifest.stands(carrier("c1"));
    assert!(manifest.is_current(&release, 1));
    assert!(!manifest.is_current(&release, 2));
    release.content_digest = "sha256:r2".into();
    assert!(!manifest.is_current(&release, 1));
    assert_eq!(manifest.renew(&release, 3).unwrap().commit_sha, "c1");
    assert!(manifest.is_current(&release, 3));
}

#[test]
fn of_each_module_the_highest_rank_is_the_newest() {
    let release = release();
    let one = manifest(&release, &draft("sha256:a"), 1);
    let two = manifest(&release, &draft("sha256:b"), 2);
    let mut other = manifest(&release, &draft("sha256:c"), 1);
    other.module = "cart".into();
    let found = newest([&two, &other, &one]);
    let digests: Vec<&str> = found.iter().map(|it| it.content_digest.as_str()).collect();
    assert_eq!(digests, ["sha256:c", "sha256:b"]);
}

#[test]
fn what_cannot_be_rendered_keeps_its_findings_and_is_never_told() {
    let error = RenderError::NothingToDeploy {
        module: "shop".into(),
        reason: "it has nothing",
    };
    let refused = Draft::refused(false, &error);
    let mut failed = manifest(&release(), &refused, 1);
    assert_eq!(failed.status, ManifestStatus::Failed);
    assert_eq!(failed.findings[0].rule, "nothing-to-deploy");
    assert_eq!(failed.stands(carrier("c")), None);
    assert_eq!(Draft::refused(false, &error).digest, refused.digest);
}
