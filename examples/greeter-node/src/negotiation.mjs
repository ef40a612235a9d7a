import { supported } from "./greeting.mjs";

const MAX_HEADER_LENGTH = 1000;

/**
 * Reads an `Accept-Language` header: `[{ tag, quality }]`, best first, order kept among equals.
 * Entries that are malformed or refused (`q=0`) are left out.
 */
export function parseAcceptLanguage(header) {
  if (typeof header !== "string" || header.length > MAX_HEADER_LENGTH) return [];
  return header
    .split(",")
    .map(parseEntry)
    .filter((entry) => entry !== undefined && entry.quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

function parseEntry(text) {
  const [tag, ...parameters] = text.split(";").map((part) => part.trim());
  if (!/^(\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)$/.test(tag)) return undefined;
  const weight = parameters.find((parameter) => /^q=/i.test(parameter));
  if (weight === undefined) return { tag, quality: 1 };
  if (!/^q=(0(\.\d{1,3})?|1(\.0{1,3})?)$/i.test(weight)) return undefined;
  return { tag, quality: Number(weight.slice(2)) };
}

/** The language to answer in: the caller's best supported wish, else `fallback`. */
export function negotiate(header, fallback) {
  for (const { tag } of parseAcceptLanguage(header)) {
    if (tag === "*") return fallback;
    const language = supported(tag);
    if (language !== undefined) return language;
  }
  return fallback;
}
