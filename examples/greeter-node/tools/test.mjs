// Runs the tests and leaves reports/junit.xml, reports/lcov.info and reports/cobertura.xml behind, also when tests fail.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { filesBelow } from "./files.mjs";
import { parseLcov, toCobertura } from "./lcov-to-cobertura.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = join(root, "reports");
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports);

const reporter = (name, destination) => [`--test-reporter=${name}`, `--test-reporter-destination=${destination}`];
// Three reporters on one stream make Node 20 suspect a leak.
const quiet = process.allowedNodeEnvironmentFlags.has("--disable-warning")
  ? ["--disable-warning=MaxListenersExceededWarning"]
  : [];
const run = spawnSync(
  process.execPath,
  [
    ...quiet,
    "--test",
    "--experimental-test-coverage",
    ...reporter("spec", "stdout"),
    ...reporter("junit", "reports/junit.xml"),
    ...reporter("lcov", "reports/lcov.info"),
    ...filesBelow(root, "tests").filter((path) => path.endsWith(".test.mjs")),
  ],
  { cwd: root, stdio: "inherit" },
);
if (run.error) throw run.error;

const covered = parseLcov(readFileSync(join(reports, "lcov.info"), "utf8")).filter((file) =>
  file.path.startsWith("src/"),
);
writeFileSync(join(reports, "cobertura.xml"), toCobertura(covered));
process.exitCode = run.status ?? 1;
