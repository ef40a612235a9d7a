//! The settings as flags of a command.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{Config, ConfigError, Sources, table::SETTINGS};

/// Every setting as a flag, and `--config FILE`.
#[derive(Debug, Clone)]
pub struct ConfigFlags(Sources);

impl ConfigFlags {
    /// The settings of flags, variables, file and defaults, in this order of strength.
    ///
    /// # Errors
    /// [`ConfigError`] names the key and the rule.
    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.0)
    }

    /// The same without the rules between settings, for commands that start no server.
    ///
    /// # Errors
    /// [`ConfigError`] names the key and the rule.
    pub fn load_unchecked(&self) -> Result<Config, ConfigError> {
        Config::read(&self.0.merge()?)
    }
}

impl Args for ConfigFlags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help("Settings as TOML [env: SLUICE_CONFIG] [default: sluice.toml if it exists]")
            .help_heading("Settings");
        SETTINGS.iter().fold(command.arg(file), |command, setting| {
            let default = setting
                .default
                .map(|default| format!(" [default: {default}]"))
                .unwrap_or_default();
            let help = format!("{} [env: {}]{default}", setting.help, setting.variable());
            command.arg(
                Arg::new(setting.key)
                    .long(setting.flag_name())
                    .value_name(setting.value)
                    .help(help)
                    .help_heading("Settings")
                    .hide_possible_values(true),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConfigFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut sources = Sources::of_process();
        if let Some(path) = matches.get_one::<String>("config") {
            sources.file = Some((path.into(), true));
        }
        for setting in SETTINGS {
            if let Some(text) = matches.get_one::<String>(setting.key) {
                sources.flags.insert(setting.key, text.clone());
            }
        }
        Ok(Self(sources))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
