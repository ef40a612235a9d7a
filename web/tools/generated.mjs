// Writes what the page must know of the schema beside its operations: types whose objects have no id that is unique, so that the
// cache keeps them in their parents, every word for a state, and every type of event.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { buildSchema, isEnumType, isObjectType } from "graphql";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const schema = buildSchema(readFileSync(here("../../schema/schema.graphql"), "utf8"));
const roots = new Set(["Query", "Mutation", "Subscription"]);
const keyless = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith("__") && !roots.has(type.name))
  // The ids of others are unique in their parent at most: every run has a stage "build".
  .filter((type) => !type.getInterfaces().some(({ name }) => name === "Node"))
  .map((type) => type.name)
  .sort();
const text = `/** Types whose objects have no id that is unique. Generated. */\nexport const KEYLESS: readonly string[] = ${JSON.stringify(keyless)};\n`;
writeFileSync(here("../src/gql/keyless.ts"), text);

const STATES = `ApprovalState ArtifactState AttemptOutcome BranchStatus BuildStatus CheckState CommitStatus DriftState HealthStatus
  ImageStatus InfrastructureStatus ManifestStatus Mergeability PackageStatus PipelineStatus PromotionStatus PullRequestStatus
  ReachState RecordResult RecordState ReleaseStatus RepositoryStatus RunOutcome RunStatus SyncOperation SyncStatus
  TestOutcome`.split(/\s+/);
const words = STATES.flatMap((name) => {
  const type = schema.getType(name);
  if (!isEnumType(type)) throw new Error(`the schema has no enum ${name}`);
  return type.getValues().map((value) => value.name);
});
const states = JSON.stringify([...new Set(words)].sort(), null, 2);
writeFileSync(
  here("../src/gql/states.ts"),
  `/** Every word for a state that the API has. Generated. */\nexport const ALL_STATES = ${states} as const;\nexport type AnyState = (typeof ALL_STATES)[number];\n`,
);

const events = readdirSync(here("../../schema/events/"))
  .map((file) => file.replace(".json", ""))
  .filter((name) => name !== "Envelope")
  .sort();
writeFileSync(
  here("../src/gql/events.ts"),
  `/** Every type of event. Generated. */\nexport const EVENT_TYPES = ${JSON.stringify(events, null, 2)} as const;\nexport type EventType = (typeof EVENT_TYPES)[number];\n`,
);
