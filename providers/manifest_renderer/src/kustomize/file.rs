//! `kustomization.yaml`, read whole and strictly: a field that nobody reads is an error.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::Fields;
use super::select::Selector;
use crate::error::{RenderError, Result};

/// What one kustomization says.
#[derive(Debug, Default)]
pub(super) struct Kustomization {
    pub(super) component: bool,
    pub(super) resources: Vec<String>,
    pub(super) components: Vec<String>,
    pub(super) namespace: String,
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) labels: Vec<LabelRule>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) config_maps: Vec<ConfigMapSpec>,
    pub(super) patches: Vec<PatchSpec>,
    /// `patchesJson6902`: after everything that names and labels.
    pub(super) late_patches: Vec<PatchSpec>,
    pub(super) images: Vec<ImageRule>,
    pub(super) replicas: Vec<ReplicaRule>,
    /// Keep the order in which objects came, instead of sorting them by kind.
    pub(super) as_they_came: bool,
}

/// Labels to set, and where.
#[derive(Debug, Default)]
pub(super) struct LabelRule {
    pub(super) pairs: BTreeMap<String, String>,
    pub(super) selectors: bool,
    pub(super) templates: bool,
}

/// One entry of `configMapGenerator`, with the file's `generatorOptions` worked in.
#[derive(Debug, Default)]
pub(super) struct ConfigMapSpec {
    pub(super) at: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) behavior: Behavior,
    pub(super) literals: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) envs: Vec<String>,
    pub(super) options: GeneratorOptions,
}

/// What a generated object does to one that is there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behavior {
    /// It must be the first.
    #[default]
    Create,
    /// It takes the place.
    Replace,
    /// Its keys are added.
    Merge,
}

/// How generated objects look.
#[derive(Debug, Default, Clone)]
pub(super) struct GeneratorOptions {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) no_hash: bool,
    pub(super) immutable: bool,
}

/// Where a patch's text is.
#[derive(Debug)]
pub(super) enum PatchSource {
    Inline(String),
    Path(String),
    /// `patchesStrategicMerge`: a path, or else the text itself.
    Either(String),
}

/// One patch.
#[derive(Debug)]
pub(super) struct PatchSpec {
    pub(super) at: String,
    pub(super) source: PatchSource,
    pub(super) target: Option<Selector>,
    pub(super) rename: bool,
    pub(super) change_kind: bool,
}

/// One entry of `images`.
#[derive(Debug)]
pub(super) struct ImageRule {
    pub(super) name: String,
    pub(super) new_name: Option<String>,
    pub(super) new_tag: Option<String>,
    pub(super) digest: Option<String>,
}

/// One entry of `replicas`.
#[derive(Debug)]
pub(super) struct ReplicaRule {
    pub(super) at: String,
    pub(super) name: String,
    pub(super) count: i64,
}

/// Fields of Kustomize that are not taken, with the reason.
const REFUSED: [(&str, &str); 11] = [
    (
        "secretGenerator",
        "secrets are references; name a Secret that the environment holds",
    ),
    ("replacements", "write a patch instead"),
    ("vars", "write a patch instead"),
    ("helmCharts", "render the chart before it is committed"),
    ("helmGlobals", "render the chart before it is committed"),
    (
        "helmChartInflationGenerator",
        "render the chart before it is committed",
    ),
    ("generators", "programs are not run while rendering"),
    ("transformers", "programs are not run while rendering"),
    ("validators", "programs are not run while rendering"),
    (
        "configurations",
        "only the kinds of Kubernetes itself are known",
    ),
    (
        "buildMetadata",
        "the commit that holds the manifests says where they come from",
    ),
];

