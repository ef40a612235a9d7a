// Makes dist/: the sources, a package.json cut down to what runs, and build-info.json with the digest of every file.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { filesBelow } from "./files.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const { name, version, description, license, type, main, engines } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
cpSync(join(root, "src"), join(dist, "src"), { recursive: true });
const manifest = { name, version, description, license, private: true, type, main, engines };
writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const files = Object.fromEntries(
  filesBelow(dist, ".").map((path) => [
    path,
    `sha256:${createHash("sha256").update(readFileSync(join(dist, path))).digest("hex")}`,
  ]),
);
// No time and no host: the same sources give the same bytes.
writeFileSync(join(dist, "build-info.json"), `${JSON.stringify({ name, version, files }, null, 2)}\n`);
console.log(`build: ${name} ${version}, ${Object.keys(files).length} files in dist/`);
