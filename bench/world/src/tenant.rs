//! A tenant's world: modules side by side, their events in one order of time.

use std::{cmp::Ordering, collections::BinaryHeap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use sluice_schema::{Envelope, TenantId};

use crate::{
    Chunk, WorldError, WorldPlan,
    maker::Maker,
    module::{Character, ModuleWorld},
    random::Random,
    rows::Rows,
    scene::{self, ProjectWorld, Scene, Traces},
};

/// Objects and events of one chunk, about.
const ROWS: usize = 8_000;
const EVENTS: usize = 4_000;

const PROJECTS: [&str; 5] = ["shop", "payments", "logistics", "insight", "platform"];
/// The project whose modules have all landed once and run everywhere.
pub(crate) const FLEET: &str = "fleet";

/// An event that waits for its time.
struct Timed {
    at: DateTime<Utc>,
    order: u64,
    event: Envelope,
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Timed {}
impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timed {
    // The heap gives its greatest first: that is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

struct Part {
    world: ProjectWorld,
    scene: Arc<Scene>,
    modules: Vec<ModuleWorld>,
}

pub(crate) struct TenantWorld {
    tenant: TenantId,
    parts: Vec<Part>,
    heap: BinaryHeap<Timed>,
    order: u64,
    rows: Rows,
    events: Vec<Envelope>,
    finish_at: DateTime<Utc>,
    finished: bool,
}

impl TenantWorld {
    pub(crate) fn begin(plan: &WorldPlan, index: usize) -> Result<Self, WorldError> {
        let tenant = plan.tenants[index].clone();
        let mut world = Self {
            tenant,
            parts: Vec::new(),
            heap: BinaryHeap::new(),
            order: 0,
            rows: Rows::default(),
            events: Vec::new(),
            finish_at: plan.until - TimeDelta::minutes(30),
            finished: false,
        };
        let projects = plan.projects_of(index);
        let modules = plan.modules_of(index);
        let end = plan.until - TimeDelta::hours(3);
        let mut number = 0;
        for (project, name) in PROJECTS.iter().take(projects).enumerate() {
            let count = (modules + projects - 1 - project) / projects;
            let character = |number| Character {
                number,
                landings: plan.landings(),
                start: plan.start(),
                span: end - plan.start(),
                steady: false,
            };
            world.part(plan, (index, project), name, (number, count), character)?;
            number += count;
        }
        if index == 0 {
            let start = plan.until - TimeDelta::days(60);
            let character = |number| Character {
                number,
                landings: 1,
                start,
                span: end - start,
                steady: true,
            };
            world.part(
                plan,
                (index, PROJECTS.len()),
                FLEET,
                (number, plan.fleet()),
                character,
            )?;
        }
        Ok(world)
    }

    fn part(
        &mut self,
        plan: &WorldPlan,
        (index, project): (usize, usize),
        name: &str,
        (first, count): (usize, usize),
        character: impl Fn(usize) -> Character,
    ) -> Result<(), WorldError> {
        let begun_at = plan.start() - TimeDelta::days(1);
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let path = [number(index), number(project)];
        let maker = |path: &[u64], module: Option<&str>| -> Result<Maker, WorldError> {
            Ok(Maker {
                random: Random::new(plan.seed, path),
                tenant: self.tenant.clone(),
                project: name.parse()?,
                module: module.map(str::parse).transpose()?,
                until: plan.until,
                rows: Rows::default(),
                events: Vec::new(),
            })
        };
        let (world, scene) = scene::begin(maker(&path, None)?, begun_at)?;
        let scene = Arc::new(scene);
        let mut modules = Vec::with_capacity(count);
        for at in 0..count {
            let module = format!("{name}-{:03}", at + 1);
            let maker = maker(&[path[0], path[1], number(at) + 1], Some(&module))?;
            let after = begun_at + TimeDelta::minutes(1);
            let begun = ModuleWorld::begin(maker, character(first + at), scene.clone(), after)?;
            modules.push(begun);
        }
        self.parts.push(Part {
            world,
            scene,
            modules,
        });
        self.drain();
        Ok(())
    }

    /// The next chunk; nothing once all is told.
    pub(crate) fn chunk(&mut self) -> Result<Option<Chunk>, WorldError> {
        while self.rows.len() < ROWS && self.events.len() < EVENTS {
            if !self.advance()? {
                break;
            }
        }
        if self.rows.is_empty() && self.events.is_empty() {
            return Ok(None);
        }
        let rest = self.events.split_off(self.events.len().min(EVENTS));
        let events = std::mem::replace(&mut self.events, rest);
        Ok(Some(Chunk {
            tenant: self.tenant.clone(),
            rows: std::mem::take(&mut self.rows),
            events,
        }))
    }

    /// Lets the next landing happen, or the end; `false` after that.
    fn advance(&mut self) -> Result<bool, WorldError> {
        let parts = self.parts.iter().enumerate();
        let dues = parts.flat_map(|(part, it)| {
            let modules = it.modules.iter().enumerate();
            modules.filter_map(move |(module, it)| Some((it.due()?, part, module)))
        });
        if let Some((due, part, module)) = dues.min() {
            self.tell_until(Some(due));
            let module = &mut self.parts[part].modules[module];
            module.land()?;
            let events = std::mem::take(&mut module.maker.events);
            self.rows.append(&mut module.maker.rows);
            self.wait(events);
            return Ok(true);
        }
        if self.finished {
            return Ok(false);
        }
        self.finished = true;
        for part in &mut self.parts {
            let mut traces = Traces::default();
            for module in &mut part.modules {
                module.finish(self.finish_at)?;
                traces.and(&module.traces);
            }
            part.world.finish(&part.scene, &traces);
        }
        self.drain();
        self.tell_until(None);
        Ok(true)
    }

    /// Takes over what projects and modules made.
    fn drain(&mut self) {
        let mut told = Vec::new();
        for part in &mut self.parts {
            let modules = part.modules.iter_mut().map(|module| &mut module.maker);
            for maker in std::iter::once(&mut part.world.maker).chain(modules) {
                self.rows.append(&mut maker.rows);
                told.append(&mut maker.events);
            }
        }
        self.wait(told);
    }

    fn wait(&mut self, events: Vec<Envelope>) {
        for event in events {
            self.order += 1;
            self.heap.push(Timed {
                at: event.occurred_at,
                order: self.order,
                event,
            });
        }
    }

    /// Tells what happened before; everything when there is no time.
    fn tell_until(&mut self, time: Option<DateTime<Utc>>) {
        while let Some(next) = self.heap.peek() {
            if time.is_some_and(|time| next.at >= time) {
                return;
            }
            self.events.extend(self.heap.pop().map(|timed| timed.event));
        }
    }
}
