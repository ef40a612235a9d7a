// The npm client `graphql-sse` against the server, in the distinct connections mode, and what its
// protocol demands of the bytes.
import { NetworkError, createClient } from 'graphql-sse';
import {
  PROVISION, WATCH, ask, assert, check, delay, finish, head, provision, token, until, url, within,
} from './harness.mjs';

function connect(options) {
  return createClient({
    url,
    headers: () => ({ authorization: `Bearer ${token}` }),
    retryAttempts: 1_000,
    retry: () => delay(100),
    ...options,
  });
}

async function one(client, request) {
  for await (const result of client.iterate(request)) return result;
  return assert.fail('completed without a result');
}

async function stream(variables, headers = {}) {
  const control = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    signal: control.signal,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ query: WATCH, variables }),
  });
  return { response, end: () => control.abort() };
}

/** Events of a stream as `{ event, id, data }`; a comment as `{ comment }`. */
async function* frames(response) {
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let at; (at = text.indexOf('\n\n')) >= 0; text = text.slice(at + 2)) {
      const frame = {};
      for (const line of text.slice(0, at).split('\n')) {
        const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
        frame[field === '' ? 'comment' : field] = value;
      }
      yield frame;
    }
  }
}

async function next(frames) {
  for (;;) {
    const { value, done } = await within('an event', frames.next());
    assert.ok(!done, 'the stream ended');
    if (value.event) return value;
  }
}

const client = connect();

await check('queries and mutations are answered in a stream that completes', async () => {
  const results = [];
  for await (const result of client.iterate({ query: '{ viewer { actor { id } } }' })) {
    results.push(result);
  }
  assert.deepEqual(results.map(({ data }) => data), [{ viewer: { actor: { id: 'ada' } } }]);
  const variables = { input: { projectId: 'web', name: 'over-events' } };
  const told = await one(client, { query: PROVISION, variables });
  assert.equal(told.data.provisionRepository.repository.name, 'over-events');
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
        if (name.startsWith('sse-')) seen.push(name);
      },
      error: reject,
      complete: () => reject(new Error('completed')),
    });
  });
  broken.catch(() => {});
  const saw = (count) =>
    Promise.race([broken, until(`${count} events, not ${seen}`, () => seen.length >= count)]);
  await provision('sse-1');
  await provision('sse-2');
  await saw(2);
  await provision('sse-3');
  await ask('kill');
  await ask('start');
  await provision('sse-4');
  await saw(4);
  await ask('stop');
  await ask('start');
  await provision('sse-5');
  await saw(5);
  assert.deepEqual(seen, ['sse-1', 'sse-2', 'sse-3', 'sse-4', 'sse-5']);
});

await check('who is refused is told by HTTP, what is wrong with the document in the stream', async () => {
  const stranger = connect({ headers: { authorization: 'Bearer nonsense' }, retryAttempts: 0 });
  const refused = await one(stranger, { query: WATCH }).then(assert.fail, (error) => error);
  assert.ok(refused instanceof NetworkError, String(refused));
  assert.equal(refused.response.status, 401);
  const told = [];
  for await (const result of client.iterate({ query: 'subscription { nothing }' })) {
    told.push(result);
  }
  assert.equal(told.length, 1);
  assert.ok(told[0].errors[0].message.includes('nothing'), JSON.stringify(told));
  const broken = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      'content-type': 'application/json',
    },
    body: '{"query":',
  });
  assert.equal(broken.status, 400);
});

await check('Last-Event-ID goes on behind that event, whatever `after` says', async () => {
  const after = await head();
  await provision('id-1');
  await provision('id-2');
  const whole = await stream({ after });
  assert.equal(whole.response.status, 200);
  assert.match(whole.response.headers.get('content-type'), /^text\/event-stream/);
  assert.match(whole.response.headers.get('cache-control'), /no-cache|no-store/);
  const first = frames(whole.response);
  const [one, two] = [await next(first), await next(first)];
  whole.end();
  assert.deepEqual([one.event, two.event], ['next', 'next']);
  assert.equal(JSON.parse(one.data).data.deliveryEvents.event.payload.name, 'id-1');
  assert.ok(one.id && two.id && one.id !== two.id);
  const rest = await stream({ after }, { 'last-event-id': one.id });
  const again = await next(frames(rest.response));
  rest.end();
  assert.equal(again.id, two.id);
  assert.equal(again.data, two.data);
});

await check('a quiet stream gets comments', async () => {
  const quiet = await stream({ after: await head() });
  const all = frames(quiet.response);
  let comments = 0;
  while (comments < 2) {
    const { value } = await within('a comment', all.next());
    comments += 'comment' in value ? 1 : 0;
  }
  quiet.end();
});

await check('what completes says so', async () => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  const events = [];
  for await (const frame of frames(response)) if (frame.event) events.push(frame.event);
  assert.deepEqual(events, ['next', 'complete']);
});

client.dispose();
finish();
