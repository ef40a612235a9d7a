//! The structure of pods.

use super::shape::{Fields, Shape};
use super::shapes::METADATA;
use Shape::{Any, Flag, List, Object, Port, Quantities, Text, Whole, WholeOrText, Word};

pub(super) static TEMPLATE: Fields = Fields {
    required: &["spec"],
    known: &[("metadata", Object(&METADATA)), ("spec", Object(&POD))],
};

static POD: Fields = Fields {
    required: &["containers"],
    known: &[
        ("activeDeadlineSeconds", Whole),
        ("affinity", Any),
        ("automountServiceAccountToken", Flag),
        ("containers", List(&Object(&CONTAINER))),
        ("dnsConfig", Any),
        ("dnsPolicy", Text),
        ("enableServiceLinks", Flag),
        ("ephemeralContainers", List(&Any)),
        ("hostAliases", List(&Any)),
        ("hostIPC", Flag),
        ("hostNetwork", Flag),
        ("hostPID", Flag),
        ("hostUsers", Flag),
        ("hostname", Text),
        ("hostnameOverride", Text),
        ("imagePullSecrets", List(&Any)),
        ("initContainers", List(&Object(&CONTAINER))),
        ("nodeName", Text),
        ("nodeSelector", Shape::Texts),
        ("os", Any),
        ("overhead", Quantities),
        ("preemptionPolicy", Text),
        ("priority", Whole),
        ("priorityClassName", Text),
        ("readinessGates", List(&Any)),
        ("resourceClaims", List(&Any)),
        ("resources", Object(&RESOURCES)),
        ("restartPolicy", Word(&["Always", "OnFailure", "Never"])),
        ("runtimeClassName", Text),
        ("schedulerName", Text),
        ("schedulingGates", List(&Any)),
        ("schedulingGroup", Any),
        ("securityContext", Object(&POD_SECURITY)),
        ("serviceAccount", Text),
        ("serviceAccountName", Text),
        ("setHostnameAsFQDN", Flag),
        ("shareProcessNamespace", Flag),
        ("subdomain", Text),
        ("terminationGracePeriodSeconds", Whole),
        ("tolerations", List(&Any)),
        ("topologySpreadConstraints", List(&Any)),
        ("volumes", List(&Object(&VOLUME))),
        ("workloadRef", Any),
    ],
};

static POD_SECURITY: Fields = Fields {
    required: &[],
    known: &[
        ("appArmorProfile", Any),
        ("fsGroup", Whole),
        ("fsGroupChangePolicy", Text),
        ("runAsGroup", Whole),
        ("runAsNonRoot", Flag),
        ("runAsUser", Whole),
        ("seLinuxChangePolicy", Text),
        ("seLinuxOptions", Any),
        ("seccompProfile", Any),
        ("supplementalGroups", List(&Whole)),
        ("supplementalGroupsPolicy", Text),
        ("sysctls", List(&Any)),
        ("windowsOptions", Any),
    ],
};

static CONTAINER: Fields = Fields {
    required: &["name", "image"],
    known: &[
        ("args", List(&Text)),
        ("command", List(&Text)),
        ("env", List(&Object(&VARIABLE))),
        ("envFrom", List(&Object(&VARIABLES))),
        ("image", Text),
        (
            "imagePullPolicy",
            Word(&["Always", "IfNotPresent", "Never"]),
        ),
        ("lifecycle", Any),
        ("livenessProbe", Object(&PROBE)),
        ("name", Text),
        ("ports", List(&Object(&CONTAINER_PORT))),
        ("readinessProbe", Object(&PROBE)),
        ("resizePolicy", List(&Any)),
        ("resources", Object(&RESOURCES)),
        ("restartPolicy", Text),
        ("restartPolicyRules", List(&Any)),
        ("securityContext", Object(&SECURITY)),
        ("startupProbe", Object(&PROBE)),
        ("stdin", Flag),
        ("stdinOnce", Flag),
        ("terminationMessagePath", Text),
        ("terminationMessagePolicy", Text),
        ("tty", Flag),
        ("volumeDevices", List(&Any)),
        ("volumeMounts", List(&Object(&MOUNT))),
        ("workingDir", Text),
    ],
};

