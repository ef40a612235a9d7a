//! A module: its repository, and landing by landing what becomes of it.

mod build;
mod deliver;
mod finish;
mod history;
mod promote;
mod provision;
mod release;
mod source;
mod sync;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use sluice_branch::Branch;
use sluice_pipeline_generator::PipelineDefinition;
use sluice_release::ReleaseNote;
use sluice_schema::{
    RepositoryId,
    events::{ModuleDescription, ModuleImage, ModulePackage},
};

pub(crate) use deliver::Place;

use crate::{
    maker::{Made, Maker, Story, user},
    scene::{self, ENVIRONMENTS, Head, MAIN, Scene, Traces},
};

/// Who works on modules; reviewers and approvers are others of them.
pub(crate) const PEOPLE: [&str; 8] = ["ada", "ben", "cem", "dora", "eli", "fay", "gus", "hana"];

/// What a module is.
pub(crate) struct Character {
    /// Its place among the tenant's modules.
    pub(crate) number: usize,
    /// How often something lands.
    pub(crate) landings: u64,
    /// From when to when.
    pub(crate) start: DateTime<Utc>,
    pub(crate) span: TimeDelta,
    /// Whether everything succeeds and goes everywhere.
    pub(crate) steady: bool,
}

/// A branch, and where it has got to.
struct Line {
    branch: Branch,
    head: Head,
}

pub(crate) struct ModuleWorld {
    pub(crate) maker: Maker,
    pub(crate) traces: Traces,
    character: Character,
    scene: Arc<Scene>,
    repository: RepositoryId,
    name: String,
    main: Line,
    people: Vec<Line>,
    /// Head of the default branch.
    head: String,
    landed: u64,
    begun: u64,
    last_at: DateTime<Utc>,
    requests: u64,
    runs: u64,
    releases: u64,
    pipelines: u64,
    pipeline: Option<PipelineDefinition>,
    notes: Vec<ReleaseNote>,
    released: Option<String>,
    places: Vec<Place>,
}

impl ModuleWorld {
    /// Begins a module, at `at` at the earliest.
    pub(crate) fn begin(
        mut maker: Maker,
        character: Character,
        scene: Arc<Scene>,
        at: DateTime<Utc>,
    ) -> Made<Self> {
        let name = maker
            .module
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let by = user(PEOPLE[character.number % PEOPLE.len()]);
        let mut story = maker.story();
        let at = at + maker.random.seconds(60, 3_600);
        let head = maker.random.sha();
        let repository = scene::repository(&mut maker, &mut story, at, &by, &name, &head)?;
        let count = if character.steady { 1 } else { PEOPLE.len() };
        let mut lines = Vec::new();
        let branches = PEOPLE
            .iter()
            .take(count)
            .map(|person| format!("work/{person}"));
        for short in std::iter::once(MAIN.to_owned()).chain(branches) {
            let at = at + TimeDelta::seconds(2);
            let of = (repository, name.as_str());
            let branch = scene::branch(&mut maker, &mut story, at, &by, of, &short, &head)?;
            lines.push(Line {
                branch,
                head: Head::default(),
            });
        }
        let main = lines.remove(0);
        Ok(Self {
            places: (0..ENVIRONMENTS.len()).map(|_| Place::empty(at)).collect(),
            traces: Traces::default(),
            people: lines,
            landed: 0,
            begun: 0,
            last_at: at,
            requests: 0,
            runs: 0,
            releases: 0,
            pipelines: 0,
            pipeline: None,
            notes: Vec::new(),
            released: None,
            maker,
            character,
            scene,
            repository,
            name,
            main,
            head,
        })
    }

    /// When its next landing begins; nothing once all have landed.
    pub(crate) fn due(&self) -> Option<DateTime<Utc>> {
        let all = self.character.landings;
        if self.begun >= all {
            return None;
        }
        let place = i32::try_from(self.begun).unwrap_or(i32::MAX);
        let each = self.character.span / i32::try_from(all).unwrap_or(i32::MAX);
        let shift = i32::try_from(self.character.number % 16).unwrap_or_default();
        let planned = self.character.start + each * place + each / 32 * shift;
        Some(planned.max(self.last_at + TimeDelta::seconds(60)))
    }

    /// Waiting times, shorter where landings follow each other fast: `seconds` of a module with a
    /// landing in twelve hours.
    fn pause(&mut self, low: u64, high: u64) -> TimeDelta {
        let all = i32::try_from(self.character.landings).unwrap_or(i32::MAX);
        let each = (self.character.span / all).num_seconds().clamp(60, 43_200);
        let drawn = self.maker.random.seconds(low, high).num_seconds();
        TimeDelta::seconds((drawn * each / 43_200).max(1))
    }

    /// A landing, with all that follows from it.
    pub(crate) fn land(&mut self) -> Made<()> {
        let Some(at) = self.due() else { return Ok(()) };
        self.begun += 1;
        let mut story = self.maker.story();
        let is_late = at > self.character.start + self.character.span;
        let landing = if is_late {
            None
        } else {
            self.merge(&mut story, at)?
        };
        let Some(landing) = landing else {
            // What would land after the end of time does not.
            self.begun = self.character.landings;
            return Ok(());
        };
        self.last_at = landing.at;
        let is_built = self.character.steady || !self.landed.is_multiple_of(6);
        if !is_built {
            return Ok(());
        }
        let Some(built) = self.build(&mut story, &landing)? else {
            return Ok(());
        };
        // 5 of 11 builds that succeed are released.
        let is_released = self.character.steady || self.maker.random.chance(455);
        if !built.succeeded || !is_released {
            return Ok(());
        }
        match self.release(&mut story, &built)? {
            Some(released) => self.deliver(&mut story, &released),
            None => Ok(()),
        }
    }

    /// The module as its `module.yaml` says at the moment.
    fn description(&self) -> ModuleDescription {
        let id = &self.name;
        let stack = ["dotnet", "node", "rust", "python"][self.character.number % 4];
        let settings = |environment: &str| {
            let level = if environment == "prod" {
                "warn"
            } else {
                "debug"
            };
            let settings = [("LOG_LEVEL".to_owned(), level.to_owned())];
            (environment.to_owned(), BTreeMap::from(settings))
        };
        ModuleDescription {
            id: id.clone(),
            name: format!("Module {id}"),
            kind: "microservice".to_owned(),
            stack: stack.to_owned(),
            version: format!("1.{}.0", self.pipelines),
            package: Some(ModulePackage {
                name: self.package_name(),
                artifact: "package".to_owned(),
            }),
            image: Some(ModuleImage {
                name: id.clone(),
                artifact: "app".to_owned(),
                entrypoint: vec!["/app/start".to_owned()],
                port: Some(8080),
                ..ModuleImage::default()
            }),
            ports: vec![8080],
            health: Some("/healthz".to_owned()),
            configuration: ["dev", "prod"].into_iter().map(settings).collect(),
        }
    }

    fn package_name(&self) -> String {
        format!("{}.{}", self.scene.project, self.name)
    }

    fn is_over(&self, at: DateTime<Utc>) -> bool {
        at > self.maker.until
    }

    fn story(&mut self) -> Story {
        self.maker.story()
    }
}
