// Every way in which the server closes a socket of `graphql-transport-ws`.
import WebSocket from 'ws';
import { WATCH, ask, assert, check, finish, token, url, within } from './harness.mjs';

const PROTOCOL = 'graphql-transport-ws';
const INIT = { type: 'connection_init', payload: { Authorization: `Bearer ${token}` } };

function subscribe(id) {
  return { id, type: 'subscribe', payload: { query: WATCH } };
}

async function open(protocols = [PROTOCOL]) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols);
  const messages = [];
  let wake = () => {};
  socket.on('message', (data) => {
    messages.push(JSON.parse(data));
    wake();
  });
  const closed = new Promise((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await within('open', new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  }));
  return {
    socket,
    say: (message) => socket.send(typeof message === 'object' ? JSON.stringify(message) : message),
    async hear(type) {
      for (;;) {
        const at = messages.findIndex((message) => message.type === type);
        if (at >= 0) return messages.splice(at, 1)[0];
        await within(type, new Promise((resolve) => (wake = resolve)));
      }
    },
    closed: () => within('closed', closed),
  };
}

async function begun() {
  const connection = await open();
  connection.say(INIT);
  await connection.hear('connection_ack');
  return connection;
}

async function closes(connection, code) {
  const closed = await connection.closed();
  assert.equal(closed.code, code, closed.reason);
  assert.ok(closed.reason.length > 0, 'it says why');
}

for (const [what, text] of [
  ['that is not JSON', 'hello'],
  ['of no known type', '{"type":"start","id":"1"}'],
  ['without its id', '{"type":"subscribe","payload":{"query":"{a}"}}'],
  ['with an empty id', '{"type":"subscribe","id":"","payload":{"query":"{a}"}}'],
  ['without its payload', '{"type":"subscribe","id":"1"}'],
]) {
  await check(`4400: a message ${what}`, async () => {
    const connection = await begun();
    connection.say(text);
    await closes(connection, 4400);
  });
}

await check('4400: a binary message', async () => {
  const connection = await begun();
  connection.socket.send(Buffer.from(JSON.stringify(subscribe('1'))));
  await closes(connection, 4400);
});

await check('4401: an operation before the connection is acknowledged', async () => {
  const connection = await open();
  connection.say(subscribe('1'));
  await closes(connection, 4401);
});

await check('4403: a token that is refused', async () => {
  const connection = await open();
  connection.say({ ...INIT, payload: { Authorization: 'Bearer nonsense' } });
  await closes(connection, 4403);
});

await check('4403: no token', async () => {
  const connection = await open();
  connection.say({ type: 'connection_init' });
  await closes(connection, 4403);
});

await check('4406: another subprotocol', async () => {
  await closes(await open(['graphql-ws']), 4406);
});

await check('4406: no subprotocol', async () => {
  await closes(await open([]), 4406);
});

await check('4408: a client that does not begin', async () => {
  await closes(await open(), 4408);
});

await check('4409: an id that is in use', async () => {
  const connection = await begun();
  connection.say(subscribe('same'));
  connection.say(subscribe('same'));
  await closes(connection, 4409);
});

await check('4429: a client that begins twice', async () => {
  const connection = await begun();
  connection.say(INIT);
  await closes(connection, 4429);
});

await check('1009: a message that is too big', async () => {
  const connection = await begun();
  connection.say(JSON.stringify({ ...subscribe('1'), more: 'x'.repeat(100_000) }));
  await closes(connection, 1009);
});

await check('an id is free again behind its operation, and a late complete is no fault', async () => {
  const connection = await begun();
  for (const _ of [1, 2]) {
    connection.say({ id: 'q', type: 'subscribe', payload: { query: '{ __typename }' } });
    const next = await connection.hear('next');
    assert.equal(next.id, 'q');
    await connection.hear('complete');
    connection.say({ id: 'q', type: 'complete' });
  }
  connection.say({ type: 'ping', payload: { a: 1 } });
  assert.deepEqual((await connection.hear('pong')).payload, { a: 1 });
  connection.socket.close(1000);
  await connection.closed();
});

await check('1001: the server ends', async () => {
  const idle = await begun();
  const streaming = await begun();
  streaming.say(subscribe('1'));
  await ask('stop');
  await closes(idle, 1001);
  await closes(streaming, 1001);
  await ask('start');
});

finish();
