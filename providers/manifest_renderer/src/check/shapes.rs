//! The structure of the kinds that modules mostly have, from the OpenAPI schema of Kubernetes 1.37.

use super::pod::TEMPLATE;
use super::shape::{Fields, Shape};
use Shape::{Any, Flag, List, Object, Port, Quantity, Text, Texts, Whole, WholeOrText, Word};

/// The fields of a kind; None for kinds that are not known here.
pub(super) fn of(api_version: &str, kind: &str) -> Option<&'static Fields> {
    match (api_version, kind) {
        ("apps/v1", "Deployment") => Some(&DEPLOYMENT),
        ("v1", "Service") => Some(&SERVICE),
        ("v1", "ConfigMap") => Some(&CONFIG_MAP),
        ("networking.k8s.io/v1", "Ingress") => Some(&INGRESS),
        ("autoscaling/v2", "HorizontalPodAutoscaler") => Some(&AUTOSCALER),
        _ => None,
    }
}

pub(super) static METADATA: Fields = Fields {
    required: &[],
    known: &[
        ("name", Text),
        ("generateName", Text),
        ("namespace", Text),
        ("labels", Texts),
        ("annotations", Texts),
        ("finalizers", List(&Text)),
        ("ownerReferences", List(&Any)),
        ("creationTimestamp", Any),
        ("deletionGracePeriodSeconds", Whole),
        ("deletionTimestamp", Any),
        ("generation", Whole),
        ("managedFields", List(&Any)),
        ("resourceVersion", Text),
        ("selfLink", Text),
        ("uid", Text),
    ],
};

pub(super) static SELECTOR: Fields = Fields {
    required: &[],
    known: &[("matchLabels", Texts), ("matchExpressions", List(&Any))],
};

macro_rules! kind {
    ($name:ident, required $required:expr, $($field:literal: $shape:expr),+ $(,)?) => {
        static $name: Fields = Fields {
            required: $required,
            known: &[
                ("apiVersion", Text),
                ("kind", Text),
                ("metadata", Object(&METADATA)),
                $(($field, $shape)),+
            ],
        };
    };
}

kind!(DEPLOYMENT, required &["spec"], "spec": Object(&DEPLOYMENT_SPEC), "status": Any);
kind!(SERVICE, required &[], "spec": Object(&SERVICE_SPEC), "status": Any);
kind!(CONFIG_MAP, required &[], "data": Texts, "binaryData": Texts, "immutable": Flag);
kind!(INGRESS, required &[], "spec": Object(&INGRESS_SPEC), "status": Any);
kind!(AUTOSCALER, required &[], "spec": Object(&AUTOSCALER_SPEC), "status": Any);

static DEPLOYMENT_SPEC: Fields = Fields {
    required: &["selector", "template"],
    known: &[
        ("minReadySeconds", Whole),
        ("paused", Flag),
        ("progressDeadlineSeconds", Whole),
        ("replicas", Whole),
        ("revisionHistoryLimit", Whole),
        ("selector", Object(&SELECTOR)),
        ("strategy", Object(&STRATEGY)),
        ("template", Object(&TEMPLATE)),
    ],
};

static STRATEGY: Fields = Fields {
    required: &[],
    known: &[
        ("type", Word(&["RollingUpdate", "Recreate"])),
        ("rollingUpdate", Object(&ROLLING)),
    ],
};

static ROLLING: Fields = Fields {
    required: &[],
    known: &[("maxSurge", WholeOrText), ("maxUnavailable", WholeOrText)],
};

