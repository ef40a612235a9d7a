// Packs dist/ into out/<name>-<version>.tgz. The archive is deterministic: sorted entries, no times, no owners.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { filesBelow } from "./files.mjs";

const BLOCK = 512;

/** The header block of one regular file, in the ustar format. */
function header(path, size) {
  if (Buffer.byteLength(path) > 100) throw new Error(`${path}: longer than an archive entry may be`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value, width) => `${value.toString(8).padStart(width - 1, "0")}\0`;
  block.write(path, 0);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(" ".repeat(8), 148);
  block.write("0", 156);
  block.write("ustar\0" + "00", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function archive(root, paths) {
  const blocks = paths.flatMap((path) => {
    const content = readFileSync(join(root, path));
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(`package/${path}`, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
if (!existsSync(join(dist, "build-info.json"))) {
  console.error("package: dist/ is missing; run tools/build.mjs first");
  process.exit(1);
}
const { name, version } = JSON.parse(readFileSync(join(dist, "package.json"), "utf8"));
const bytes = gzipSync(archive(dist, filesBelow(dist, ".")), { level: 9 });
const out = join(root, "out");
rmSync(out, { recursive: true, force: true });
mkdirSync(out);
writeFileSync(join(out, `${name}-${version}.tgz`), bytes);
const digest = createHash("sha256").update(bytes).digest("hex");
console.log(`package: out/${name}-${version}.tgz, ${bytes.length} bytes, sha256:${digest}`);
