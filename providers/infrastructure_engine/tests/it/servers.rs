//! Servers of the tests' own: on loopback, in temporary folders, ended with the test process.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A process that ends when its standard input does, which it does when the test ends, however.
struct Watched {
    port: u16,
    child: Child,
    _folder: TempDir,
}

impl Watched {
    fn start(mut command: Command, port: u16, folder: TempDir) -> Self {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            port,
            child,
            _folder: folder,
        };
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", server.port)).is_err() {
            assert!(Instant::now() < end, "the server did not start");
            std::thread::yield_now();
        }
        server
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.child.stdin.take() {
            let _ = stdin.write_all(b"\n");
        }
        let _ = self.child.wait();
    }
}

const WATCH: &str = r#""$@" >"$LOG" 2>&1 & pid=$!; read -r _; kill -INT $pid; wait $pid"#;

fn watched(runner: &[&str], program: &Path, folder: &Path) -> Command {
    let words: Vec<&str> = runner
        .iter()
        .copied()
        .chain(["sh", "-c", WATCH, "sh"])
        .collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(program);
    command
        .env("LOG", folder.join("server.log"))
        .current_dir(folder);
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Debian keeps PostgreSQL's programs out of the path.
fn program(name: &str) -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let places = installed.map(|version| version.path().join("bin").join(name));
    let mut found: Vec<PathBuf> = places.filter(|path| path.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

/// A PostgreSQL server.
pub(crate) struct Postgres(Watched);

impl Postgres {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root =
            String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap();
        // PostgreSQL refuses to run as root; this is Debian's `nobody`.
        let runner: &[&str] = match root.trim() {
            "0" => &[
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
            ],
            _ => &["env"],
        };
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let data = folder.path().join("data");
        let made = Command::new(runner[0])
            .args(&runner[1..])
            .arg(program("initdb"))
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
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let port = free_port();
        let mut command = watched(runner, &program("postgres"), folder.path());
        let sockets = format!("unix_socket_directories={}", folder.path().display());
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "fsync=off", "-c"]);
        command.args(["listen_addresses=127.0.0.1", "-c", &sockets]);
        let server = Self(Watched::start(command, port, folder));
        let ready = program("pg_isready");
        let end = Instant::now() + Duration::from_secs(60);
        let probe = || {
            Command::new(&ready)
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status()
        };
        while !probe().unwrap().success() {
            assert!(Instant::now() < end, "PostgreSQL does not take connections");
        }
        server
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.0.port)
    }
}

/// A Redis server.
pub(crate) struct Redis(Watched);

impl Redis {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = watched(&["env"], Path::new("redis-server"), folder.path());
        command.args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--port",
        ]);
        command.arg(port.to_string());
        Self(Watched::start(command, port, folder))
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.0.port)
    }
}
