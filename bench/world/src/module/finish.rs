//! The end of a module's history.

use chrono::{DateTime, TimeDelta, Utc};
use sluice_environment_promotion::{DeclaredModule, Hold};

use super::{ModuleWorld, PEOPLE};
use crate::{
    maker::{Made, system},
    scene::{ENVIRONMENTS, settle},
};

impl ModuleWorld {
    /// What is open at the end: pull requests, waiting promotions with their holds, drift. `at` is
    /// some time after the last landing of all modules.
    pub(crate) fn finish(&mut self, at: DateTime<Utc>) -> Made<()> {
        for person in 0..2 {
            if self.character.steady {
                break;
            }
            let at = at + self.maker.random.seconds(1, 600);
            if let Some((open, _)) = self.propose(person, at)? {
                self.maker.rows.pull_requests.push(open);
            }
        }
        for place in 0..ENVIRONMENTS.len() {
            self.finish_place(place, at)?;
        }
        self.maker.rows.pipelines.extend(self.pipeline.take());
        let lines = std::iter::once(&mut self.main).chain(&mut self.people);
        for line in lines {
            settle(&mut line.branch, &line.head);
            self.maker.rows.branches.push(line.branch.clone());
        }
        Ok(())
    }

    fn finish_place(&mut self, place: usize, at: DateTime<Utc>) -> Made<()> {
        let held = self.traces.holds.iter().any(|(held, _)| *held == place);
        if let Some(waiting) = self.places[place].waiting.take() {
            self.traces.holds.push((place, waiting.hold));
            self.maker.rows.promotions.push(waiting.promotion);
        } else if !held && !self.character.steady && self.maker.random.chance(20) {
            let at = at.max(self.places[place].last_at) + TimeDelta::seconds(1);
            self.hold_at_end(place, at)?;
        }
        let drifts = self.maker.random.chance(30);
        let drifted_at = at.max(self.places[place].last_at) + TimeDelta::seconds(2);
        let drifted_at = (drifts && !self.is_over(drifted_at)).then_some(drifted_at);
        let state = self.sync_state(place, drifted_at)?;
        self.maker.rows.syncs.extend(state);
        let it = &self.places[place];
        let Some(current) = &it.current else {
            return Ok(());
        };
        let (environment_id, _) = self.scene.environment(place);
        let began = it
            .sync
            .as_ref()
            .map(|(_, began, story)| (*began, story.clone()));
        let (began, story) = began.unwrap_or((it.last_at, self.maker.story()));
        let mut meta = self
            .maker
            .meta(&story, began, &system("environment_promotion"));
        let it = &self.places[place];
        meta.version = it.changes.max(1);
        meta.updated_at = it.last_at.min(self.maker.until).max(began);
        self.maker.rows.declared.push(DeclaredModule {
            meta,
            environment_id,
            module: self.name.clone(),
            declared: Some(current.promotion),
        });
        Ok(())
    }

    fn hold_at_end(&mut self, place: usize, at: DateTime<Utc>) -> Made<()> {
        if self.is_over(at) {
            return Ok(());
        }
        let hold = Hold {
            module: Some(self.name.clone()),
            reason: "a migration is under way".to_owned(),
            held_by: PEOPLE[place % PEOPLE.len()].to_owned(),
            at,
            until: None,
            promotion_id: None,
        };
        self.tell_hold(place, &hold)?;
        self.traces.holds.push((place, hold));
        Ok(())
    }
}
