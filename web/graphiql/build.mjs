// Makes dist/, which the server embeds: our page and the pinned UMD files of GraphiQL and React. No bundler.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = join(here, "node_modules");
const dist = join(here, "dist");

const VENDORED = [
  "graphiql/graphiql.min.js",
  "graphiql/graphiql.min.css",
  "react/umd/react.production.min.js",
  "react-dom/umd/react-dom.production.min.js",
];
const LICENCED = ["graphiql", "graphql", "react", "react-dom"];

function fileName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Source maps are not shipped, so the pointers to them go. */
function withoutSourceMap(text) {
  return text.replace(/\n?\/[/*]# sourceMappingURL=[^\n]*\n?$/, "\n");
}

function licences() {
  return LICENCED.map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8")}`;
  }).join("\n----\n\n");
}

mkdirSync(dist, { recursive: true });
for (const name of readdirSync(dist)) {
  if (name !== ".gitkeep") rmSync(join(dist, name), { recursive: true });
}
for (const path of VENDORED) {
  writeFileSync(join(dist, fileName(path)), withoutSourceMap(readFileSync(join(modules, path), "utf8")));
}
for (const name of readdirSync(join(here, "src"))) copyFileSync(join(here, "src", name), join(dist, name));
writeFileSync(join(dist, "THIRD-PARTY.txt"), licences());
console.log(`graphiql: ${readdirSync(dist).length - 1} files in dist/`);
