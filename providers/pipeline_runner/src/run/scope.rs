//! The variables of a stage or job when it begins.

use crate::expression::{Context, Status, Value};
use crate::plan::{JobPlan, LegPlan, StagePlan, VariablePlan, VariableValue};
use crate::port::RunRequest;
use crate::variables::{Flags, VariableError, Variables};

use super::JobDirs;

/// Expressions of variables cannot ask for the status.
struct NoStatus;

impl Status for NoStatus {
    fn canceled(&self) -> bool {
        false
    }
    fn succeeded(&self, _: &[String]) -> bool {
        true
    }
    fn failed(&self, _: &[String]) -> bool {
        false
    }
    fn succeeded_or_failed(&self, _: &[String]) -> bool {
        true
    }
}

/// Checks the names and values that a request brings.
pub(crate) fn check_names(request: &RunRequest) -> Result<(), VariableError> {
    request_variables(request).map(drop)
}

fn request_variables(request: &RunRequest) -> Result<Variables, VariableError> {
    let mut variables = Variables::default();
    let branch = request.source_branch.as_str();
    let short = branch.strip_prefix("refs/pull/").unwrap_or(branch);
    let short = short.rsplit('/').next().unwrap_or(short);
    for (name, value) in [
        ("Build.BuildId", request.run_id.as_str()),
        ("Build.BuildNumber", &request.build_number),
        ("Build.SourceVersion", &request.source_version),
        ("Build.SourceBranch", branch),
        ("Build.SourceBranchName", short),
        ("Build.Repository.Name", &request.repository_name),
        ("Build.Reason", "Manual"),
        ("System.HostType", "build"),
        ("TF_BUILD", "True"),
        ("CI", "true"),
    ] {
        variables.system(name, value);
    }
    for (name, value) in &request.variables {
        variables.set(name, value, Flags::default())?;
    }
    for (name, value) in &request.secrets {
        variables.set(
            name,
            value,
            Flags {
                secret: true,
                read_only: false,
            },
        )?;
    }
    Ok(variables)
}

/// What the outside of a scope gives to its expressions.
pub(crate) struct Outside {
    pub(crate) dependencies: Value,
    pub(crate) stage_dependencies: Value,
}

/// Builds the variables of a scope layer by layer: the inner layers win.
pub(crate) struct Scope<'a> {
    variables: Variables,
    outside: &'a Outside,
    read_only: Vec<String>,
}

impl<'a> Scope<'a> {
    /// The variables that a stage's condition sees.
    pub(crate) fn stage(
        request: &RunRequest,
        stage: &StagePlan,
        outside: &'a Outside,
    ) -> Result<Self, String> {
        let mut scope = Self {
            variables: Variables::default(),
            outside,
            read_only: Vec::new(),
        };
        scope.variables = request_variables(request).map_err(|error| error.to_string())?;
        scope.variables.system("System.StageName", &stage.name);
        scope
            .variables
            .system("System.StageDisplayName", &stage.display_name);
        scope.variables.system("System.StageAttempt", "1");
        scope.layer(&request.plan.variables)?;
        scope.layer(&stage.variables)?;
        Ok(scope)
    }

    /// Adds the variables of a job, which its condition sees too.
    pub(crate) fn job(mut self, job: &JobPlan) -> Result<Self, String> {
        self.variables.system("System.PhaseName", &job.name);
        self.layer(&job.variables)?;
        Ok(self)
    }

    /// Adds the variables of a leg and of the place where it runs.
    pub(crate) fn leg(
        mut self,
        job: &JobPlan,
        leg: &LegPlan,
        dirs: &JobDirs,
    ) -> Result<Self, String> {
        for (name, value) in &leg.variables {
            let set = self.variables.set(name, value, Flags::default());
            set.map_err(|error| error.to_string())?;
        }
        let name = leg.name.as_deref().unwrap_or(&job.name);
        let id = uuid::Uuid::new_v4().to_string();
        for (key, value) in [
            ("System.JobName", name),
            ("System.JobDisplayName", &job.display_name),
            ("System.JobAttempt", "1"),
            ("System.JobId", &id),
            ("Agent.JobName", &job.display_name),
            ("Agent.OS", os()),
            ("Agent.OSArchitecture", architecture()),
            ("Agent.JobStatus", "Succeeded"),
        ] {
            self.variables.system(key, value);
        }
        for (key, path) in [
            ("Build.SourcesDirectory", &dirs.sources),
            ("Build.Repository.LocalPath", &dirs.sources),
            ("System.DefaultWorkingDirectory", &dirs.sources),
            ("Build.ArtifactStagingDirectory", &dirs.staging),
            ("Build.StagingDirectory", &dirs.staging),
            ("System.ArtifactsDirectory", &dirs.staging),
            ("Build.BinariesDirectory", &dirs.binaries),
            ("Common.TestResultsDirectory", &dirs.results),
            ("Agent.TempDirectory", &dirs.temp),
            ("Agent.BuildDirectory", &dirs.root),
            ("Pipeline.Workspace", &dirs.root),
        ] {
            self.variables.system(key, &path.to_string_lossy());
        }
        Ok(self)
    }

    /// The finished variables.
    pub(crate) fn finish(self) -> Variables {
        let mut variables = self.variables;
        for name in self.read_only {
            variables.lock(&name);
        }
        variables
    }

    fn layer(&mut self, plans: &[VariablePlan]) -> Result<(), String> {
        for plan in plans {
            let value = match &plan.value {
                VariableValue::Text(text) => text.clone(),
                VariableValue::Expression(expr) => {
                    let context = Context {
                        variables: self.variables.object(),
                        dependencies: self.outside.dependencies.clone(),
                        stage_dependencies: self.outside.stage_dependencies.clone(),
                        status: &NoStatus,
                    };
                    let value = context.value(expr).map_err(|error| error.to_string())?;
                    value.as_text().ok_or_else(|| {
                        format!("the variable {} cannot hold an object", plan.name)
                    })?
                }
            };
            let set = self.variables.set(&plan.name, &value, Flags::default());
            set.map_err(|error| error.to_string())?;
            if plan.read_only {
                self.read_only.push(plan.name.clone());
            }
        }
        Ok(())
    }
}

fn os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "Darwin",
        _ => "Linux",
    }
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "ARM64",
        "x86" => "X86",
        _ => "X64",
    }
}
