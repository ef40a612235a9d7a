// The npm client `graphql-ws` against the server: operations of every kind over one socket, and a
// subscription that goes on by cursor when the server was away.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  PROVISION, WATCH, ask, assert, check, delay, finish, head, provision, token, until, url, within,
} from './harness.mjs';

function connect(options) {
  return createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: () => ({ Authorization: `Bearer ${token}` }),
    // Also when nothing listens: the server may be about to come back.
    shouldRetry: () => true,
    retryAttempts: Infinity,
    retryWait: () => delay(100),
    ...options,
  });
}

async function one(client, request) {
  for await (const result of client.iterate(request)) return result;
  return assert.fail('completed without a result');
}

const client = connect();

await check('queries and mutations are answered over the socket', async () => {
  const asked = await one(client, { query: '{ viewer { actor { id } } }' });
  assert.deepEqual(asked.data, { viewer: { actor: { id: 'ada' } } });
  const variables = { input: { projectId: 'web', name: 'over-the-socket' } };
  const told = await one(client, { query: PROVISION, variables });
  assert.equal(told.data.provisionRepository.repository.name, 'over-the-socket');
});

await check('a document that is not valid is an error of its operation alone', async () => {
  const errors = await one(client, { query: '{ nothing }' }).then(assert.fail, (errors) => errors);
  assert.ok(Array.isArray(errors) && errors[0].message.includes('nothing'), JSON.stringify(errors));
  const asked = await one(client, { query: '{ __typename }' });
  assert.ok(asked.data.__typename);
});

await check('two root fields of a subscription are refused', async () => {
  const query = 'subscription { a: buildEvents { __typename } b: buildEvents { __typename } }';
  const errors = await one(client, { query }).then(assert.fail, (errors) => errors);
  assert.ok(Array.isArray(errors), JSON.stringify(errors));
});

await check('a subscription goes on by cursor after a restart: each event once, in order', async () => {
  const request = { query: WATCH, variables: { after: await head() } };
  const seen = [];
  const broken = new Promise((_, reject) => {
    client.subscribe(request, {
      next({ data }) {
        const item = data.deliveryEvents;
        assert.equal(item.__typename, 'DeliveryEvent');
        // The client sends the request as it is then when it connects again.
        request.variables.after = item.cursor;
        const { name } = item.event.payload;
        // What happened before may not have been told yet.
        if (name.startsWith('ws-')) seen.push(name);
      },
      error: reject,
      complete: () => reject(new Error('completed')),
    });
  });
  broken.catch(() => {});
  const saw = (count) =>
    Promise.race([broken, until(`${count} events, not ${seen}`, () => seen.length >= count)]);
  await provision('ws-1');
  await provision('ws-2');
  await saw(2);
  await provision('ws-3');
  await ask('kill');
  await ask('start');
  await provision('ws-4');
  await saw(4);
  await ask('stop');
  await ask('start');
  await provision('ws-5');
  await saw(5);
  assert.deepEqual(seen, ['ws-1', 'ws-2', 'ws-3', 'ws-4', 'ws-5']);
});

await check('the client that unsubscribes is done, and its socket goes on', async () => {
  let cancel;
  const completed = new Promise((resolve, reject) => {
    cancel = client.subscribe({ query: WATCH }, { next() {}, error: reject, complete: resolve });
  });
  cancel();
  await within('completed', completed);
  await one(client, { query: '{ __typename }' });
});

await check('pings are answered in both directions', async () => {
  const told = { ping: 0, pong: 0 };
  const busy = connect({
    lazy: false,
    keepAlive: 200,
    on: { pong: (received) => (told.pong += received ? 1 : 0) },
  });
  await until('the server answers pings', () => told.pong >= 2);
  busy.dispose();
  // One that says nothing is asked whether it is there.
  const quiet = connect({
    lazy: false,
    on: { ping: (received) => (told.ping += received ? 1 : 0) },
  });
  await until('the server asks', () => told.ping >= 2);
  const asked = await one(quiet, { query: '{ __typename }' });
  assert.ok(asked.data, 'its pongs kept the socket open');
  quiet.dispose();
});

client.dispose();
finish();
