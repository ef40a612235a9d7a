use serde_json::{Value, json};
use sluice_schema::Scope;
use sluice_testkit::User;

use crate::world::{World, id};

const CHAIN: &str = "query($id: ID!) { buildResult(id: $id) {
    module { package { name artifact } image { entrypoint port } ports health
        configuration { environment settings { name value } } }
    package { id name packageVersion status installCommand build { id } repository { id }
        releases { id } project { id } }
    image { id name status digest sbom provenance build { id } repository { id }
        releases { id } }
    releases { id name releaseVersion status automatic requiredApprovals plannedBy
        notes { subject } checks { name succeeded } targets { environment }
        items { module { id } build { id } repository { name } commit { sha }
            artifacts { kind state digest reference package { id } image { id } } } }
    repository { project { id version } packages { nodes { id } } images { nodes { id } } }
} }";

#[tokio::test(flavor = "multi_thread")]
async fn a_build_leads_to_its_package_image_and_release_and_each_leads_back() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let build = world.module_build(&repository, "shop").await;
    let release = world.release(&build).await;
    let answer = world.send(CHAIN, json!({ "id": build })).await;
    let node = &answer.data()["buildResult"];
    assert_eq!(node["module"]["image"]["port"], 8080);
    let settings = json!([{ "environment": "prod",
        "settings": [{ "name": "LOG", "value": "warn" }] }]);
    assert_eq!(node["module"]["configuration"], settings);
    let (package, image) = (&node["package"], &node["image"]);
    assert_eq!(package["status"], "PUBLISHED");
    let command = "dotnet add package shop --version 1.0.0 \
                   --source http://localhost/nuget/web/v3/index.json";
    assert_eq!(package["installCommand"], command);
    assert_eq!(image["status"], "BUILT");
    for (name, text) in [("sbom", "CycloneDX"), ("provenance", "slsa")] {
        assert!(image[name].as_str().unwrap().contains(text), "{image:#}");
    }
    for made in [package, image] {
        assert_eq!(made["build"]["id"], build.as_str());
        assert_eq!(made["repository"]["id"], repository.as_str());
        assert_eq!(made["releases"], json!([{ "id": release }]));
    }
    let plan = &node["releases"][0];
    assert_eq!(plan["id"], release.as_str());
    assert_eq!(
        (&plan["name"], &plan["plannedBy"]),
        (&json!("shop"), &json!("ada"))
    );
    assert_eq!(plan["status"], "PENDING_APPROVAL");
    let item = &plan["items"][0];
    assert_eq!(item["build"]["id"], build.as_str());
    assert_eq!(item["repository"]["name"], "shop");
    for artifact in item["artifacts"].as_array().unwrap() {
        assert_eq!(artifact["state"], "READY");
        let (is, other) = match artifact["kind"].as_str() {
            Some("PACKAGE") => (("package", package), "image"),
            _ => (("image", image), "package"),
        };
        assert_eq!(artifact[is.0]["id"], is.1["id"]);
        assert_eq!(artifact[other], Value::Null);
    }
    assert_eq!(item["artifacts"].as_array().unwrap().len(), 2);
    let of_repository = &node["repository"];
    assert_eq!(of_repository["packages"]["nodes"][0]["id"], package["id"]);
    assert_eq!(of_repository["images"]["nodes"][0]["id"], image["id"]);
    assert_eq!(
        of_repository["project"],
        json!({ "id": "web", "version": 0 })
    );
}

const APPROVE: &str = "mutation($id: ID!, $digest: String) { payload: approveRelease(input: {
    releaseId: $id, reason: \"tried it\", contentDigest: $digest }) {
    replayed release { status approvals { approver state } }
    approval { id approver decision reason state release { id } }
    userErrors { code message path } } }";

