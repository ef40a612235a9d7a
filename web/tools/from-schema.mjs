// Writes what the documents alone do not tell: src/gql/keyless.ts, the types whose objects have no id, which the cache
// keeps in their parents; and src/gql/enums.ts, every enum of the schema.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { buildSchema, isEnumType, isObjectType } from "graphql";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const schema = buildSchema(readFileSync(here("../../schema/schema.graphql"), "utf8"));
const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith("__"));
const roots = new Set(["Query", "Mutation", "Subscription"]);

const keyless = types
  .filter((type) => isObjectType(type) && !roots.has(type.name))
  .filter((type) => !type.getFields().id || type.name === "Actor")
  .map((type) => type.name)
  .sort();
writeFileSync(
  here("../src/gql/keyless.ts"),
  `/** Types whose objects have no id of their own. Generated. */\nexport const KEYLESS: readonly string[] = ${JSON.stringify(keyless)};\n`,
);

const enums = types.filter(isEnumType).map((type) => {
  const values = type.getValues().map((value) => JSON.stringify(value.name));
  return `export const ${type.name} = [${values.join(", ")}] as const;\nexport type ${type.name} = (typeof ${type.name})[number];\n`;
});
writeFileSync(here("../src/gql/enums.ts"), `/** Every enum of the schema, as values and as a type. Generated. */\n\n${enums.join("\n")}`);