static SERVICE_SPEC: Fields = Fields {
    required: &[],
    known: &[
        ("allocateLoadBalancerNodePorts", Flag),
        ("clusterIP", Text),
        ("clusterIPs", List(&Text)),
        ("externalIPs", List(&Text)),
        ("externalName", Text),
        ("externalTrafficPolicy", Word(&["Cluster", "Local"])),
        ("healthCheckNodePort", Whole),
        ("internalTrafficPolicy", Word(&["Cluster", "Local"])),
        ("ipFamilies", List(&Text)),
        ("ipFamilyPolicy", Text),
        ("loadBalancerClass", Text),
        ("loadBalancerIP", Text),
        ("loadBalancerSourceRanges", List(&Text)),
        ("ports", List(&Object(&SERVICE_PORT))),
        ("publishNotReadyAddresses", Flag),
        ("selector", Texts),
        ("sessionAffinity", Word(&["None", "ClientIP"])),
        ("sessionAffinityConfig", Any),
        ("trafficDistribution", Text),
        (
            "type",
            Word(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
        ),
    ],
};

static SERVICE_PORT: Fields = Fields {
    required: &["port"],
    known: &[
        ("appProtocol", Text),
        ("name", Text),
        ("nodePort", Port),
        ("port", Port),
        ("protocol", Word(&["TCP", "UDP", "SCTP"])),
        ("targetPort", WholeOrText),
    ],
};

static INGRESS_SPEC: Fields = Fields {
    required: &[],
    known: &[
        ("defaultBackend", Object(&BACKEND)),
        ("ingressClassName", Text),
        ("rules", List(&Object(&INGRESS_RULE))),
        ("tls", List(&Object(&INGRESS_TLS))),
    ],
};

static INGRESS_TLS: Fields = Fields {
    required: &[],
    known: &[("hosts", List(&Text)), ("secretName", Text)],
};

static INGRESS_RULE: Fields = Fields {
    required: &[],
    known: &[("host", Text), ("http", Object(&INGRESS_HTTP))],
};

static INGRESS_HTTP: Fields = Fields {
    required: &["paths"],
    known: &[("paths", List(&Object(&INGRESS_PATH)))],
};

static INGRESS_PATH: Fields = Fields {
    required: &["backend", "pathType"],
    known: &[
        ("path", Text),
        (
            "pathType",
            Word(&["Exact", "Prefix", "ImplementationSpecific"]),
        ),
        ("backend", Object(&BACKEND)),
    ],
};

static BACKEND: Fields = Fields {
    required: &[],
    known: &[("service", Object(&BACKEND_SERVICE)), ("resource", Any)],
};

static BACKEND_SERVICE: Fields = Fields {
    required: &["name"],
    known: &[("name", Text), ("port", Object(&BACKEND_PORT))],
};

static BACKEND_PORT: Fields = Fields {
    required: &[],
    known: &[("name", Text), ("number", Port)],
};

static AUTOSCALER_SPEC: Fields = Fields {
    required: &["scaleTargetRef", "maxReplicas"],
    known: &[
        ("behavior", Any),
        ("maxReplicas", Whole),
        ("metrics", List(&Object(&METRIC))),
        ("minReplicas", Whole),
        ("scaleTargetRef", Object(&SCALE_TARGET)),
    ],
};

static SCALE_TARGET: Fields = Fields {
    required: &["kind", "name"],
    known: &[("apiVersion", Text), ("kind", Text), ("name", Text)],
};

static METRIC: Fields = Fields {
    required: &["type"],
    known: &[
        (
            "type",
            Word(&[
                "Resource",
                "ContainerResource",
                "Pods",
                "Object",
                "External",
            ]),
        ),
        ("resource", Object(&RESOURCE_METRIC)),
        ("containerResource", Any),
        ("pods", Any),
        ("object", Any),
        ("external", Any),
    ],
};

static RESOURCE_METRIC: Fields = Fields {
    required: &["name", "target"],
    known: &[("name", Text), ("target", Object(&METRIC_TARGET))],
};

static METRIC_TARGET: Fields = Fields {
    required: &["type"],
    known: &[
        ("type", Word(&["Utilization", "Value", "AverageValue"])),
        ("averageUtilization", Whole),
        ("averageValue", Quantity),
        ("value", Quantity),
    ],
};
