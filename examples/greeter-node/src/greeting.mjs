import { CATALOGUE } from "./catalogue.mjs";

/** The longest name that is greeted, in characters as a reader counts them. */
export const MAX_NAME_LENGTH = 80;

/** A request that breaks a rule; `field` and `rule` say which. */
export class InvalidInput extends Error {
  constructor(field, rule) {
    super(`${field}: ${rule}`);
    this.name = "InvalidInput";
    this.field = field;
    this.rule = rule;
  }
}

/** The languages on offer, sorted. */
export function languages() {
  return [...CATALOGUE.keys()].sort();
}

/** `de-AT` → `de` when it is on offer, else `undefined`. */
export function supported(tag) {
  const primary = String(tag).trim().toLowerCase().split("-")[0];
  return CATALOGUE.has(primary) ? primary : undefined;
}

/** Trims and normalises a name; throws `InvalidInput` when nobody can be called that. */
export function cleanName(value) {
  if (typeof value !== "string") throw new InvalidInput("name", "must be a string");
  const name = value.normalize("NFC").trim().replace(/ {2,}/g, " ");
  if (name === "") throw new InvalidInput("name", "must not be empty");
  if ([...name].length > MAX_NAME_LENGTH) {
    throw new InvalidInput("name", `must have at most ${MAX_NAME_LENGTH} characters`);
  }
  if (/\p{Cc}/u.test(name)) throw new InvalidInput("name", "must not hold control characters");
  return name;
}

/** Greets one person: `{ name, language, greeting }`. */
export function greet(value, language) {
  const name = cleanName(value);
  const chosen = supported(language);
  if (chosen === undefined) {
    throw new InvalidInput("language", `must be one of ${languages().join(", ")}`);
  }
  // A replacer function, because "$&" in a name is a name and no pattern.
  const greeting = CATALOGUE.get(chosen).replace("{name}", () => name);
  return { name, language: chosen, greeting };
}
