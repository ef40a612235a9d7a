// Signing in, and what users read when the session or the connection ends.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, Server, isLive, until, violations } from "./support.mjs";

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await Browser.start();
});

after(async () => {
  await browser?.finish();
  await server?.finish();
});

test("without a token the page asks for one, and an address may bring it", async () => {
  const page = await browser.page(server, null);
  await page.getByRole("heading", { name: "Sluice" }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByLabel("Token").fill(server.token("ada"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await isLive(page);
  const brought = await browser.page(server, server.token("bob"));
  await isLive(brought);
  assert.equal(new URL(brought.url()).hash, "");
  await brought.getByText("bob · acme").waitFor();
  assert.deepEqual([...page.failures, ...brought.failures], []);
});

test("a token that is not good is refused in words", async () => {
  const page = await browser.page(server, null);
  await page.getByLabel("Token").fill("x.y.z");
  await page.getByRole("button", { name: "Sign in" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByText("Your session has ended").waitFor();
});

test("a token that expires ends the session in words, and a new one goes on where the page was", async () => {
  const page = await browser.page(server, server.token("ada", ["--ttl", "8s"]), { path: "/releases" });
  await isLive(page);
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByText("Your session has ended").waitFor({ timeout: 60_000 });
  await dialog.getByLabel("Token").fill(server.token("ada"));
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.waitFor({ state: "detached" });
  await isLive(page);
  assert.equal(new URL(page.url()).pathname, "/releases");
  assert.deepEqual(page.failures, []);
});

test("a broken stream is told, and goes on without a reload when the server is back", async () => {
  const page = await browser.page(server, server.token("ada"));
  await isLive(page);
  await page.evaluate(() => (globalThis.sameDocument = true));
  await server.kill();
  await page.getByText(/Stale since/).waitFor();
  await server.serve();
  await isLive(page);
  const input = { projectId: "web", name: "after-the-restart" };
  await server.query("ada", "mutation($input: ProvisionRepositoryInput!) { provisionRepository(input: $input) { repository { id } } }", { input });
  await page.getByLabel("Project").waitFor();
  await until("the new project is there", async () => (await page.getByLabel("Project").inputValue()) === "web");
  assert.equal(await page.evaluate(() => globalThis.sameDocument), true);
  assert.deepEqual(page.failures, []);
});
