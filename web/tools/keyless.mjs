// Writes src/gql/keyless.ts: the types whose objects have no id, so that the cache keeps them in their parents.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { buildSchema, isObjectType } from "graphql";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const schema = buildSchema(readFileSync(here("../../schema/schema.graphql"), "utf8"));
const roots = new Set(["Query", "Mutation", "Subscription"]);
const keyless = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith("__") && !roots.has(type.name))
  .filter((type) => !type.getFields().id || type.name === "Actor")
  .map((type) => type.name)
  .sort();
const text = `/** Types whose objects have no id of their own. Generated. */\nexport const KEYLESS: readonly string[] = ${JSON.stringify(keyless)};\n`;
writeFileSync(here("../src/gql/keyless.ts"), text);