static SECURITY: Fields = Fields {
    required: &[],
    known: &[
        ("allowPrivilegeEscalation", Flag),
        ("appArmorProfile", Any),
        ("capabilities", Any),
        ("privileged", Flag),
        ("procMount", Text),
        ("readOnlyRootFilesystem", Flag),
        ("runAsGroup", Whole),
        ("runAsNonRoot", Flag),
        ("runAsUser", Whole),
        ("seLinuxOptions", Any),
        ("seccompProfile", Any),
        ("windowsOptions", Any),
    ],
};

static VARIABLE: Fields = Fields {
    required: &["name"],
    known: &[("name", Text), ("value", Text), ("valueFrom", Any)],
};

static VARIABLES: Fields = Fields {
    required: &[],
    known: &[("configMapRef", Any), ("prefix", Text), ("secretRef", Any)],
};

static CONTAINER_PORT: Fields = Fields {
    required: &["containerPort"],
    known: &[
        ("containerPort", Port),
        ("hostIP", Text),
        ("hostPort", Port),
        ("name", Text),
        ("protocol", Word(&["TCP", "UDP", "SCTP"])),
    ],
};

static PROBE: Fields = Fields {
    required: &[],
    known: &[
        ("exec", Any),
        ("failureThreshold", Whole),
        ("grpc", Any),
        ("httpGet", Object(&HTTP_GET)),
        ("initialDelaySeconds", Whole),
        ("periodSeconds", Whole),
        ("successThreshold", Whole),
        ("tcpSocket", Any),
        ("terminationGracePeriodSeconds", Whole),
        ("timeoutSeconds", Whole),
    ],
};

static HTTP_GET: Fields = Fields {
    required: &["port"],
    known: &[
        ("host", Text),
        ("httpHeaders", List(&Any)),
        ("path", Text),
        ("port", WholeOrText),
        ("protocol", Text),
        ("scheme", Word(&["HTTP", "HTTPS"])),
    ],
};

static RESOURCES: Fields = Fields {
    required: &[],
    known: &[
        ("claims", List(&Any)),
        ("limits", Quantities),
        ("requests", Quantities),
    ],
};

static MOUNT: Fields = Fields {
    required: &["name", "mountPath"],
    known: &[
        ("bindMountOptions", Any),
        ("mountPath", Text),
        ("mountPropagation", Text),
        ("name", Text),
        ("readOnly", Flag),
        ("recursiveReadOnly", Text),
        ("subPath", Text),
        ("subPathExpr", Text),
    ],
};

static VOLUME: Fields = Fields {
    required: &["name"],
    known: &[
        ("awsElasticBlockStore", Any),
        ("azureDisk", Any),
        ("azureFile", Any),
        ("cephfs", Any),
        ("cinder", Any),
        ("configMap", Any),
        ("csi", Any),
        ("downwardAPI", Any),
        ("emptyDir", Any),
        ("ephemeral", Any),
        ("fc", Any),
        ("flexVolume", Any),
        ("flocker", Any),
        ("gcePersistentDisk", Any),
        ("gitRepo", Any),
        ("glusterfs", Any),
        ("hostPath", Any),
        ("image", Any),
        ("iscsi", Any),
        ("name", Text),
        ("nfs", Any),
        ("persistentVolumeClaim", Any),
        ("photonPersistentDisk", Any),
        ("portworxVolume", Any),
        ("projected", Any),
        ("quobyte", Any),
        ("rbd", Any),
        ("scaleIO", Any),
        ("secret", Any),
        ("storageos", Any),
        ("vsphereVolume", Any),
    ],
};
