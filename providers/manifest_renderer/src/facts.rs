//! What is known of a module when its manifests are made.

use std::collections::BTreeMap;

/// What a module is, as far as it matters to Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadKind {
    /// Answers requests: a Deployment with a Service.
    Service,
    /// Works on its own: a Deployment, and a Service only when it has ports.
    Worker,
    /// Code for others: nothing runs, and a ConfigMap says which package is meant.
    Library,
}

/// An image, by content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    /// Registry and repository, for example `registry.example:5000/team/greeter`.
    pub repository: String,
    /// `sha256:` and 64 hex digits.
    pub digest: String,
}

/// How the number of replicas follows the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Autoscale {
    /// Fewest replicas, from 1.
    pub min: u32,
    /// Most replicas, up to 1,000.
    pub max: u32,
    /// Mean CPU load to keep, in per cent of what is requested, 1 to 100.
    pub cpu_percent: u32,
}

/// What a container asks for and may use, as Kubernetes quantities (`50m`, `64Mi`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComputeResources {
    /// CPU asked for.
    pub cpu: String,
    /// Memory asked for.
    pub memory: String,
    /// Most memory before the container is stopped.
    pub memory_limit: String,
}

impl Default for ComputeResources {
    /// 50m of CPU, 64Mi of memory, 256Mi at most.
    fn default() -> Self {
        Self {
            cpu: "50m".to_owned(),
            memory: "64Mi".to_owned(),
            memory_limit: "256Mi".to_owned(),
        }
    }
}

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// As it stands.
    Text(String),
    /// A key of a Secret that the environment holds; the value is never seen here.
    Secret {
        /// The Secret's name.
        name: String,
        /// The key in it.
        key: String,
    },
}

/// How the module is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressFacts {
    /// Host name, for example `greeter.example.org`.
    pub host: String,
    /// Path prefix, starting with `/`.
    pub path: String,
    /// Ingress class; the cluster's default when absent.
    pub class: Option<String>,
    /// The Secret with the certificate; plain HTTP when absent.
    pub tls_secret: Option<String>,
}

/// A published package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFacts {
    /// Its name in the feed.
    pub name: String,
    /// Its version in the feed.
    pub version: String,
    /// `sha256:` and 64 hex digits.
    pub digest: String,
}

/// Everything that a base is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFacts {
    /// The name of all its objects: a DNS label of at most 63 characters.
    pub name: String,
    /// What it is.
    pub kind: WorkloadKind,
    /// Its version, for a label.
    pub version: String,
    /// Its image; required for what runs.
    pub image: Option<ImageReference>,
    /// Its package. What does not run leaves a ConfigMap `<name>-package` that names it beside the settings.
    pub package: Option<PackageFacts>,
    /// Ports that it listens on, the one for HTTP first.
    pub ports: Vec<u16>,
    /// Path of its health check, starting with `/`.
    pub health: Option<String>,
    /// Number of replicas, up to 1,000; not used with `autoscale`.
    pub replicas: u32,
    /// How the number of replicas follows the load.
    pub autoscale: Option<Autoscale>,
    /// What the container asks for.
    pub resources: ComputeResources,
    /// The user id that it runs as, from 1.
    pub run_as_user: u32,
    /// Settings, given to the container as environment variables. A change makes new pods.
    pub config: BTreeMap<String, String>,
    /// Environment variables beside the settings.
    pub env: BTreeMap<String, EnvValue>,
    /// How it is reached from outside; needs a port.
    pub ingress: Option<IngressFacts>,
    /// Namespace of all objects; that of the one who applies them when absent.
    pub namespace: Option<String>,
    /// Labels of all objects.
    pub labels: BTreeMap<String, String>,
    /// Annotations of all objects.
    pub annotations: BTreeMap<String, String>,
}

impl ModuleFacts {
    /// A service called `name` with one replica and nothing else said.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: WorkloadKind, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            version: version.into(),
            image: None,
            package: None,
            ports: Vec::new(),
            health: None,
            replicas: 1,
            autoscale: None,
            resources: ComputeResources::default(),
            run_as_user: 65_532,
            config: BTreeMap::new(),
            env: BTreeMap::new(),
            ingress: None,
            namespace: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }
}
