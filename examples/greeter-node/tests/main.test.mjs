import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.mjs", import.meta.url));

function start(settings) {
  return spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test("the process listens on a free port, greets, and stops cleanly on SIGTERM", async () => {
  const child = start({ PORT: "0", DEFAULT_LANGUAGE: "is", LOG_LEVEL: "info" });
  try {
    const exited = once(child, "exit");
    const lines = createInterface({ input: child.stdout });
    const [first] = await once(lines, "line");
    const { message, port } = JSON.parse(first);
    assert.equal(message, "listening");
    const answer = await fetch(`http://127.0.0.1:${port}/greetings/Ada`);
    assert.equal((await answer.json()).greeting, "Halló, Ada!");
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  } finally {
    child.kill("SIGKILL");
  }
});

test("the process refuses to start with a wrong setting and says which", async () => {
  const child = start({ PORT: "http" });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(stderr, /PORT: must be a number/);
});