/// Reads the one document of a kustomization.
pub(super) fn read(file: &str, documents: Vec<Value>) -> Result<Kustomization> {
    let mut documents = documents.into_iter();
    let (Some(first), None) = (documents.next(), documents.next()) else {
        let rule = "must hold one document that is not empty";
        return Err(RenderError::field(file, "the file", rule));
    };
    let mut fields = Fields::root(file, first)?;
    for (name, reason) in REFUSED {
        fields.refuse(name, reason)?;
    }
    fields.refuse("crds", "only the kinds of Kubernetes itself are known")?;
    fields.refuse("openapi", "only the kinds of Kubernetes itself are known")?;
    let mut read = Kustomization {
        component: component(&mut fields)?,
        ..Kustomization::default()
    };
    fields.ignore("metadata");
    naming(&mut fields, &mut read)?;
    labels(&mut fields, &mut read)?;
    config_maps(&mut fields, &mut read)?;
    patches(&mut fields, &mut read)?;
    images(&mut fields, &mut read)?;
    for mut entry in fields.sections("replicas")? {
        let name = entry.required("name")?;
        let Some(count) = entry.whole("count")?.filter(|count| *count >= 0) else {
            return Err(entry.invalid("count", "must be a whole number from 0"));
        };
        let at = entry.at().to_owned();
        entry.finish()?;
        read.replicas.push(ReplicaRule { at, name, count });
    }
    fields.finish()?;
    Ok(read)
}

fn component(fields: &mut Fields<'_>) -> Result<bool> {
    let kind = fields
        .text("kind")?
        .unwrap_or_else(|| "Kustomization".to_owned());
    let (component, version) = match kind.as_str() {
        "Kustomization" => (false, "kustomize.config.k8s.io/v1beta1"),
        "Component" => (true, "kustomize.config.k8s.io/v1alpha1"),
        _ => return Err(fields.invalid("kind", "must be Kustomization or Component")),
    };
    match fields.text("apiVersion")? {
        Some(given) if given != version => {
            Err(fields.invalid("apiVersion", format!("must be {version} for a {kind}")))
        }
        _ => Ok(component),
    }
}

fn naming(fields: &mut Fields<'_>, read: &mut Kustomization) -> Result<()> {
    read.resources = fields.texts("resources")?;
    read.resources.extend(fields.texts("bases")?);
    read.components = fields.texts("components")?;
    read.namespace = fields.text("namespace")?.unwrap_or_default();
    read.prefix = fields.text("namePrefix")?.unwrap_or_default();
    read.suffix = fields.text("nameSuffix")?.unwrap_or_default();
    if let Some(mut options) = fields.section("sortOptions")? {
        read.as_they_came = match options.required("order")?.as_str() {
            "fifo" => true,
            "legacy" => false,
            _ => return Err(options.invalid("order", "must be fifo or legacy")),
        };
        options.refuse("legacySortOptions", "the order of kinds is fixed")?;
        options.finish()?;
    }
    Ok(())
}

fn labels(fields: &mut Fields<'_>, read: &mut Kustomization) -> Result<()> {
    for mut entry in fields.sections("labels")? {
        let rule = LabelRule {
            pairs: entry.text_map("pairs")?,
            selectors: entry.flag("includeSelectors")?,
            templates: entry.flag("includeTemplates")?,
        };
        entry.refuse(
            "fields",
            "labels go where Kubernetes has them; write a patch instead",
        )?;
        entry.finish()?;
        read.labels.push(rule);
    }
    let common = fields.text_map("commonLabels")?;
    if !common.is_empty() {
        read.labels.push(LabelRule {
            pairs: common,
            selectors: true,
            ..LabelRule::default()
        });
    }
    read.annotations = fields.text_map("commonAnnotations")?;
    Ok(())
}

fn options(section: Option<Fields<'_>>) -> Result<GeneratorOptions> {
    let Some(mut fields) = section else {
        return Ok(GeneratorOptions::default());
    };
    let options = GeneratorOptions {
        labels: fields.text_map("labels")?,
        annotations: fields.text_map("annotations")?,
        no_hash: fields.flag("disableNameSuffixHash")?,
        immutable: fields.flag("immutable")?,
    };
    fields.finish()?;
    Ok(options)
}

