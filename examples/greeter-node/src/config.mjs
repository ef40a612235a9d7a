import { supported } from "./greeting.mjs";

const LOG_LEVELS = ["debug", "info", "warn", "error"];

/** Reads the settings from an environment; throws an `Error` that names the variable and the rule. */
export function readConfig(env) {
  return {
    host: env.HOST ?? "127.0.0.1",
    port: readPort(env.PORT ?? "8080"),
    defaultLanguage: readLanguage(env.DEFAULT_LANGUAGE ?? "en"),
    logLevel: readLogLevel(env.LOG_LEVEL ?? "info"),
  };
}

function readPort(text) {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65535)) throw new Error(`PORT: must be a number from 0 to 65535, got "${text}"`);
  return port;
}

function readLanguage(text) {
  const language = supported(text);
  if (language === undefined) throw new Error(`DEFAULT_LANGUAGE: "${text}" is not on offer`);
  return language;
}

function readLogLevel(text) {
  if (!LOG_LEVELS.includes(text)) {
    throw new Error(`LOG_LEVEL: must be one of ${LOG_LEVELS.join(", ")}, got "${text}"`);
  }
  return text;
}
