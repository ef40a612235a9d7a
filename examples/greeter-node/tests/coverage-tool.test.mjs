import assert from "node:assert/strict";
import { test } from "node:test";

import { parseLcov, toCobertura } from "../tools/lcov-to-cobertura.mjs";

const LCOV = `TN:
SF:src/a.mjs
BRDA:2,0,0,1
BRDA:2,0,1,0
DA:1,3
DA:2,0
end_of_record
SF:tests/a.test.mjs
DA:1,1
end_of_record
`;

test("lines and branches are read per file", () => {
  const [first, second] = parseLcov(LCOV);
  assert.equal(first.path, "src/a.mjs");
  assert.deepEqual([...first.lines], [[1, 3], [2, 0]]);
  assert.deepEqual(first.branches.get(2), { covered: 1, total: 2 });
  assert.equal(second.path, "tests/a.test.mjs");
});

test("the totals of the Cobertura file are those of its lines", () => {
  const xml = toCobertura(parseLcov(LCOV).filter((file) => file.path.startsWith("src/")));
  assert.match(xml, /<coverage line-rate="0.5" branch-rate="0.5" lines-covered="1" lines-valid="2"/);
  assert.match(xml, /<line number="2" hits="0" branch="true" condition-coverage="50% \(1\/2\)"\/>/);
  assert.doesNotMatch(xml, /a\.test\.mjs/);
});

test("names are escaped", () => {
  const xml = toCobertura([{ path: 'src/<&">.mjs', lines: new Map([[1, 1]]), branches: new Map() }]);
  assert.match(xml, /filename="src\/&lt;&amp;&quot;&gt;\.mjs"/);
});