fn config_maps(fields: &mut Fields<'_>, read: &mut Kustomization) -> Result<()> {
    let common = options(fields.section("generatorOptions")?)?;
    for mut entry in fields.sections("configMapGenerator")? {
        let behavior = match entry.text("behavior")?.as_deref() {
            None | Some("" | "unspecified" | "create") => Behavior::Create,
            Some("replace") => Behavior::Replace,
            Some("merge") => Behavior::Merge,
            Some(_) => return Err(entry.invalid("behavior", "must be create, replace or merge")),
        };
        let mut own = options(entry.section("options")?)?;
        for (key, value) in &common.labels {
            own.labels
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        for (key, value) in &common.annotations {
            own.annotations
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        own.no_hash |= common.no_hash;
        own.immutable |= common.immutable;
        let mut envs = entry.texts("envs")?;
        envs.extend(entry.text("env")?);
        let spec = ConfigMapSpec {
            at: entry.at().to_owned(),
            name: entry.required("name")?,
            namespace: entry.text("namespace")?.unwrap_or_default(),
            behavior,
            literals: entry.texts("literals")?,
            files: entry.texts("files")?,
            envs,
            options: own,
        };
        entry.finish()?;
        read.config_maps.push(spec);
    }
    Ok(())
}

fn patches(fields: &mut Fields<'_>, read: &mut Kustomization) -> Result<()> {
    for (at, text) in fields
        .texts("patchesStrategicMerge")?
        .into_iter()
        .enumerate()
    {
        read.patches.push(PatchSpec {
            at: format!("patchesStrategicMerge[{at}]"),
            source: PatchSource::Either(text),
            target: None,
            rename: false,
            change_kind: false,
        });
    }
    for entry in fields.sections("patches")? {
        read.patches.push(patch(entry)?);
    }
    for entry in fields.sections("patchesJson6902")? {
        let spec = patch(entry)?;
        if spec.target.is_none() {
            let rule = "is required for a JSON patch";
            return Err(fields.invalid(&format!("{}.target", spec.at), rule));
        }
        read.late_patches.push(spec);
    }
    Ok(())
}

fn patch(mut entry: Fields<'_>) -> Result<PatchSpec> {
    let inline = entry.text("patch")?.filter(|text| !text.trim().is_empty());
    let path = entry.text("path")?.filter(|text| !text.is_empty());
    let source = match (inline, path) {
        (Some(text), None) => PatchSource::Inline(text),
        (None, Some(path)) => PatchSource::Path(path),
        _ => return Err(entry.invalid("patch", "give either patch or path")),
    };
    let target = match entry.section("target")? {
        None => None,
        Some(fields) => Some(Selector::read(fields)?),
    };
    let (mut rename, mut change_kind) = (false, false);
    if let Some(mut options) = entry.section("options")? {
        rename = options.flag("allowNameChange")?;
        change_kind = options.flag("allowKindChange")?;
        options.finish()?;
    }
    let at = entry.at().to_owned();
    entry.finish()?;
    Ok(PatchSpec {
        at,
        source,
        target,
        rename,
        change_kind,
    })
}

fn images(fields: &mut Fields<'_>, read: &mut Kustomization) -> Result<()> {
    let mut entries = fields.sections("images")?;
    entries.extend(fields.sections("imageTags")?);
    for mut entry in entries {
        entry.refuse(
            "tagSuffix",
            "Kustomize adds it twice to most images; give newTag instead",
        )?;
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        let rule = ImageRule {
            name: entry.required("name")?,
            new_name: set(entry.text("newName")?),
            new_tag: set(entry.text("newTag")?),
            digest: set(entry.text("digest")?),
        };
        entry.finish()?;
        read.images.push(rule);
    }
    Ok(())
}
