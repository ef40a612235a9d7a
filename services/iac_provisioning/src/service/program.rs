//! From the repository to a program.

use std::collections::BTreeMap;

use bytes::Bytes;
use sluice_git_host::{Oid, RepoPath};
use sluice_infrastructure_engine::{
    EngineError, FILE, Facts, MAX_BYTES, MAX_CONTENT_BYTES, Program, StackId, parse, requirements,
};
use sluice_kernel::{ContentDigest, Ctx, directory::EnvironmentView};
use sluice_schema::{ProjectId, events::ReleaseItem};

use super::{Infrastructures, Result};
use crate::{InfrastructureError, InfrastructurePlan, service::targets::Target};

/// Where a program is and what it is read with.
pub(crate) struct Source<'s> {
    project: &'s ProjectId,
    repository: &'s str,
    commit: &'s str,
    module: &'s str,
    environment: &'s str,
    settings: BTreeMap<String, String>,
}

/// What an `infra.yaml` is.
pub(crate) enum Declared {
    /// There is none.
    Nothing,
    /// A program.
    Program(Program),
    /// No program: the digest of its text, and what is wrong.
    Broken(String, InfrastructureError),
}

/// Settings of a module in an environment; the module's own win.
pub(crate) fn settings(
    environment: &EnvironmentView,
    item: &ReleaseItem,
) -> BTreeMap<String, String> {
    let mut settings = environment.configuration.clone();
    let own = item.module.configuration.get(&environment.name);
    settings.extend(own.cloned().unwrap_or_default());
    settings
}

impl<'s> Source<'s> {
    pub(crate) fn of_target(target: &'s Target) -> Self {
        Self {
            project: &target.release.project_id,
            repository: &target.item.repository_name,
            commit: &target.item.commit_sha,
            module: &target.item.module.id,
            environment: &target.environment.name,
            settings: settings(&target.environment, &target.item),
        }
    }

    pub(crate) fn of_plan(plan: &'s InfrastructurePlan) -> Self {
        Self {
            project: &plan.meta.project_id,
            repository: &plan.repository_name,
            commit: &plan.commit_sha,
            module: &plan.module,
            environment: &plan.environment,
            settings: plan.settings.clone(),
        }
    }
}

/// The stack of a module in an environment.
pub(crate) fn stack(
    ctx: &Ctx,
    project: &ProjectId,
    module: &str,
    environment: &str,
) -> Result<StackId> {
    let name = module
        .parse()
        .map_err(|_| InfrastructureError::NotFound("module"))?;
    Ok(StackId::new(
        ctx.tenant().clone(),
        project.clone(),
        name,
        environment,
    )?)
}

impl Infrastructures {
    /// Whether the module has an `infra.yaml`.
    pub(crate) async fn declares(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        item: &ReleaseItem,
    ) -> Result<bool> {
        let found = self
            .file(
                ctx,
                project,
                &item.repository_name,
                &item.commit_sha,
                FILE,
                MAX_BYTES,
            )
            .await?;
        Ok(found.is_some())
    }

    async fn file(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        repository: &str,
        commit: &str,
        path: &str,
        most: usize,
    ) -> Result<Option<Bytes>> {
        let place = RepoPath::new(ctx.tenant().as_str(), project.as_str(), repository)?;
        let commit: Oid = commit.parse()?;
        let found = self
            .ports
            .git
            .read_file(&place, &commit, path, most as u64)
            .await?;
        Ok(found.map(|file| file.bytes))
    }

    /// Reads the program with everything that it needs.
    pub(crate) async fn declared(&self, ctx: &Ctx, source: &Source<'_>) -> Result<Declared> {
        let (project, repository, commit) = (source.project, source.repository, source.commit);
        let found = self
            .file(ctx, project, repository, commit, FILE, MAX_BYTES)
            .await?;
        let Some(bytes) = found else {
            return Ok(Declared::Nothing);
        };
        // What is no text is no YAML either, and is told so with a line.
        let text = String::from_utf8_lossy(&bytes);
        let stack = stack(ctx, project, source.module, source.environment)?;
        let needed = requirements(&text, &stack, &source.settings);
        let mut files = BTreeMap::new();
        for path in needed.files {
            let content = self
                .file(ctx, project, repository, commit, &path, MAX_CONTENT_BYTES)
                .await?;
            files.extend(content.map(|content| (path, content)));
        }
        let secrets = match needed.secrets.is_empty() {
            true => BTreeMap::new(),
            false => {
                let found = self.ports.secrets.secrets(&stack, &needed.secrets).await;
                found.map_err(InfrastructureError::Secrets)?
            }
        };
        let facts = Facts {
            stack,
            files,
            settings: source.settings.clone(),
            secrets,
        };
        Ok(match parse(&text, &facts) {
            Ok(program) => Declared::Program(program),
            Err(findings) => {
                let digest = ContentDigest::of(&bytes).to_string();
                Declared::Broken(digest, EngineError::InvalidProgram(findings).into())
            }
        })
    }
}