#[tokio::test(flavor = "multi_thread")]
async fn others_decide_on_a_release_and_the_planner_does_not() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let build = world.module_build(&repository, "shop").await;
    let release = world.release(&build).await;
    let vars = json!({ "id": release });
    let refused = world.send(APPROVE, vars.clone()).await;
    let refused = &refused.data()["payload"];
    assert_eq!(refused["userErrors"][0]["code"], "APPROVER_NOT_ELIGIBLE");
    assert_eq!(
        (&refused["release"], &refused["approval"]),
        (&json!(null), &json!(null))
    );
    let bob = User::of("acme", "bob");
    let other = json!({ "id": release, "digest": format!("sha256:{}", "0".repeat(64)) });
    let stale = world.send_as(bob.ctx(), APPROVE, other).await;
    assert_eq!(stale.data()["payload"]["userErrors"][0]["code"], "CONFLICT");
    let first = world.send_as(bob.ctx(), APPROVE, vars.clone()).await;
    let first = &first.data()["payload"];
    assert_eq!(first["replayed"], false);
    assert_eq!(first["release"]["status"], "APPROVED");
    assert_eq!(
        first["release"]["approvals"],
        json!([{ "approver": "bob", "state": "VALID" }])
    );
    assert_eq!(first["approval"]["release"]["id"], release.as_str());
    assert_eq!(first["approval"]["reason"], "tried it");
    let again = world.send_as(bob.ctx(), APPROVE, vars).await;
    let again = &again.data()["payload"];
    assert_eq!(again["replayed"], true);
    assert_eq!(again["approval"]["id"], first["approval"]["id"]);
    let reject = "mutation($id: ID!) { payload: rejectRelease(input: {
        releaseId: $id, reason: \"it leaks\" }) {
        release { status closedBy closedReason } approval { approver decision } } }";
    let vars = json!({ "id": release });
    let rejected = world
        .send_as(User::of("acme", "eve").ctx(), reject, vars)
        .await;
    let rejected = &rejected.data()["payload"];
    assert_eq!(rejected["release"]["status"], "REJECTED");
    assert_eq!(
        rejected["approval"],
        json!({ "approver": "eve", "decision": "REJECTED" })
    );
    let input = json!({ "releaseId": release });
    let refused = world.command("cancelRelease", "release", input).await;
    assert_eq!(refused["userErrors"][0]["code"], "FAILED_PRECONDITION");
}

