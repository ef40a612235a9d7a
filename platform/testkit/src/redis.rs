//! A Redis server of the tests' own: on a free loopback port, in memory alone, ended with the test
//! process even when that is killed.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A server, which can be stopped and started again on the same port: it is empty then.
pub struct RedisServer {
    port: u16,
    watchdog: Mutex<Option<Child>>,
    folder: TempDir,
}

impl RedisServer {
    /// The one server of this test process, started on first use. Nobody stops it.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<RedisServer> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    /// A server of one test's own.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("sluice-redis").tempdir();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let server = Self {
            port,
            watchdog: Mutex::default(),
            folder: folder.expect("a folder"),
        };
        server.start_again();
        server
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// A namespace that nobody else uses.
    pub fn namespace() -> String {
        format!("t{}", uuid::Uuid::now_v7().simple())
    }

    /// Starts it, empty, after [`RedisServer::stop`].
    pub fn start_again(&self) {
        let mut watchdog = self.watchdog.lock().expect("the server");
        assert!(watchdog.is_none(), "it runs");
        *watchdog = Some(self.spawn());
        let end = Instant::now() + PATIENCE;
        while self.try_command("PING").is_none() {
            assert!(Instant::now() < end, "Redis did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it; what it held is gone.
    pub fn stop(&self) {
        let Some(mut watchdog) = self.watchdog.lock().expect("the server").take() else {
            return;
        };
        drop(watchdog.stdin.take());
        let _ = watchdog.wait();
    }

    /// Breaks connections: those of a type, `normal` or `pubsub`. Returns how many.
    pub fn kill_connections(&self, of_type: &str) -> u32 {
        let answer = self.command(&format!("CLIENT KILL TYPE {of_type}"));
        let count = answer.trim().trim_start_matches(':').parse();
        count.unwrap_or_else(|_| panic!("CLIENT KILL: {answer}"))
    }

    /// Sends one command, its words parted by blanks; returns the answer as it came.
    pub fn command(&self, line: &str) -> String {
        self.try_command(line).expect("Redis answers")
    }

    fn try_command(&self, line: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream
            .write_all(format!("{line}\r\nQUIT\r\n").as_bytes())
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let answer = answer.strip_suffix("+OK\r\n").unwrap_or(&answer);
        (!answer.is_empty()).then(|| answer.to_owned())
    }

    // The shell ends the server when its standard input ends, which it does when we end, however.
    fn spawn(&self) -> Child {
        let script = r#""$@" >redis.log 2>&1 & pid=$!; read -r _; kill -TERM $pid; wait $pid"#;
        Command::new("sh")
            .args(["-c", script, "sh", "redis-server", "--port"])
            .arg(self.port.to_string())
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--maxclients", "2000"])
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .spawn()
            .expect("Redis starts")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
