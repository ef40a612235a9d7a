// Fails when the JavaScript of the first view, compressed, is larger than what the page may cost.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT = 300_000;
const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, "utf8"));

/** The chunk and everything that it imports at once. */
function chunks(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const next of manifest[key].imports ?? []) chunks(next, found);
  return found;
}

const first = new Set([...chunks("index.html"), ...chunks("src/views/board/index.tsx")]);
let total = 0;
for (const key of first) total += gzipSync(readFileSync(dist + manifest[key].file)).length;
console.log(`first view: ${(total / 1000).toFixed(1)} kB of compressed JavaScript in ${first.size} files (limit ${LIMIT / 1000} kB)`);
if (total > LIMIT) process.exit(1);
