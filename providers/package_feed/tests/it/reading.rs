//! Reading feeds: versions, content, search, documents.

use std::fs;

use futures::TryStreamExt;
use sluice_package_feed::documents::{
    FeedUrls, SemVerLevel, registration_index, registration_leaf, search_results,
};
use sluice_package_feed::{LocalPackageFeed, PackageFeed, Query};
use sluice_schema::{ErrorCode, Fault};

use crate::fixture::{feed, local, package, rich};

async fn filled(root: &std::path::Path) -> LocalPackageFeed {
    let host = local(root).await;
    for (id, version) in [
        ("Acme.Web", "1.10.0"),
        ("Acme.Web", "1.9.0"),
        ("Acme.Web", "2.0.0-beta.1"),
        ("Acme.Web.Client", "1.0"),
        ("My.Acme.Web", "1.0"),
        ("Other", "1.0-alpha"),
    ] {
        host.push(&feed(), package(id, version, "x").bytes)
            .await
            .unwrap();
    }
    host
}

fn found(page: &sluice_package_feed::SearchPage) -> Vec<String> {
    let text = |hit: &sluice_package_feed::SearchHit| {
        format!("{} {}", hit.latest.metadata.id, hit.latest.metadata.version)
    };
    page.hits.iter().map(text).collect()
}

#[tokio::test]
async fn versions_come_in_the_order_of_semver_whatever_the_case_of_the_id() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    let versions = host
        .versions(&feed(), &"ACME.web".parse().unwrap())
        .await
        .unwrap();
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["1.9.0", "1.10.0", "2.0.0-beta.1"]);
    assert!(
        host.versions(&feed(), &"none".parse().unwrap())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn content_and_description_are_those_of_the_package() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    let (id, version) = ("acme.web".parse().unwrap(), "1.9".parse().unwrap());
    let content = host.open(&feed(), &id, &version).await.unwrap();
    let (size, sha512) = (content.size, content.sha512.clone());
    let bytes = content
        .stream
        .try_collect::<Vec<_>>()
        .await
        .unwrap()
        .concat();
    let packed = package("Acme.Web", "1.9.0", "x");
    assert_eq!(bytes, packed.bytes);
    assert_eq!((size, sha512), (packed.size, packed.sha512));
    let nuspec = host.nuspec(&feed(), &id, &version).await.unwrap();
    assert!(String::from_utf8_lossy(&nuspec).contains("<id>Acme.Web</id>"));
    let missing = "9.9".parse().unwrap();
    assert_eq!(
        host.open(&feed(), &id, &missing)
            .await
            .err()
            .unwrap()
            .code(),
        ErrorCode::NotFound
    );
    assert_eq!(
        host.nuspec(&feed(), &id, &missing)
            .await
            .unwrap_err()
            .code(),
        ErrorCode::NotFound
    );
    assert!(host.find(&feed(), &id, &missing).await.unwrap().is_none());
}

#[tokio::test]
async fn a_search_finds_the_best_match_first_and_pages() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    let query = |text: &str| Query {
        text: text.into(),
        ..Query::default()
    };
    let page = host.search(&feed(), &query("acme.WEB")).await.unwrap();
    assert_eq!(
        found(&page),
        [
            "Acme.Web 2.0.0-beta.1",
            "Acme.Web.Client 1.0.0",
            "My.Acme.Web 1.0.0"
        ]
    );
    assert_eq!(page.total, 3);
    let stable = Query {
        prerelease: false,
        ..query("")
    };
    let page = host.search(&feed(), &stable).await.unwrap();
    assert_eq!(
        found(&page),
        [
            "Acme.Web 1.10.0",
            "Acme.Web.Client 1.0.0",
            "My.Acme.Web 1.0.0"
        ]
    );
    let one = Query {
        semver2: false,
        skip: 1,
        take: 1,
        ..query("web")
    };
    let page = host.search(&feed(), &one).await.unwrap();
    assert_eq!(
        (found(&page), page.total),
        (vec!["Acme.Web.Client 1.0.0".to_owned()], 3)
    );
    assert_eq!(
        host.search(&feed(), &query("web nothing"))
            .await
            .unwrap()
            .total,
        0
    );
}

