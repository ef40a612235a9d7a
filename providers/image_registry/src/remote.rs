//! Images in any registry that speaks the OCI distribution protocol.

mod config;
mod failure;
mod referrers;
mod retry;
mod transfer;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference as Address};
use tokio::sync::{Mutex, MutexGuard};

pub(crate) use config::is_host;
pub use config::{RemoteAuth, RemoteConfig};

use crate::backend::{Backend, BlobSource, Stored};
use crate::build::Document;
use crate::error::DoingIo;
use crate::{
    Descriptor, Digest, ImageError, ImageRepository, Limits, Reference, Result, TagRequest, TagRule,
};
use retry::retrying;

const LOCKS: usize = 64;

/// Keeps images in a registry of the network.
///
/// The protocol has no compare and swap for tags, so a fixed tag is checked and set under a lock
/// of this process; between processes the callers must not give the same version twice at once.
pub struct RemoteRegistry {
    client: Client,
    config: RemoteConfig,
    auth: RegistryAuth,
    limits: Limits,
    locks: Vec<Mutex<()>>,
}

impl std::fmt::Debug for RemoteRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteRegistry")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl RemoteRegistry {
    /// A client of the registry. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ImageError::InvalidConfig`] names the setting and the rule; [`ImageError::Io`] when the
    /// staging folder cannot be made.
    pub fn connect(config: RemoteConfig, limits: Limits) -> Result<Self> {
        config.check()?;
        std::fs::create_dir_all(&config.staging).doing_io("opening the staging folder")?;
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Lost only to another thread that installs one, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let certificates = config.extra_roots.iter().map(|pem| Certificate {
            encoding: CertificateEncoding::Pem,
            data: pem.clone().into_bytes(),
        });
        let settings = ClientConfig {
            protocol: if config.plain_http {
                ClientProtocol::Http
            } else {
                ClientProtocol::Https
            },
            extra_root_certificates: certificates.collect(),
            connect_timeout: Some(Duration::from_secs(10)),
            read_timeout: Some(config.read_timeout),
            user_agent: "sluice",
            ..ClientConfig::default()
        };
        let client = Client::try_from(settings).map_err(|_| ImageError::InvalidConfig {
            field: "extraRoots",
            rule: "they must be PEM certificates",
        })?;
        Ok(Self {
            client,
            auth: config.auth.for_client(),
            config,
            limits,
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
        })
    }

    fn path(&self, repository: &ImageRepository) -> String {
        match &self.config.prefix {
            Some(prefix) => format!("{prefix}/{repository}"),
            None => repository.to_string(),
        }
    }

    /// The address of something in a repository; the client learns the credentials with it.
    async fn address(&self, repository: &ImageRepository, reference: &Reference) -> Address {
        let registry = self.config.registry.clone();
        self.client
            .store_auth_if_needed(&registry, &self.auth)
            .await;
        let path = self.path(repository);
        match reference {
            Reference::Tag(tag) => Address::with_tag(registry, path, tag.to_string()),
            Reference::Digest(digest) => Address::with_digest(registry, path, digest.to_string()),
        }
    }

    /// Held by one task of this process at a time; `what` is something within the repository.
    async fn lock(&self, repository: &ImageRepository, what: &str) -> MutexGuard<'_, ()> {
        let digest = Digest::of(format!("{repository}@{what}").as_bytes()).hex();
        let number = u8::from_str_radix(&digest[..2], 16).unwrap_or(0);
        self.locks[usize::from(number) % LOCKS].lock().await
    }
}

#[async_trait]
impl Backend for RemoteRegistry {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn staging(&self) -> &Path {
        &self.config.staging
    }

    fn name_of(&self, repository: &ImageRepository) -> String {
        format!("{}/{}", self.config.registry, self.path(repository))
    }

    async fn put_blob(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        source: BlobSource,
    ) -> Result<()> {
        // One upload of a blob at a time: the others find it.
        let _lock = self.lock(repository, &blob.digest.to_string()).await;
        if self.has_blob(repository, blob).await? {
            return Ok(());
        }
        retrying(|| self.upload(repository, blob, &source)).await
    }

    async fn share_blob(
        &self,
        from: &ImageRepository,
        to: &ImageRepository,
        blob: &Descriptor,
    ) -> Result<()> {
        let _lock = self.lock(to, &blob.digest.to_string()).await;
        if self.has_blob(to, blob).await? {
            return Ok(());
        }
        retrying(|| self.mount_or_copy(from, to, blob)).await
    }

    async fn blob(
        &self,
        repository: &ImageRepository,
        blob: &Descriptor,
        max: u64,
    ) -> Result<Bytes> {
        retrying(|| self.download(repository, blob, max)).await
    }

    async fn manifest(
        &self,
        repository: &ImageRepository,
        reference: &Reference,
    ) -> Result<Option<Stored>> {
        let address = self.address(repository, reference).await;
        self.fetch(&address).await
    }

    async fn put_manifest(
        &self,
        repository: &ImageRepository,
        manifest: &Document,
        tags: &[TagRequest],
    ) -> Result<bool> {
        let digest = manifest.descriptor.digest;
        let _lock = self.lock(repository, "manifests").await;
        let mut wanted = Vec::new();
        for request in tags {
            let tag = Reference::Tag(request.tag.clone());
            match self.manifest(repository, &tag).await? {
                Some(there) if there.descriptor.digest == digest => {}
                Some(there) if request.rule == TagRule::Fixed => {
                    return Err(ImageError::TagTaken {
                        tag: request.tag.to_string(),
                        digest: there.descriptor.digest,
                    });
                }
                _ => wanted.push(request.tag.to_string()),
            }
        }
        let by_digest = Reference::Digest(digest);
        if tags.is_empty() && self.manifest(repository, &by_digest).await?.is_none() {
            wanted.push(digest.to_string());
        }
        for reference in &wanted {
            self.send(repository, manifest, reference).await?;
        }
        Ok(!wanted.is_empty())
    }

    async fn put_referrer(
        &self,
        repository: &ImageRepository,
        subject: Digest,
        manifest: &Document,
    ) -> Result<()> {
        let _lock = self.lock(repository, "manifests").await;
        let digest = manifest.descriptor.digest.to_string();
        self.send(repository, manifest, &digest).await?;
        self.note_referrer(repository, subject, &manifest.descriptor)
            .await
    }

    async fn referrers_of(
        &self,
        repository: &ImageRepository,
        subject: Digest,
    ) -> Result<Vec<Descriptor>> {
        self.list_referrers(repository, subject).await
    }
}