const RELEASES: &str = "query($first: Int!) { releases(first: $first) { totalCount nodes {
    id project { policies { requiredApprovals } }
    approvals { approver release { id } }
    items { build { id package { id } image { id } releases { id } } repository { name }
        commit { releases { id } }
        artifacts { package { build { id } } image { build { id } } } }
} } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_releases_costs_as_many_statements_for_two_as_for_ten() {
    let world = World::new().await;
    let bob = User::of("acme", "bob");
    for name in ["a", "b"] {
        let repository = world.repository(name).await;
        for _ in 0..5 {
            let build = world.module_build(&repository, name).await;
            let release = world.release(&build).await;
            let approved = world.send_as(bob.ctx(), APPROVE, json!({ "id": release }));
            assert_eq!(
                approved.await.data()["payload"]["release"]["status"],
                "APPROVED"
            );
        }
    }
    let two = world.send(RELEASES, json!({ "first": 2 })).await;
    let ten = world.send(RELEASES, json!({ "first": 10 })).await;
    let nodes = ten.data()["releases"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 10);
    for node in nodes {
        assert_eq!(node["approvals"][0]["release"]["id"], node["id"]);
        let item = &node["items"][0];
        assert_eq!(
            item["artifacts"][0]["package"]["build"]["id"],
            item["build"]["id"]
        );
        assert_eq!(
            item["artifacts"][1]["image"]["build"]["id"],
            item["build"]["id"]
        );
        assert_eq!(item["build"]["releases"][0]["id"], node["id"]);
    }
    assert_eq!(two.data()["releases"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(two.statements, ten.statements);
    assert!(ten.statements <= 16, "{} statements", ten.statements);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_configured_by_parts_and_null_is_not_absent() {
    let world = World::new().await;
    let query = "query($id: ID!) { project(id: $id) { id version updatedBy
        policies { requiredApprovals approvers autoPlanReleases } releases { totalCount } } }";
    let web = json!({ "id": "web" });
    let fresh = world.send(query, web.clone()).await;
    let fresh = &fresh.data()["project"];
    assert_eq!(
        (&fresh["version"], &fresh["updatedBy"]),
        (&json!(0), &json!(null))
    );
    let configure = "mutation($input: ConfigureProjectInput!) {
        configureProject(input: $input) { replayed
            project { version policies { requiredApprovals approvers autoPlanReleases } }
            userErrors { code path } } }";
    let send = async |input: Value| {
        let answer = world.send(configure, json!({ "input": input })).await;
        answer.data()["configureProject"].clone()
    };
    let done = send(json!({ "projectId": "web", "approvers": ["bob"] })).await;
    assert_eq!(done["project"]["policies"]["approvers"], json!(["bob"]));
    let done = send(json!({ "projectId": "web", "autoPlanReleases": false })).await;
    assert_eq!(done["project"]["policies"]["approvers"], json!(["bob"]));
    let again = send(json!({ "projectId": "web", "autoPlanReleases": false })).await;
    assert_eq!(
        (&again["replayed"], &again["project"]),
        (&json!(true), &done["project"])
    );
    let done = send(json!({ "projectId": "web", "approvers": null })).await;
    assert_eq!(done["project"]["policies"]["approvers"], Value::Null);
    let stale = send(json!({ "projectId": "web", "expectedVersion": 1 })).await;
    assert_eq!(stale["userErrors"][0]["code"], "VERSION_CONFLICT");
    let wrong = send(json!({ "projectId": "web", "releaseBranches": ["main", "a..b"] })).await;
    let path = json!(["input", "releaseBranches", "1"]);
    assert_eq!(wrong["userErrors"][0]["path"], path);
    let stranger = User::of("acme", "eve").in_projects(&["api"]);
    let unseen = world.send_as(stranger.ctx(), query, web).await;
    assert_eq!(unseen.data()["project"], Value::Null);
    let malformed = world.send(query, json!({ "id": "No Project" })).await;
    assert_eq!(malformed.error("code"), "INVALID_INPUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_packages_images_and_releases_name_their_field() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let bare = world.build(&repository, "1").await;
    let unknown = "build_00000000000000000000000000";
    for (command, object, build, code) in [
        (
            "publishPackage",
            "packagePublication",
            bare.as_str(),
            "FAILED_PRECONDITION",
        ),
        (
            "buildContainerImage",
            "containerImage",
            &bare,
            "FAILED_PRECONDITION",
        ),
        ("publishPackage", "packagePublication", unknown, "NOT_FOUND"),
        (
            "buildContainerImage",
            "containerImage",
            unknown,
            "NOT_FOUND",
        ),
        (
            "publishPackage",
            "packagePublication",
            "shop",
            "INVALID_INPUT",
        ),
    ] {
        let refused = world
            .command(command, object, json!({ "buildId": build }))
            .await;
        let error = &refused["userErrors"][0];
        assert_eq!(error["code"], code, "{command} {build}: {refused:#}");
        assert_eq!(error["blockers"], json!([]));
    }
    let input = json!({ "buildIds": [bare, "shop"] });
    let refused = world.command("planRelease", "release", input).await;
    let path = json!(["input", "buildIds", "1"]);
    assert_eq!(refused["userErrors"][0]["path"], path);
    let build = world.module_build(&repository, "shop").await;
    let refused = world.plan(&build, json!("one")).await;
    assert_eq!(
        refused["userErrors"][0]["path"],
        json!(["input", "version"])
    );
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]);
    let query = "mutation($id: ID!) { publishPackage(input: { buildId: $id }) { replayed } }";
    let refused = world
        .send_as(reader.ctx(), query, json!({ "id": build }))
        .await;
    assert_eq!(refused.error("code"), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_and_notes_are_as_long_as_the_caller_takes() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let build = world.module_build(&repository, "shop").await;
    let release = world.release(&build).await;
    let texts = "query($id: ID!, $max: Int!) { buildResult(id: $id) {
        image { sbom(maxBytes: $max) } } }";
    for (max, code) in [(0, "INVALID_INPUT"), (10, "LIMIT_EXCEEDED")] {
        let refused = world.send(texts, json!({ "id": build, "max": max })).await;
        assert_eq!(refused.error("code"), code);
        assert_eq!(refused.error("field"), "maxBytes");
    }
    let notes = "query($id: ID!, $first: Int!) { release(id: $id) {
        notesCount notesTruncated notes(first: $first) { sha } } }";
    let refused = world
        .send(notes, json!({ "id": release, "first": 501 }))
        .await;
    assert_eq!(refused.error("code"), "INVALID_INPUT");
    let answer = world
        .send(notes, json!({ "id": release, "first": 1 }))
        .await;
    let shown = answer.data()["release"]["notes"].as_array().unwrap().len();
    assert!(shown <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_images_releases_and_decisions_are_nodes_of_their_tenant() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let build = world.module_build(&repository, "shop").await;
    let of_build = json!({ "buildId": build });
    let package = world.command("publishPackage", "packagePublication", of_build.clone());
    let package = id(&package.await);
    let image = world.command("buildContainerImage", "containerImage", of_build);
    let image = id(&image.await);
    let release = world.release(&build).await;
    let bob = User::of("acme", "bob");
    let approved = world
        .send_as(bob.ctx(), APPROVE, json!({ "id": release }))
        .await;
    let approval = &approved.data()["payload"]["approval"]["id"];
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
        ... on Aggregate { tenantId moduleId version } } }";
    let ids = json!({ "ids": [package, image, release, approval] });
    let answer = world.send(query, ids.clone()).await;
    let nodes = answer.data()["nodes"].as_array().unwrap();
    let kinds: Vec<&str> = nodes
        .iter()
        .map(|node| node["__typename"].as_str().unwrap())
        .collect();
    let expected = [
        "PackagePublication",
        "ContainerImage",
        "ReleasePlan",
        "ReleaseApproval",
    ];
    assert_eq!(kinds, expected);
    assert!(nodes.iter().all(|node| node["tenantId"] == "acme"));
    for user in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let answer = world.send_as(user.ctx(), query, ids.clone()).await;
        assert_eq!(answer.data()["nodes"], json!([null, null, null, null]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_packages_images_and_releases_filter_and_sort() {
    let world = World::new().await;
    for name in ["a", "b"] {
        let repository = world.repository(name).await;
        let build = world.module_build(&repository, name).await;
        world.release(&build).await;
    }
    let query = "query($module: ID!) {
        packagePublications(filter: { moduleId: $module, status: PUBLISHED, version: \"1.0.0\" },
            orderBy: { field: NAME }) { totalCount nodes { name } }
        containerImages(filter: { moduleId: $module, registry: \"local\" },
            orderBy: { field: NAME }) { totalCount nodes { name } }
        releases(filter: { moduleId: $module, status: PENDING_APPROVAL },
            orderBy: { field: VERSION, direction: DESC }) { totalCount nodes { name } } }";
    let answer = world.send(query, json!({ "module": "b" })).await;
    for list in ["packagePublications", "containerImages", "releases"] {
        let list = &answer.data()[list];
        assert_eq!(
            *list,
            json!({ "totalCount": 1, "nodes": [{ "name": "b" }] })
        );
    }
    let query = "{ repositories(orderBy: { field: NAME }) { nodes { name
        packages { totalCount nodes { name } } images { nodes { name } } } } }";
    let answer = world.send(query, json!({})).await;
    for node in answer.data()["repositories"]["nodes"].as_array().unwrap() {
        assert_eq!(node["packages"]["nodes"][0]["name"], node["name"]);
        assert_eq!(node["images"]["nodes"][0]["name"], node["name"]);
    }
    assert_eq!(answer.statements, 4);
}
