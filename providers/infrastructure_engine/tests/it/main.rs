//! The local engine on real files, repositories, databases and servers.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod drift;
mod kinds;
mod plans;
mod programs;
mod secrets;
mod servers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use sluice_infrastructure_engine::{
    Applied, EngineEvent, EventSink, Facts, InfrastructureEngine, Limits, LocalEngine,
    LocalEngineConfig, Plan, Program, StackId, State, parse,
};
use sluice_schema::Finding;

/// An engine in a folder of its own, and one stack.
struct Bench {
    root: tempfile::TempDir,
    engine: LocalEngine,
    stack: StackId,
    facts: Facts,
    events: Arc<Events>,
}

#[derive(Default)]
struct Events(Mutex<Vec<EngineEvent>>);

impl EventSink for Events {
    fn event(&self, event: &EngineEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

fn stack(tenant: &str) -> StackId {
    let module = "shop".parse().unwrap();
    StackId::new(
        tenant.parse().unwrap(),
        "web".parse().unwrap(),
        module,
        "prod",
    )
    .unwrap()
}

fn facts() -> Facts {
    Facts {
        stack: stack("acme"),
        files: BTreeMap::new(),
        settings: [("LOG_LEVEL".to_owned(), "warn".to_owned())].into(),
        secrets: BTreeMap::new(),
    }
}

impl Bench {
    fn new() -> Self {
        Self::with(None, None)
    }

    fn with(postgres_url: Option<String>, redis_url: Option<String>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let limits = Limits {
            lock_timeout: std::time::Duration::from_millis(50),
            ..Limits::default()
        };
        let config = LocalEngineConfig {
            root: root.path().to_owned(),
            postgres_url,
            redis_url,
            limits,
        };
        Self {
            engine: LocalEngine::open(config).unwrap(),
            root,
            stack: stack("acme"),
            facts: facts(),
            events: Arc::default(),
        }
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.facts
            .files
            .insert(path.to_owned(), Bytes::from(text.to_owned()));
        self
    }

    fn secret(mut self, name: &str, value: &str) -> Self {
        self.facts.secrets.insert(name.to_owned(), value.to_owned());
        self
    }

    fn program(&self, text: &str) -> Program {
        parse(text, &self.facts).unwrap()
    }

    async fn plan(&self, text: &str) -> Plan {
        self.engine.plan(&self.program(text)).await.unwrap()
    }

    /// Plans and applies; the outcome may be a failure.
    async fn up(&self, text: &str) -> Applied {
        let program = self.program(text);
        let plan = self.engine.plan(&program).await.unwrap();
        let sink: Arc<dyn EventSink> = self.events.clone();
        self.engine
            .apply(&plan, Some(&program), sink)
            .await
            .unwrap()
    }

    /// Plans and applies what must succeed.
    async fn good(&self, text: &str) -> Applied {
        let applied = self.up(text).await;
        assert_eq!(applied.outcome.failure, None);
        applied
    }

    async fn state(&self) -> State {
        self.engine.state(&self.stack).await.unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.engine.resources_folder(&self.stack).join(path)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }
}

/// The rules and lines that a program breaks.
fn broken(text: &str) -> Vec<(u32, String)> {
    let found: Vec<Finding> = parse(text, &facts()).unwrap_err();
    found
        .into_iter()
        .map(|finding| (finding.line.unwrap(), finding.rule))
        .collect()
}

/// The steps of a plan: name and operation.
fn steps(plan: &Plan) -> Vec<(&str, &str)> {
    plan.steps
        .iter()
        .map(|step| (step.urn.rsplit("::").next().unwrap(), step.op.as_str()))
        .collect()
}
