//! Programs of others: skopeo as judge, and a registry to push to.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Runs skopeo and returns what it says as JSON.
pub(crate) fn skopeo(arguments: &[&str]) -> serde_json::Value {
    let output = Command::new("skopeo")
        .args(arguments)
        .output()
        .expect("skopeo is installed (Debian: skopeo)");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "skopeo {arguments:?}: {problem}");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// `oci:<folder>:<tag>`.
pub(crate) fn oci(folder: &Path, tag: &str) -> String {
    format!("oci:{}:{tag}", folder.display())
}

/// Debian's docker-registry on a free port of the loopback interface, with a folder of its own.
pub(crate) struct Registry {
    child: Child,
    pub(crate) address: String,
    _folder: TempDir,
}

impl Registry {
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// With an `auth:` part of the settings.
    pub(crate) fn start_with(auth: &str) -> Self {
        let deadline = Instant::now() + Duration::from_secs(60);
        // Another program may take the port between our look and the start: try again then.
        loop {
            if let Some(started) = Self::try_start(auth, deadline) {
                return started;
            }
            assert!(Instant::now() < deadline, "docker-registry does not start");
        }
    }

    fn try_start(auth: &str, deadline: Instant) -> Option<Self> {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let address = format!("127.0.0.1:{port}");
        let folder = TempDir::new().unwrap();
        let settings = folder.path().join("config.yml");
        let root = folder.path().join("storage");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n{}",
            root.display(),
            auth.replace("$FOLDER", &folder.path().display().to_string()),
        );
        std::fs::write(&settings, text).unwrap();
        std::fs::write(folder.path().join("htpasswd"), HTPASSWD).unwrap();
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry is installed (Debian: docker-registry)");
        while TcpStream::connect(&address).is_err() {
            if child.try_wait().unwrap().is_some() || Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
            yield_now();
        }
        Some(Self {
            child,
            address,
            _folder: folder,
        })
    }
}

/// `ci` with the password `secret`, as `htpasswd -Bbn` writes it.
const HTPASSWD: &str = "ci:$2b$04$yRnymludol79Eqzq/kdEJex7mVEvnnF9PZI1v.OkK9uCW6.EvSHj6\n";

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = kill(
            Pid::from_raw(self.child.id().cast_signed()),
            Signal::SIGTERM,
        );
        let _ = self.child.wait();
    }
}

/// Reads a whole file of a layer with the system's tar.
pub(crate) fn tar_listing(layer: &Path) -> String {
    let output = Command::new("tar")
        .args([
            "--list",
            "--verbose",
            "--full-time",
            "--numeric-owner",
            "--utc",
            "--gzip",
            "--file",
        ])
        .arg(layer)
        .output()
        .unwrap();
    assert!(output.status.success());
    let mut text = String::new();
    output.stdout.as_slice().read_to_string(&mut text).unwrap();
    text
}
