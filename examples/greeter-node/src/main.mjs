import { readConfig } from "./config.mjs";
import { createLog } from "./log.mjs";
import { createApp } from "./server.mjs";

const config = readConfig(process.env);
const log = createLog(config.logLevel, process.stdout);
const state = { draining: false };
const server = createApp({ config, log, state });

server.listen(config.port, config.host, () => {
  const { address, port } = server.address();
  log.info("listening", { address, port });
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    state.draining = true;
    log.info("stopping", { signal });
    server.close();
    server.closeIdleConnections();
  });
}
