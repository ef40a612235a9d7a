// A real server, a real browser, and what people do with both.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

export const ROOT = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
const PROGRAM = resolve(ROOT, process.env.SLUICE_PROGRAM ?? "target/debug/sluice");
const CHROMIUM = process.env.SLUICE_CHROMIUM ?? "/usr/bin/chromium";
const AXE = readFileSync(join(ROOT, "web/node_modules/axe-core/axe.min.js"), "utf8");

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Asks again until it is so, or the deadline has passed. */
export async function until(what, check, deadline = 60_000) {
  const end = Date.now() + deadline;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${deadline / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** A server with a data folder of its own, which can be killed and started again. */
export class Server {
  static async start(settings = {}) {
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), "sluice-browser-"));
    server.port = await freePort();
    server.url = `http://127.0.0.1:${server.port}`;
    server.environment = {
      ...process.env,
      SLUICE_DATA_DIR: server.folder,
      SLUICE_LISTEN: `127.0.0.1:${server.port}`,
      SLUICE_URL: server.url,
      ...settings,
    };
    await server.serve();
    return server;
  }

  async serve() {
    this.log = "";
    this.process = spawn(PROGRAM, ["serve"], { env: this.environment, cwd: ROOT });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (text) => (this.log += text));
    await until("the server answers", async () => {
      if (this.process.exitCode !== null) throw new Error(`the server ended:\n${this.log}`);
      return fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
    });
  }

  async kill() {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGKILL");
    await ended;
  }

  token(actor, more = []) {
    const made = spawnSync(PROGRAM, ["token", "--tenant", "acme", "--actor", actor, ...more], { env: this.environment, cwd: ROOT, encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    return made.stdout.trim();
  }

  /** Runs a command of the program as `actor`; resolves with its exit code and output. */
  run(actor, words) {
    const child = spawn(PROGRAM, words, { env: { ...this.environment, SLUICE_TOKEN: this.token(actor) }, cwd: ROOT });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    return new Promise((done) => child.once("exit", (code) => done({ code, output })));
  }

  async ship(actor, more = []) {
    const { code, output } = await this.run(actor, ["ship", "examples/greeter-node", "--project", "web", ...more]);
    if (code !== 0) throw new Error(`ship: ${code}\n${output}`);
    return output;
  }

  async query(actor, query, variables = {}) {
    const headers = { "content-type": "application/json", authorization: `Bearer ${this.token(actor)}` };
    const answer = await fetch(`${this.url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  async finish() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A browser whose pages fail the test when their scripts do. */
export class Browser {
  static async start() {
    const browser = new Browser();
    browser.own = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    return browser;
  }

  /** A page signed in with `token`, in a browser profile of its own. */
  async page(server, token, { path = "/", scheme = "light", width = 1360, height = 860 } = {}) {
    const context = await this.own.newContext({ colorScheme: scheme, viewport: { width, height }, reducedMotion: "reduce" });
    const page = await context.newPage();
    page.failures = [];
    page.on("pageerror", (error) => page.failures.push(String(error)));
    await page.goto(`${server.url}${path}${token ? `#token=${token}` : ""}`);
    return page;
  }

  async finish() {
    await this.own.close();
  }
}

/** Waits until the page shows that it follows the stream. */
export const isLive = (page) => page.locator('[data-phase="live"]').waitFor({ timeout: 30_000 });

/** Violations that axe-core finds serious or critical, as lines. */
export async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary?.split("\n")[1]?.trim() ?? ""}`).slice(0, 4).join(" | ")}`);
}
