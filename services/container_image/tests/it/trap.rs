//! A registry that does not answer where a test says.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use async_trait::async_trait;
use sluice_image_registry::{
    Attachment, Built, Descriptor, Digest, ImageError, ImageInfo, ImageRegistry, ImageRepository,
    ImageSpec, LayoutRegistry, Reference, Result, TagRequest,
};

/// A step of an image's way into the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Build,
    Attach,
    Tag,
}

/// A layout on disk whose next calls of one step fail, before or after they take effect.
pub(crate) struct Trapped {
    pub(crate) real: LayoutRegistry,
    trap: Mutex<Option<(Step, bool, u32)>>,
}

impl Trapped {
    pub(crate) fn new(real: LayoutRegistry) -> Self {
        Self {
            real,
            trap: Mutex::default(),
        }
    }

    pub(crate) fn fail(&self, step: Step, after: bool, times: u32) {
        *self.trap.lock().unwrap() = Some((step, after, times));
    }

    async fn spring<T>(&self, step: Step, work: impl Future<Output = Result<T>>) -> Result<T> {
        let sprung = {
            let mut trap = self.trap.lock().unwrap();
            match trap.as_mut() {
                Some((at, after, times)) if *at == step && *times > 0 => {
                    *times -= 1;
                    Some(*after)
                }
                _ => None,
            }
        };
        let failed = || ImageError::Unreachable {
            doing: "testing",
            source: "a trap".into(),
        };
        match sprung {
            None => work.await,
            Some(false) => Err(failed()),
            Some(true) => {
                work.await?;
                Err(failed())
            }
        }
    }
}

#[async_trait]
impl ImageRegistry for Trapped {
    fn repository_reference(&self, repository: &ImageRepository) -> String {
        self.real.repository_reference(repository)
    }

    fn layout(&self, repository: &ImageRepository) -> Option<PathBuf> {
        self.real.layout(repository)
    }

    async fn build_and_push(
        &self,
        repository: &ImageRepository,
        spec: ImageSpec,
        tags: &[TagRequest],
    ) -> Result<Built> {
        let work = self.real.build_and_push(repository, spec, tags);
        self.spring(Step::Build, work).await
    }

    async fn tag(
        &self,
        repository: &ImageRepository,
        image: Digest,
        tags: &[TagRequest],
    ) -> Result<bool> {
        let work = self.real.tag(repository, image, tags);
        self.spring(Step::Tag, work).await
    }

    async fn import(
        &self,
        repository: &ImageRepository,
        layout: &Path,
        image: Digest,
        tags: &[TagRequest],
    ) -> Result<bool> {
        self.real.import(repository, layout, image, tags).await
    }

    async fn resolve(&self, repository: &ImageRepository, reference: &Reference) -> Result<Digest> {
        self.real.resolve(repository, reference).await
    }

    async fn inspect(
        &self,
        repository: &ImageRepository,
        reference: &Reference,
    ) -> Result<ImageInfo> {
        self.real.inspect(repository, reference).await
    }

    async fn attach(
        &self,
        repository: &ImageRepository,
        image: Digest,
        attachment: &Attachment,
    ) -> Result<Descriptor> {
        let work = self.real.attach(repository, image, attachment);
        self.spring(Step::Attach, work).await
    }

    async fn referrers(
        &self,
        repository: &ImageRepository,
        image: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>> {
        self.real.referrers(repository, image, artifact_type).await
    }

    async fn attachment(&self, repository: &ImageRepository, digest: Digest) -> Result<Attachment> {
        self.real.attachment(repository, digest).await
    }
}
