const RANK = { debug: 0, info: 1, warn: 2, error: 3 };

/** A logger that writes one JSON object a line to `stream` and drops what is below `level`. */
export function createLog(level, stream) {
  const write = (at, message, fields) => {
    if (RANK[at] < RANK[level]) return;
    stream.write(`${JSON.stringify({ time: new Date().toISOString(), level: at, message, ...fields })}\n`);
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}
