// The chain from a folder to production and back, as people follow and steer it in the dashboard.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Browser, Server, isLive, until, violations } from "./support.mjs";

let server;
let browser;
let ada;

before(async () => {
  server = await Server.start({ SLUICE_GITOPS_CHECK_INTERVAL: "1s" });
  browser = await Browser.start();
  ada = await browser.page(server, server.token("ada"));
  await isLive(ada);
  await ada.evaluate(() => (globalThis.sameDocument = true));
});

after(async () => {
  await browser?.finish();
  await server?.finish();
});

const cell = (page, environment) => page.getByRole("row", { name: /greeter-node/ }).getByRole("cell").nth(["dev", "test", "staging", "prod"].indexOf(environment));

async function firstId(field, more = "") {
  const data = await server.query("ada", `{ found: ${field}(first: 1${more}) { nodes { id } } }`);
  return data.found.nodes[0].id;
}

test("an empty server says how a first module is shipped", async () => {
  await ada.getByText("Nothing was delivered yet").waitFor();
  await ada.getByText(/sluice ship/).waitFor();
});

test("a run goes live while it is watched, from the board to its log", async () => {
  const shipped = server.ship("ada");
  await until("the project is there", async () => (await ada.getByLabel("Project").count()) === 1);
  await ada.getByRole("link", { name: "Pipelines" }).click();
  const row = ada.getByRole("row", { name: /greeter-node/ });
  await row.getByText("Running").first().waitFor({ timeout: 60_000 });
  await row.getByText("Succeeded").first().waitFor({ timeout: 120_000 });
  await shipped;
  await ada.goto(`${server.url}/run/${await firstId("pipelineRuns")}?tab=log`);
  await ada.getByText(/greeter/i).first().waitFor();
  assert.deepEqual(ada.failures, []);
});

test("a release is approved by somebody else, and a refusal is told in words", async () => {
  const id = await until("a release waits", async () => firstId("releases", ", filter: { status: PENDING_APPROVAL }").catch(() => null));
  await ada.goto(`${server.url}/release/${id}`);
  const button = ada.getByRole("button", { name: "Approve" });
  await button.waitFor();
  // Who shipped it wrote it: the button says why not, and does nothing.
  await ada.getByText(/You may not: you (planned|wrote)/).waitFor();
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  const bob = await browser.page(server, server.token("bob"), { path: `/release/${id}` });
  await bob.getByRole("button", { name: "Promote to prod" }).waitFor();
  await bob.getByRole("button", { name: "Approve" }).click();
  const dialog = bob.getByRole("dialog", { name: /Approve greeter-node/ });
  await dialog.getByLabel("Reason").fill("read and tried");
  await dialog.getByRole("button", { name: "Approve" }).click();
  await dialog.waitFor({ state: "detached" });
  // It is seen by the other one without a reload.
  await ada.getByText("1 of 1 approvals are given.").waitFor();
  // Out of order: the server refuses, and its words are shown.
  await bob.getByRole("button", { name: "Promote to prod" }).click();
  const promote = bob.getByRole("dialog", { name: /to prod/ });
  await promote.getByRole("button", { name: "Promote" }).click();
  await promote.getByRole("alert").getByText(/staging/).first().waitFor();
  await promote.getByRole("button", { name: "Cancel" }).click();
  assert.deepEqual([...ada.failures, ...bob.failures], []);
});

test("it is promoted from environment to environment up to prod, and the board follows", async () => {
  for (const environment of ["dev", "test", "staging", "prod"]) {
    const row = ada.getByRole("listitem").filter({ has: ada.getByRole("button", { name: `Promote to ${environment}` }) });
    const button = ada.getByRole("button", { name: `Promote to ${environment}` });
    const there = row.getByText("Runs here", { exact: true });
    // The first ones may promote by themselves.
    await until(`it may go to ${environment}, or is there`, async () => (await there.count()) > 0 || (await button.getAttribute("aria-disabled")) === null);
    if ((await there.count()) > 0) continue;
    await button.click();
    const dialog = ada.getByRole("dialog", { name: new RegExp(`to ${environment}`) });
    await dialog.getByRole("button", { name: "Promote" }).click();
    await dialog.waitFor({ state: "detached" });
    await there.waitFor({ timeout: 60_000 });
  }
  await ada.getByRole("link", { name: "Board" }).click();
  await cell(ada, "prod").getByText("Healthy").waitFor({ timeout: 60_000 });
  assert.deepEqual(ada.failures, []);
});

