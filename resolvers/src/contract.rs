//! The schema as a contract: golden, described, and enough for every document of the clients.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_graphql::{
    EnumType, Request, ServerError, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};
use serde_json::Value;

use crate::{Options, ServerMode, root::builder, sdl};

fn contract(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../schema")
        .join(path)
}

#[test]
fn the_golden_schema_is_up_to_date() {
    let path = contract("schema.graphql");
    let now = sdl();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == now,
        "schema/schema.graphql is stale: run the tests with UPDATE_GOLDEN=1 and review it"
    );
}

const INTROSPECTION: &str = "{ __schema { types {
    name description
    fields { name description args { name description } }
    inputFields { name description }
    enumValues { name description }
} } }";

#[tokio::test]
async fn everything_in_the_schema_has_a_description() {
    let schema = builder(&Options::default()).finish();
    let answer = schema.execute(INTROSPECTION).await.into_result().unwrap();
    let answer = answer.data.into_json().unwrap();
    let types = answer["__schema"]["types"].as_array().unwrap();
    let mut bare = Vec::new();
    for it in types {
        let name = it["name"].as_str().unwrap();
        if name.starts_with("__") {
            continue;
        }
        // The specification describes its own scalars.
        if !["ID", "Int", "Float", "String", "Boolean"].contains(&name) {
            missing(it, name, &mut bare);
        }
        for field in list(it, "fields") {
            let field_name = format!("{name}.{}", field["name"].as_str().unwrap());
            missing(field, &field_name, &mut bare);
            for arg in list(field, "args") {
                let arg_name = arg["name"].as_str().unwrap();
                missing(arg, &format!("{field_name}({arg_name}:)"), &mut bare);
            }
        }
        for part in list(it, "inputFields").chain(list(it, "enumValues")) {
            let part_name = format!("{name}.{}", part["name"].as_str().unwrap());
            missing(part, &part_name, &mut bare);
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
    assert!(types.len() > 80, "the walk saw {} types", types.len());
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().into_iter().flatten()
}

fn missing(of: &Value, name: &str, bare: &mut Vec<String>) {
    if of["description"].as_str().is_none_or(str::is_empty) {
        bare.push(name.to_owned());
    }
}

/// Ends every request once it is validated, and keeps what the validation said.
#[derive(Clone, Default)]
struct Validated(Arc<Mutex<Vec<String>>>);

impl ExtensionFactory for Validated {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Validated {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        if let Err(errors) = next.run(ctx).await {
            let texts = errors.iter().map(|error| error.message.clone());
            self.0.lock().unwrap().extend(texts);
        }
        Err(vec![ServerError::new("validated", None)])
    }
}

// What the cost of a document depends on.
fn numbers() -> Variables {
    Variables::from_json(
        serde_json::json!({ "first": 1, "limit": 1, "fromLine": 1, "bad": 1, "good": 1, "maxDepth": 1 }),
    )
}

#[tokio::test]
async fn every_document_of_the_clients_is_valid() {
    let kept = Validated::default();
    let schema = builder(&Options::default())
        .extension(kept.clone())
        .finish();
    let folder = fs::read_dir(contract("operations")).unwrap();
    let mut seen = 0;
    for file in folder.map(|entry| entry.unwrap().path()) {
        if file
            .extension()
            .is_none_or(|extension| extension != "graphql")
        {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let request = Request::new(text).variables(numbers());
        let answer = schema.execute(request).await;
        let errors = std::mem::take(&mut *kept.0.lock().unwrap());
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
        let message = &answer.errors[0].message;
        assert_eq!(message, "validated", "{}", file.display());
        let name = file.file_stem().unwrap().to_str().unwrap();
        let head = fs::read_to_string(&file).unwrap();
        let named = ["query ", "mutation ", "subscription "]
            .map(|kind| head.contains(&format!("{kind}{name}")));
        assert!(
            named.contains(&true),
            "{} holds another operation",
            file.display()
        );
        seen += 1;
    }
    assert!(seen > 10, "only {seen} documents");
}

#[tokio::test]
async fn production_shows_no_schema_and_suggests_nothing() {
    let options = Options {
        mode: ServerMode::Production,
        ..Options::default()
    };
    let schema = builder(&options).finish();
    let answer = schema.execute("{ __schema { queryType { name } } }").await;
    assert!(answer.data.to_string().contains("null") || !answer.errors.is_empty());
    assert!(
        !answer.data.to_string().contains("Query"),
        "{:?}",
        answer.data
    );
    let answer = schema.execute("{ viewr { tenant } }").await;
    assert!(!answer.errors[0].message.contains("Did you mean"));
}

// What stands in stores and events is what GraphQL shows.
fn names<E: EnumType, R: From<E>>(text: fn(R) -> &'static str) {
    for item in E::items() {
        assert_eq!(item.name, text(item.value.into()));
    }
}

#[test]
fn enums_show_the_names_that_are_stored() {
    use sluice_build_result as build;
    use sluice_commit as commit;
    use sluice_package_publishing as package;
    use sluice_pipeline_execution as run;
    use sluice_pull_request as pull_request;
    use sluice_release as release;
    use sluice_repository as repository;

    names::<crate::scalars::ErrorCode, _>(sluice_schema::ErrorCode::as_str);
    names::<crate::repository::RepositoryProvider, _>(repository::Provider::as_str);
    names::<crate::repository::RepositoryStatus, _>(repository::RepositoryStatus::as_str);
    names::<crate::repository::RepositoryVisibility, _>(repository::Visibility::as_str);
    names::<crate::branch::BranchStatus, _>(sluice_branch::BranchStatus::as_str);
    names::<crate::commit::CommitStatus, _>(commit::CommitStatus::as_str);
    names::<crate::commit::CommitOrigin, _>(commit::CommitOrigin::as_str);
    names::<crate::commit::CommitChangeKind, _>(commit::ChangeKind::as_str);
    names::<crate::pull_request::PullRequestStatus, _>(pull_request::PullRequestStatus::as_str);
    names::<crate::pull_request::ReviewDecision, _>(pull_request::ReviewDecision::as_str);
    names::<crate::pull_request::CheckState, _>(pull_request::CheckState::as_str);
    names::<crate::pull_request::Mergeability, _>(pull_request::Mergeability::as_str);
    names::<crate::pull_request::MergeStrategy, _>(pull_request::MergeStrategy::as_str);
    names::<crate::pipeline::PipelineStatus, _>(sluice_pipeline_generator::PipelineStatus::as_str);
    names::<crate::pipeline_run::RunStatus, _>(run::RunStatus::as_str);
    names::<crate::pipeline_run::RunOutcome, _>(run::RunOutcome::as_str);
    names::<crate::build_result::BuildStatus, _>(build::BuildStatus::as_str);
    names::<crate::build_result::TestOutcome, _>(build::TestOutcome::as_str);
    names::<crate::build_result::ResultFormat, _>(build::ResultFormat::as_str);
    names::<crate::image::ImageStatus, _>(sluice_container_image::ImageStatus::as_str);
    names::<crate::package::PackageStatus, _>(package::PackageStatus::as_str);
    names::<crate::package::PackageOrigin, _>(package::Origin::as_str);
    names::<crate::release::ReleaseStatus, _>(release::ReleaseStatus::as_str);
    names::<crate::release::ReleaseBump, _>(release::Bump::as_str);
    names::<crate::release::ApprovalDecision, _>(release::ApprovalDecision::as_str);
    names::<crate::release::ApprovalState, _>(release::ApprovalState::as_str);
    names::<crate::blocker::BlockerCode, _>(sluice_schema::BlockerCode::as_str);
}

#[test]
fn enums_of_environments_show_the_names_that_are_stored() {
    use sluice_deployment_manifest as manifest;
    use sluice_environment_promotion as promotion;
    use sluice_gitops_sync as sync;
    use sluice_iac_provisioning as infrastructure;

    names::<crate::infrastructure::InfrastructureStatus, _>(
        infrastructure::InfrastructureStatus::as_str,
    );
    names::<crate::infrastructure::InfrastructureOperation, _>(
        infrastructure::InfrastructureOperation::as_str,
    );
    names::<crate::manifest::ManifestStatus, _>(manifest::ManifestStatus::as_str);
    names::<crate::promotion::PromotionStatus, _>(promotion::PromotionStatus::as_str);
    names::<crate::promotion::PromotionKind, _>(promotion::PromotionKind::as_str);
    names::<crate::promotion::WhenBlocked, _>(promotion::WhenBlocked::as_str);
    names::<crate::gitops::SyncStatus, _>(sync::SyncStatus::as_str);
    names::<crate::gitops::HealthStatus, _>(sync::HealthStatus::as_str);
    names::<crate::gitops::SyncOperation, _>(sync::Operation::as_str);
    names::<crate::gitops::SyncCause, _>(sync::Cause::as_str);
    names::<crate::gitops::AttemptOutcome, _>(sync::AttemptOutcome::as_str);
    names::<crate::gitops::DriftClassification, _>(sync::Classification::as_str);
    names::<crate::gitops::DriftChange, _>(sync::DriftChange::as_str);
}

#[test]
fn enums_of_the_ledger_show_the_names_that_are_stored() {
    names::<crate::ledger::LedgerViolationKind, _>(sluice_ledger::ViolationKind::as_str);
    names::<crate::lineage::LineageKind, _>(sluice_ledger::NodeKind::as_str);
    names::<crate::lineage::LineageRelation, _>(sluice_ledger::Relation::as_str);
    names::<crate::board::DriftState, _>(sluice_ledger::DriftState::as_str);
    names::<crate::reach::ReachState, _>(sluice_ledger::ReachState::as_str);
    names::<crate::reach::ReachStage, _>(sluice_ledger::ReachStage::as_str);
    names::<crate::reach::LandingHow, _>(sluice_ledger::LandingHow::as_str);
}