#[tokio::test]
async fn what_is_not_listed_is_not_found_but_can_be_downloaded() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    let (id, version) = ("Other".parse().unwrap(), "1.0-alpha".parse().unwrap());
    assert!(
        host.set_listed(&feed(), &id, &version, false)
            .await
            .unwrap()
    );
    assert!(
        !host
            .set_listed(&feed(), &id, &version, false)
            .await
            .unwrap()
    );
    let query = Query {
        text: "other".into(),
        ..Query::default()
    };
    assert_eq!(host.search(&feed(), &query).await.unwrap().total, 0);
    assert!(
        !host
            .find(&feed(), &id, &version)
            .await
            .unwrap()
            .unwrap()
            .listed
    );
    assert!(host.open(&feed(), &id, &version).await.is_ok());
    assert_eq!(host.versions(&feed(), &id).await.unwrap().len(), 1);
    // A push of the same does not list it again.
    let pushed = host
        .push(&feed(), package("Other", "1.0-alpha", "x").bytes)
        .await
        .unwrap();
    assert!(pushed.replayed);
    assert_eq!(host.search(&feed(), &query).await.unwrap().total, 0);
    assert!(host.set_listed(&feed(), &id, &version, true).await.unwrap());
    assert!(!host.set_listed(&feed(), &id, &version, true).await.unwrap());
    assert_eq!(host.search(&feed(), &query).await.unwrap().total, 1);
    let missing = "3.0".parse().unwrap();
    let error = host
        .set_listed(&feed(), &id, &missing, true)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn what_others_left_in_a_feed_is_no_package_and_breaks_nothing() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    let project = root.path().join("acme/shop");
    fs::create_dir_all(project.join("broken/1.0.0")).unwrap();
    fs::write(project.join("broken/1.0.0/broken.1.0.0.nupkg"), "junk").unwrap();
    fs::write(project.join("broken/1.0.0/broken.nuspec"), "junk").unwrap();
    fs::create_dir_all(project.join("acme.web/1.0")).unwrap();
    fs::create_dir_all(project.join("acme.web/9.9.9")).unwrap();
    fs::create_dir_all(project.join("UPPER/1.0.0")).unwrap();
    fs::write(project.join("readme.txt"), "x").unwrap();
    assert_eq!(
        host.search(&feed(), &Query::default()).await.unwrap().total,
        4
    );
    assert_eq!(
        host.versions(&feed(), &"acme.web".parse().unwrap())
            .await
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn a_version_that_was_replaced_by_hand_is_read_anew() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    let (id, version) = ("Other".parse().unwrap(), "1.0-alpha".parse().unwrap());
    let nuspec = root.path().join("acme/shop/other/1.0.0-alpha/other.nuspec");
    let description = |host: LocalPackageFeed| {
        let (id, version) = (&id, &version);
        async move {
            host.find(&feed(), id, version)
                .await
                .unwrap()
                .unwrap()
                .metadata
                .description
                .clone()
        }
    };
    assert_eq!(description(host.clone()).await, "What Other does.");
    let xml = fs::read_to_string(&nuspec).unwrap().replace("What", "How");
    fs::write(&nuspec, xml).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    fs::File::options()
        .append(true)
        .open(&nuspec)
        .unwrap()
        .set_modified(later)
        .unwrap();
    assert_eq!(description(host).await, "How Other does.");
}

#[tokio::test]
async fn the_documents_agree_with_each_other() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    let rich = sluice_package_feed::pack(&rich(), &sluice_package_feed::Limits::default()).unwrap();
    host.push(&feed(), rich.bytes).await.unwrap();
    let id = "Acme.Web".parse().unwrap();
    let urls = FeedUrls::new("http://localhost/v3");
    let entries = host.entries(&feed(), &id).await.unwrap();
    let index = registration_index(&urls, SemVerLevel::Two, &entries).unwrap();
    let page = &index["items"][0];
    assert_eq!((&index["count"], &page["count"]), (&1.into(), &4.into()));
    assert_eq!(
        (&page["lower"], &page["upper"]),
        (&"1.2.0-rc.1".into(), &"2.0.0-beta.1".into())
    );
    let first = &page["items"][0];
    let expected = registration_leaf(&urls, SemVerLevel::Two, &entries[0]);
    assert_eq!(first["@id"], expected["@id"]);
    assert_eq!(first["catalogEntry"], expected["catalogEntry"]);
    assert_eq!(
        first["packageContent"],
        "http://localhost/v3/flat/acme.web/1.2.0-rc.1/acme.web.1.2.0-rc.1.nupkg"
    );
    let groups = first["catalogEntry"]["dependencyGroups"]
        .as_array()
        .unwrap();
    assert_eq!(groups[0]["dependencies"][0]["range"], "[13.0.1, 14.0.0)");
    assert_eq!(groups[1]["targetFramework"], "net8.0");
    let plain = registration_index(&urls, SemVerLevel::One, &entries).unwrap();
    assert_eq!(plain["items"][0]["count"], 2);
    assert!(registration_index(&urls, SemVerLevel::Two, &[]).is_none());
    let page = host.search(&feed(), &Query::default()).await.unwrap();
    let results = search_results(&urls, SemVerLevel::Two, &page);
    assert_eq!(results["totalHits"], 4);
    assert_eq!(results["data"][0]["versions"].as_array().unwrap().len(), 4);
    assert_eq!(results["data"][0]["registration"], index["@id"]);
}

#[tokio::test]
async fn the_feeds_of_a_tenant_are_those_with_packages() {
    let root = tempfile::tempdir().unwrap();
    let host = filled(root.path()).await;
    fs::create_dir_all(root.path().join("acme/.hidden")).unwrap();
    assert_eq!(host.feeds(&feed().tenant).await.unwrap(), [feed()]);
    assert!(
        host.feeds(&"globex".parse().unwrap())
            .await
            .unwrap()
            .is_empty()
    );
}
