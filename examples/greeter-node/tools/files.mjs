import { readdirSync } from "node:fs";
import { join, posix } from "node:path";

/** The files below `folder` (relative to `root`, with `/`), sorted, so that every use of them is repeatable. */
export function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(root, path) : [path];
    })
    .sort();
}
