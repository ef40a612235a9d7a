//! The use cases.

mod directory;

use std::sync::Arc;

use sluice_git_host::{BranchName, GitHost, RepoPath, Signature};
use sluice_kernel::{Ctx, Meta, Outcome};
use sluice_schema::{NewEvent, RepositoryId, Scope};
use sluice_store::{Store, reads};

use crate::{
    ArchiveRepository, ProvisionRepository, Repository, RepositoryError, RepositoryFilter,
    RepositoryOrder, RepositoryStatus, UpdateRepository,
    commands::check_description,
    store::{self, RepositoryList},
};

type Result<T> = std::result::Result<T, RepositoryError>;

/// The repository service; cheap to clone.
#[derive(Clone)]
pub struct Repositories {
    store: Store,
    git: Arc<dyn GitHost>,
    remote_base: Arc<str>,
}

impl Repositories {
    /// A service on `store` and `git`; remote URLs begin with `remote_base`, without a slash
    /// at its end.
    pub fn new(store: Store, git: Arc<dyn GitHost>, remote_base: &str) -> Self {
        Self {
            store,
            git,
            remote_base: remote_base.into(),
        }
    }

    pub(crate) fn git(&self) -> &dyn GitHost {
        self.git.as_ref()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Makes a repository at its provider, with its default branch.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_INPUT`, `CONFLICT` when the name is taken by other settings.
    pub async fn provision(
        &self,
        ctx: &Ctx,
        command: ProvisionRepository,
    ) -> Result<Outcome<Arc<Repository>>> {
        ctx.require(Scope::RepositoriesWrite)?;
        ctx.require_project(&command.project_id)?;
        command.validate(ctx)?;
        if let Some(id) = self.store.recall(ctx, "provisionRepository").await? {
            let id: RepositoryId = id.parse().map_err(|_| RepositoryError::NotFound)?;
            let repository = self.store.list::<RepositoryList>(ctx).by_id(id).await?;
            let repository = repository.ok_or(RepositoryError::NotFound)?;
            return Ok(Outcome::replayed(
                self.finish_provisioning(ctx, repository).await?,
            ));
        }
        let (repository, inserted) = match self.find_matching(ctx, &command).await? {
            Some(existing) => (existing, false),
            None => self.announce(ctx, &command).await?,
        };
        let repository = self.finish_provisioning(ctx, repository).await?;
        Ok(Outcome {
            value: repository,
            replayed: !inserted,
        })
    }

    async fn find_matching(
        &self,
        ctx: &Ctx,
        command: &ProvisionRepository,
    ) -> Result<Option<Repository>> {
        let existing =
            store::find_by_name(&self.store, ctx, &command.project_id, &command.name).await?;
        let Some(existing) = existing else {
            return Ok(None);
        };
        match command.matches(&existing) {
            Ok(()) => Ok(Some(existing)),
            Err(difference) => Err(RepositoryError::NameTaken {
                name: command.name.clone(),
                difference,
            }),
        }
    }

    // The intent: from here on a crash is found and finished by the recovery loop.
    async fn announce(
        &self,
        ctx: &Ctx,
        command: &ProvisionRepository,
    ) -> Result<(Repository, bool)> {
        let now = self.store.clock().now();
        let path = format!(
            "{}/{}/{}.git",
            ctx.tenant(),
            command.project_id,
            command.name
        );
        let repository = Repository {
            id: sluice_schema::TypedId::generate(),
            meta: Meta::new(
                ctx,
                now,
                command.project_id.clone(),
                command.module_id.clone(),
            ),
            name: command.name.clone(),
            description: command.description.clone(),
            provider: command.provider(),
            remote_url: format!("{}/git/{path}", self.remote_base),
            default_branch: command.default_branch().to_owned(),
            visibility: command.visibility(),
            status: RepositoryStatus::Provisioning,
        };
        let tx = self.store.begin(ctx).await?;
        let saved = match store::insert(&tx, &repository).await {
            Ok(()) => {
                tx.remember("provisionRepository", &repository.id.to_string())
                    .await
            }
            refused => refused,
        };
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok((repository, true))
            }
            Err(error) if error.is_unique() => {
                // Somebody else announced it at the same time: theirs is the one.
                drop(tx);
                let theirs = self.find_matching(ctx, command).await?;
                Ok((theirs.ok_or(error)?, false))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Acts on the intent and records the outcome; whoever finds a repository that is still
    /// being provisioned helps to finish it, and exactly one of the helpers announces it.
    pub(crate) async fn finish_provisioning(
        &self,
        ctx: &Ctx,
        mut repository: Repository,
    ) -> Result<Arc<Repository>> {
        if repository.status != RepositoryStatus::Provisioning {
            return Ok(Arc::new(repository));
        }
        let meta = &repository.meta;
        let path = RepoPath::new(
            meta.tenant_id.as_str(),
            meta.project_id.as_str(),
            &repository.name,
        )?;
        let branch: BranchName = repository.default_branch.parse()?;
        let signature = Signature {
            name: "Sluice".to_owned(),
            email: "sluice@localhost".to_owned(),
            time: meta.created_at,
        };
        let provisioned = self.git.provision(&path, &branch, &signature).await?;
        let event = repository.provisioned(provisioned.head.to_string());
        repository.meta.touch(ctx, self.store.clock().now());
        let event = NewEvent::of(
            &repository.meta.project_id,
            repository.meta.module_id.as_ref(),
            &event,
        )?;
        let tx = self.store.begin(ctx).await?;
        match store::update(&tx, &mut repository).await {
            Ok(()) => {
                tx.commit([event]).await?;
                Ok(Arc::new(repository))
            }
            Err(error) if error.is_race() => {
                drop(tx);
                Ok(Arc::new(self.load(ctx, repository.id).await?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Changes a repository's settings.
    ///
    /// # Errors
    /// `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when archived, `VERSION_CONFLICT`.
    pub async fn update(
        &self,
        ctx: &Ctx,
        command: UpdateRepository,
    ) -> Result<Outcome<Arc<Repository>>> {
        ctx.require(Scope::RepositoriesWrite)?;
        check_description(
            command
                .description
                .as_ref()
                .and_then(|text| text.as_deref()),
        )?;
        let mut repository = self.load(ctx, command.repository_id).await?;
        if let Some(expected) = command.expected_version {
            repository.meta.ensure_version("Repository", expected)?;
        }
        let changed = repository.update(command.description, command.visibility)?;
        self.save(ctx, repository, changed).await
    }

    /// Ends a repository's changes.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FAILED_PRECONDITION` while it is being provisioned.
    pub async fn archive(
        &self,
        ctx: &Ctx,
        command: ArchiveRepository,
    ) -> Result<Outcome<Arc<Repository>>> {
        ctx.require(Scope::RepositoriesWrite)?;
        let mut repository = self.load(ctx, command.repository_id).await?;
        let changed = repository.archive()?;
        self.save(ctx, repository, changed).await
    }

    async fn save<P: sluice_schema::EventPayload>(
        &self,
        ctx: &Ctx,
        mut repository: Repository,
        changed: Option<P>,
    ) -> Result<Outcome<Arc<Repository>>> {
        let Some(event) = changed else {
            return Ok(Outcome::replayed(Arc::new(repository)));
        };
        repository.meta.touch(ctx, self.store.clock().now());
        let event = NewEvent::of(
            &repository.meta.project_id,
            repository.meta.module_id.as_ref(),
            &event,
        )?;
        let tx = self.store.begin(ctx).await?;
        store::update(&tx, &mut repository).await?;
        tx.commit([event]).await?;
        Ok(Outcome::done(Arc::new(repository)))
    }

    async fn load(&self, ctx: &Ctx, id: RepositoryId) -> Result<Repository> {
        self.store
            .list::<RepositoryList>(ctx)
            .by_id(id)
            .await?
            .ok_or(RepositoryError::NotFound)
    }
}

reads! {
    Repositories: RepositoryList(RepositoryFilter, RepositoryOrder) of Repository by RepositoryId or RepositoryError, else RepositoryError::NotFound;
}
