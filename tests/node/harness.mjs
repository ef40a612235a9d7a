// What the scripts have in common. The test that starts them reads their lines: one that begins
// with `@` asks it for something, and is answered with `ok` on stdin.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

export { assert, delay };
export const url = `${process.env.SLUICE_URL}/graphql`;
export const token = process.env.SLUICE_TOKEN;
// Events that a killed server had in hand come when its leases are over: a minute.
const PATIENCE = 150_000;

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the test: `kill`, `stop` or `start` the server. */
export async function ask(what) {
  console.log(`@${what}`);
  const { value } = await answers.next();
  assert.equal(value, 'ok');
}

/** Waits for a promise, but not for ever. */
export async function within(what, promise, patience = PATIENCE) {
  const over = new AbortController();
  const late = delay(patience, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not within ${patience} ms: ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}

/** Waits until a condition holds. */
export async function until(what, condition) {
  const end = Date.now() + PATIENCE;
  while (!condition()) {
    assert.ok(Date.now() < end, `not within ${PATIENCE} ms: ${what}`);
    await delay(10);
  }
}

let failed = 0;

/** Runs one check, which states a property. */
export async function check(property, work) {
  try {
    await within(property, work(), 3 * PATIENCE);
    console.log(`ok   ${property}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${property}`);
    console.log(error?.stack ?? JSON.stringify(error));
  }
}

/** Ends the script; what still runs is cut off. */
export function finish() {
  process.exit(failed === 0 ? 0 : 1);
}

/** Sends an operation in one HTTP request. */
export async function send(query, variables) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

export const PROVISION = `mutation Provision($input: ProvisionRepositoryInput!) {
  provisionRepository(input: $input) { repository { name } userErrors { code message } }
}`;

/** Makes something happen that `WATCH` tells. */
export async function provision(name) {
  const data = await send(PROVISION, { input: { projectId: 'web', name } });
  assert.deepEqual(data.provisionRepository.userErrors, []);
}

export const WATCH = `subscription Watch($after: String) {
  deliveryEvents(types: ["RepositoryProvisioned"], projectId: "web", after: $after) {
    __typename
    ... on DeliveryEvent { cursor sequence eventType event { payload } }
    ... on StreamGap { cursor from to reason }
  }
}`;

/** The ledger's end: what comes after it is not told yet. */
export async function head() {
  const data = await send('{ ledger { sequence } }');
  return String(data.ledger.sequence);
}
