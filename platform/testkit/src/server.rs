//! The real server: the built program as a process of its own, on a free port, with its own
//! database (PostgreSQL together with Redis), ended and inspected at the end of the test.

use std::{
    fs::File,
    net::TcpListener,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sluice_store::StoreConfig;
use sqlx::{
    Connection, Executor, PgConnection, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use crate::{
    Backend, Client, Databases, RedisServer, TokenKey, User, eventually, eventually_within,
};

/// A running server. End it with [`Server::finish`], which looks at what it leaves behind.
pub struct Server {
    program: PathBuf,
    databases: Arc<Databases>,
    /// Its folder among the databases'.
    folder: &'static str,
    settings: Vec<(String, String)>,
    port: u16,
    child: Option<Child>,
    finished: bool,
}

impl Server {
    /// Starts `program serve` with a database of its own, and waits until it is ready.
    pub async fn start(program: &str, backend: Backend) -> Self {
        Self::start_with(program, backend, &[]).await
    }

    /// The same with further settings, as variables.
    pub async fn start_with(program: &str, backend: Backend, settings: &[(&str, &str)]) -> Self {
        let databases = Arc::new(Databases::fresh(backend).await);
        let settings = settings
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let program = program.into();
        let mut server = Self {
            program,
            databases,
            folder: "data",
            settings,
            port: free_port(),
            child: None,
            finished: false,
        };
        server.spawn().await;
        server
    }

    /// Starts a second server of the same installation: with the databases, settings, token key,
    /// repositories and files of this one, and a data folder of its own.
    pub async fn second(&self) -> Self {
        let mut second = Self {
            program: self.program.clone(),
            databases: self.databases.clone(),
            folder: "second",
            settings: self.settings.clone(),
            port: free_port(),
            child: None,
            finished: false,
        };
        let (here, there) = (self.data_dir(), second.data_dir());
        std::fs::create_dir(&there).expect("a folder");
        for shared in ["auth", "git", "blobs"] {
            symlink(here.join(shared), there.join(shared)).expect("a link");
        }
        second.spawn().await;
        second
    }

    /// Where it is.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.databases.folder().join(self.folder)
    }

    /// A token for `user`.
    pub fn token(&self, user: &User) -> String {
        TokenKey::read(&self.data_dir().join("auth/hs256.key")).token(user)
    }

    /// A client that calls as `user`.
    pub fn client(&self, user: &User) -> Client {
        Client::new(&self.base(), &self.token(user))
    }

    /// The program with the server's settings, to work on the same data.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| !name.starts_with("SLUICE_")))
            .env("SLUICE_DATA_DIR", self.data_dir())
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null());
        if let StoreConfig::Postgres { url, .. } = self.databases.config() {
            command.env("SLUICE_DATABASE_URL", url);
            // Settings of the test are stronger; servers of one database share a namespace.
            let redis = [
                ("SLUICE_REDIS_URL", RedisServer::shared().url()),
                ("SLUICE_REDIS_NAMESPACE", self.databases.name()),
            ];
            for (name, value) in redis {
                if !self.settings.iter().any(|(set, _)| set == name) {
                    command.env(name, value);
                }
            }
        }
        command
    }

    async fn spawn(&mut self) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("a log file");
        let mut command = self.command(&["serve"]);
        command
            .env("SLUICE_LISTEN", format!("127.0.0.1:{}", self.port))
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log);
        self.child = Some(command.spawn().expect("the server starts"));
        let ready = format!("{}/readyz", self.base());
        let http = crate::client::http();
        eventually("the server is ready", || async {
            let answer = http.get(&ready).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the server is killed");
            child.wait().expect("the server is gone");
        }
    }

    /// Starts it again on the same data and port.
    pub async fn restart(&mut self) {
        assert!(self.child.is_none(), "it still runs");
        self.spawn().await;
    }

    /// Ends it in order; what it wrote to its log is in the message when that fails.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
        kill(pid, Signal::SIGTERM).expect("the server is told to end");
        let status = child.wait().expect("the server ends");
        assert!(
            status.success(),
            "the server ended with {status}:\n{}",
            self.log()
        );
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.databases.folder().join(format!("{}.log", self.folder))
    }

    /// Changes a service's store behind its back, as time would: for what no test can wait for.
    /// Returns how many rows changed.
    pub async fn change_store(&self, service: &str, sql: &'static str) -> u64 {
        match self.databases.config() {
            StoreConfig::Sqlite { .. } => {
                let file = self.data_dir().join(format!("db/{service}.db"));
                let options = SqliteConnectOptions::new()
                    .filename(file)
                    .busy_timeout(Duration::from_secs(10));
                let mut connection = SqliteConnection::connect_with(&options)
                    .await
                    .expect("the store opens");
                let done = connection.execute(sql).await.expect("the store changes");
                done.rows_affected()
            }
            StoreConfig::Postgres { url, .. } => {
                // Row policies hold for the server's own role.
                let options = PgConnectOptions::from_str(url)
                    .expect("a URL")
                    .username("postgres")
                    .options([("search_path", service)]);
                let mut connection = PgConnection::connect_with(&options)
                    .await
                    .expect("the store opens");
                let done = connection.execute(sql).await.expect("the store changes");
                done.rows_affected()
            }
        }
    }

    /// One gauge, summed over its labels; none while the server cannot tell it.
    pub async fn gauge(&self, name: &str) -> Option<f64> {
        let text = crate::client::http()
            .get(format!("{}/metrics", self.base()))
            .send()
            .await
            .expect("metrics")
            .text()
            .await
            .expect("metrics");
        let lines = text.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        let values: Vec<f64> = lines
            .filter_map(|line| line.rsplit(' ').next()?.parse().ok())
            .collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// Whether every event has reached its consumers.
    pub async fn is_at_rest(&self) -> bool {
        let outbox = self.gauge("sluice_outbox_events").await;
        let bus = self.gauge("sluice_bus_deliveries").await;
        outbox == Some(0.0) && bus == Some(0.0)
    }

    /// Waits until every event has reached its consumers, demands that none died, and ends the
    /// server in order, which demands that its tasks end.
    pub async fn finish(mut self) {
        eventually_within(
            Duration::from_secs(120),
            "every event is handled",
            || async { self.is_at_rest().await.then_some(()) },
        )
        .await;
        assert_eq!(
            self.gauge("sluice_dead_letters").await,
            Some(0.0),
            "dead letters:\n{}",
            self.log()
        );
        self.stop();
        self.finished = true;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let path: &Path = self.databases.folder();
            eprintln!(
                "--- log of the server in {} ---\n{}",
                path.display(),
                self.log()
            );
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        assert!(
            self.finished || std::thread::panicking(),
            "a test must finish its server"
        );
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
