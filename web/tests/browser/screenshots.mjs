// Takes the pictures of docs/dashboard/ from a server with the demo. Argument: the folder to write to.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";

import { Browser, ROOT, Server, isLive, until } from "./support.mjs";

const folder = resolve(process.argv[2] ?? `${ROOT}/docs/dashboard`);
mkdirSync(folder, { recursive: true });
const server = await Server.start();
const browser = await Browser.start();
try {
  await server.ship("ada", ["--to", "prod", "--approve-as", "bob", "--data-dir", server.folder]);
  const first = async (field, more = "") => (await server.query("ada", `{ found: ${field}(first: 1${more}) { nodes { id } } }`)).found.nodes[0].id;
  const run = await first("pipelineRuns");
  const views = {
    board: "/", runs: "/runs", run: `/run/${run}`, log: `/run/${run}?tab=log`, releases: "/releases", release: `/release/${await first("releases")}`,
    environments: "/environments", environment: `/environment/${await first("environments", ", filter: { name: \"prod\" }")}`,
    change: `/change/${await first("commits")}`, lineage: `/lineage/${await first("promotions")}`, repositories: "/repositories",
    "pull-request": `/pull-request/${await first("pullRequests")}`, activity: "/activity", insights: "/insights",
  };
  for (const scheme of ["light", "dark"]) {
    const page = await browser.page(server, server.token("ada"), { scheme, width: 1280, height: 720 });
    await isLive(page);
    for (const [name, path] of Object.entries(views)) {
      if (scheme === "dark" && !["board", "run"].includes(name)) continue;
      await page.goto(server.url + path);
      await page.getByRole("heading").first().waitFor();
      await isLive(page);
      await until("nothing loads any more", async () => (await page.getByText("Loading", { exact: true }).count()) === 0);
      await page.screenshot({ path: `${folder}/${name}${scheme === "dark" ? "-dark" : ""}.png`, animations: "disabled" });
    }
  }
} finally {
  await browser.finish();
  await server.finish();
}
