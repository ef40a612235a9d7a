// Checks every source: it must parse, and keep to the few rules of form below. Exit code 1 on a finding.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { filesBelow } from "./files.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const MAX_LINE_LENGTH = 130;

function findings(path) {
  const text = readFileSync(join(root, path), "utf8");
  const found = [];
  const report = (line, message) => found.push(`${path}:${line}: ${message}`);
  text.split("\n").forEach((line, index) => {
    if (/[ \t]$/.test(line)) report(index + 1, "white space at the end of the line");
    if (line.includes("\t")) report(index + 1, "a tab");
    if (line.includes("\r")) report(index + 1, "a carriage return");
    if (line.length > MAX_LINE_LENGTH) report(index + 1, `longer than ${MAX_LINE_LENGTH} characters`);
    if (/^\s*debugger;/.test(line)) report(index + 1, "a debugger statement");
    if (path.startsWith("src/") && /\bconsole\./.test(line)) report(index + 1, "console instead of the log");
  });
  if (!text.endsWith("\n")) report(text.split("\n").length, "no line end at the end of the file");
  const check = spawnSync(process.execPath, ["--check", join(root, path)], { encoding: "utf8" });
  if (check.status !== 0) report(1, `does not parse\n${check.stderr.trim()}`);
  return found;
}

const sources = ["src", "tests", "tools"]
  .flatMap((folder) => filesBelow(root, folder))
  .filter((path) => path.endsWith(".mjs"));
const all = sources.flatMap(findings);
for (const finding of all) console.error(finding);
console.log(`lint: ${sources.length} files, ${all.length} findings`);
process.exitCode = all.length === 0 ? 0 : 1;