test("what is in prod is traced back to its commit", async () => {
  await ada.getByRole("link", { name: "prod", exact: true }).click();
  await ada.getByRole("link", { name: "back to its commit" }).click();
  await ada.getByRole("tab", { name: "Table" }).click();
  const table = ada.getByRole("table", { name: "Objects of the lineage" });
  for (const kind of ["Environment promotion", "Release plan", "Build result", "Pipeline run", "Commit", "Repository"]) {
    await table.getByRole("cell", { name: kind, exact: true }).first().waitFor();
  }
  await table.getByRole("row", { name: /^Commit/ }).getByRole("link").first().click();
  await ada.getByText(/It runs in .*prod/).waitFor();
});

function manifestOf(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      const found = manifestOf(path);
      if (found) return found;
    } else if (/\.ya?ml$/.test(name) && /prod/.test(path) && /kind: Deployment/.test(readFileSync(path, "utf8")) && /target/.test(path)) {
      return path;
    }
  }
  return null;
}

test("an edit of the target appears as drift with its difference, and a sync undoes it", async () => {
  await ada.goto(server.url);
  await cell(ada, "prod").getByText("Healthy").waitFor({ timeout: 30_000 });
  const file = manifestOf(server.folder);
  assert.ok(file, "the target's file is found");
  const declared = readFileSync(file, "utf8");
  writeFileSync(file, declared.replace(/replicas: \d+/, "replicas: 9"));
  await cell(ada, "prod").getByText(/Drifted/).waitFor({ timeout: 60_000 });
  await ada.getByRole("link", { name: "prod", exact: true }).click();
  await ada.getByText("+  replicas: 9").waitFor();
  await ada.getByRole("button", { name: "Sync now: greeter-node" }).click();
  await ada.getByRole("dialog").getByRole("button", { name: "Sync now" }).click();
  await until("the edit is undone", () => readFileSync(file, "utf8") === declared);
  await ada.getByText("+  replicas: 9").waitFor({ state: "detached" });
  assert.deepEqual(ada.failures, []);
});

test("every view is without serious accessibility violations, light and dark", async () => {
  const id = async (field) => firstId(field);
  const paths = [
    "/", "/runs", `/run/${await id("pipelineRuns")}`, `/run/${await id("pipelineRuns")}?tab=log`, "/releases", `/release/${await id("releases")}`,
    "/environments", `/environment/${await id("environments")}`, "/repositories", `/repository/${await id("repositories")}`,
    `/pull-request/${await id("pullRequests")}?tab=files`, `/pull-request/${await id("pullRequests")}`, `/change/${await id("commits")}`,
    "/lineage", `/lineage/${await id("promotions")}`, `/lineage/${await id("promotions")}?view=table`, "/activity", "/insights", "/explorer",
    `/compare?kind=environment&from=${await id("environments")}&to=${await id("environments")}`, "/nothing-here",
  ];
  const found = [];
  for (const scheme of ["light", "dark"]) {
    const page = await browser.page(server, server.token("ada"), { scheme });
    await isLive(page);
    for (const path of paths) {
      await page.goto(server.url + path);
      await page.getByRole("heading").first().waitFor();
      await page.getByText("Loading", { exact: true }).first().waitFor({ state: "detached" });
      for (const violation of await violations(page)) found.push(`${scheme} ${path}: ${violation}`);
    }
    assert.deepEqual(page.failures, []);
  }
  assert.deepEqual(found, []);
});
