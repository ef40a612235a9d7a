// The server audits of graphql-http against SLUICE_URL, with SLUICE_TOKEN. Prints a line for each audit that did
// not pass, and ends with 1 when one is a MUST or a SHOULD.
import { auditServer } from 'graphql-http';

const { SLUICE_URL: url, SLUICE_TOKEN: token } = process.env;

const fetchFn = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
};

const results = await auditServer({ url: `${url}/graphql`, fetchFn });
const failed = results.filter((result) => result.status !== 'ok');
for (const { id, name, status, reason } of failed) console.log(`${status} ${id}: ${name}: ${reason}`);
const binding = failed.filter(({ name }) => /^(MUST|SHOULD)\b/.test(name));
console.log(`${results.length} audits, ${failed.length} did not pass, ${binding.length} of them MUST or SHOULD`);
process.exitCode = results.length > 50 && binding.length === 0 ? 0 : 1;
