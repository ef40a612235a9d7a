use chrono::DateTime;
use sluice_kernel::Ctx;
use sluice_schema::TypedId;

use super::*;

fn image() -> ContainerImage {
    let ctx = Ctx::for_system("test", "acme".parse().unwrap(), "t", "c");
    let now = DateTime::UNIX_EPOCH;
    let mut image = ContainerImage {
        id: ImageId::generate(),
        meta: Meta::new(&ctx, now, "shop".parse().unwrap(), None),
        registry: LOCAL.to_owned(),
        name: "web".to_owned(),
        build_id: BuildId::generate(),
        repository_id: RepositoryId::generate(),
        commit_sha: "a".repeat(40),
        status: ImageStatus::Pending,
        code: None,
        reason: None,
        wanted: None,
        due_at: None,
        attempts: 0,
        base: None,
        base_digest: None,
        requested_tags: Vec::new(),
        digest: None,
        reference: None,
        tags: Vec::new(),
        size: 0,
        config_digest: None,
        layers: Vec::new(),
        sbom_digest: None,
        provenance_digest: None,
        built_at: None,
        caused_by: None,
    };
    image.begin(&asked(None, &[]), now);
    image
}

fn asked(base: Option<&str>, tags: &[&str]) -> Asked {
    Asked {
        base: base.map(str::to_owned),
        tags: tags.iter().map(ToString::to_string).collect(),
    }
}

fn pushed(digest: &str) -> Pushed {
    Pushed {
        digest: digest.to_owned(),
        reference: format!("acme/shop/web@{digest}"),
        tags: vec!["latest".to_owned()],
        size: 1,
        config_digest: "sha256:c".to_owned(),
        layers: vec!["sha256:l".to_owned()],
        base_digest: None,
        sbom_digest: "sha256:s".to_owned(),
        provenance_digest: "sha256:p".to_owned(),
    }
}

#[test]
fn a_built_image_satisfies_what_asks_for_nothing_else() {
    let mut image = image();
    assert!(image.satisfies(&asked(None, &[])), "it is under way");
    image.built(pushed("sha256:1"), DateTime::UNIX_EPOCH);
    assert!(image.is_settled());
    assert!(image.satisfies(&asked(None, &[])));
    assert!(!image.satisfies(&asked(Some("node:20"), &[])));
    assert!(!image.satisfies(&asked(None, &["blue"])));
}

#[test]
fn a_built_image_stays_ready_while_and_after_a_rebuild_fails() {
    let mut image = image();
    image.built(pushed("sha256:1"), DateTime::UNIX_EPOCH);
    image.begin(&asked(Some("node:20"), &["blue"]), DateTime::UNIX_EPOCH);
    assert_eq!(image.artifact().state, "READY");
    let why = Unbuildable::precondition("no such base");
    assert!(image.failed(&why).is_none(), "nobody needs to know");
    let artifact = image.artifact();
    assert_eq!((artifact.state.as_str(), artifact.reason), ("READY", None));
    assert_eq!(artifact.digest.as_deref(), Some("sha256:1"));
    assert!(!image.satisfies(&asked(Some("node:20"), &[])));
    assert_eq!(image.failure(), Some(why));
}

#[test]
fn another_base_gives_another_digest_to_the_same_image() {
    let mut image = image();
    let first = image.built(pushed("sha256:1"), DateTime::UNIX_EPOCH);
    image.begin(&asked(Some("node:20"), &[]), DateTime::UNIX_EPOCH);
    let second = image.built(pushed("sha256:2"), DateTime::UNIX_EPOCH);
    assert_eq!(first.image_id, second.image_id);
    assert_eq!(image.base.as_deref(), Some("node:20"));
    image.begin(&asked(None, &["blue"]), DateTime::UNIX_EPOCH);
    let kept = image.wanted.as_ref().unwrap();
    assert_eq!(
        kept.base.as_deref(),
        Some("node:20"),
        "unless another is named"
    );
}

#[test]
fn a_failed_image_is_tried_again_without_the_tags_that_it_may_have_failed_for() {
    let mut image = image();
    image.begin(&asked(Some("node:20"), &["taken"]), DateTime::UNIX_EPOCH);
    let told = image.failed(&Unbuildable::precondition("no")).unwrap();
    assert_eq!(told.code, "FAILED_PRECONDITION");
    assert_eq!(image.artifact().state, "FAILED");
    assert!(!image.satisfies(&asked(None, &[])));
    image.begin(&asked(None, &[]), DateTime::UNIX_EPOCH);
    assert_eq!(image.status, ImageStatus::Pending);
    let wanted = image.wanted.clone().unwrap();
    assert_eq!(wanted.base.as_deref(), Some("node:20"));
    assert!(wanted.tags.is_empty());
}
