//! A PostgreSQL server of the tests' own: on a free loopback port, in a temporary folder, ended
//! with the test process even when that is killed.

use std::{
    io::Write,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

// PostgreSQL refuses to run as root; this is Debian's `nobody`.
const NOBODY: u32 = 65534;

/// A running server. Its role `sluice` is no superuser, so that row policies hold for it.
pub struct PostgresServer {
    port: u16,
    watchdog: Child,
    _folder: TempDir,
}

impl PostgresServer {
    /// The one server of this test process, started on first use.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sluice-pg")
            .tempdir()
            .expect("a folder");
        let data = folder.path().join("data");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))
            .expect("chmod");
        std::fs::create_dir(&data).expect("a data folder");
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).expect("chmod");
        if nix::unistd::getuid().is_root() {
            chown(&data, Some(NOBODY), Some(NOBODY)).expect("chown");
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("chown");
        }
        let made = as_nobody(&program("initdb"))
            .args([
                "--auth=trust",
                "--username=postgres",
                "--locale=C",
                "--encoding=UTF8",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = free_port();
        let watchdog = spawn_watched(&data, folder.path(), port);
        let server = Self {
            port,
            watchdog,
            _folder: folder,
        };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "PostgreSQL did not start");
            std::thread::yield_now();
        }
    }

    /// Makes a fresh database owned by the role `sluice`; returns its URL.
    pub async fn database(&self) -> String {
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        let admin = format!("postgres://postgres@127.0.0.1:{}/postgres", self.port);
        let mut connection = connect(&admin).await;
        let role = "DO $$ BEGIN CREATE ROLE sluice LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$";
        sqlx::raw_sql(role)
            .execute(&mut connection)
            .await
            .expect("a role");
        let create = format!("CREATE DATABASE {name} OWNER sluice TEMPLATE template0");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create))
            .execute(&mut connection)
            .await
            .expect("a database");
        format!("postgres://sluice@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.watchdog.stdin.take() {
            let _ = stdin.write_all(b"\n");
        }
        let _ = self.watchdog.wait();
    }
}

// The server starts accepting a little after it listens.
async fn connect(url: &str) -> PgConnection {
    crate::eventually("PostgreSQL takes connections", || async {
        PgConnection::connect(url).await.ok()
    })
    .await
}

// The shell ends the server when its standard input ends, which it does when we end, however, and
// then removes its folder: a static is never dropped, and every server leaves hundreds of megabytes.
fn spawn_watched(data: &Path, sockets: &Path, port: u16) -> Child {
    let script = r#""$@" >"$LOG" 2>&1 & pid=$!; read -r _; kill -INT $pid; wait $pid; cd /; rm -rf "$FOLDER""#;
    let log = data.join("server.log");
    as_nobody(Path::new("sh"))
        .args(["-c", script, "sh"])
        .arg(program("postgres"))
        .arg("-D")
        .arg(data)
        .args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            // A server of the program opens some sixty, and every core may run a few of them.
            "max_connections=1500",
        ])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", sockets.display()))
        .args([
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
        ])
        .env("LOG", log)
        .env("FOLDER", sockets)
        .current_dir(sockets)
        .stdin(Stdio::piped())
        .spawn()
        .expect("PostgreSQL starts")
}

fn as_nobody(program: &Path) -> Command {
    if !nix::unistd::getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            format!("--reuid={NOBODY}"),
            format!("--regid={NOBODY}"),
            "--clear-groups".to_owned(),
        ])
        .arg(program);
    command
}

fn program(name: &str) -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut candidates: Vec<PathBuf> = installed
        .map(|version| version.path().join("bin").join(name))
        .filter(|p| p.exists())
        .collect();
    candidates.sort();
    candidates.pop().unwrap_or_else(|| name.into())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
