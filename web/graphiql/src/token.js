// The bearer token lives in this tab only: sessionStorage, never localStorage, never a cookie.

const KEY = "sluice.token";

/**
 * Takes `#token=…` out of an address: `{ token, address }`, where `address` no longer holds it.
 * `token` is undefined when the fragment has none.
 */
export function takeToken(href) {
  const url = new URL(href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  const token = clean(fragment.get("token"));
  if (fragment.has("token")) {
    fragment.delete("token");
    url.hash = fragment.toString();
  }
  return { token, address: url.href };
}

/** A pasted token without blanks and without a leading `Bearer`; undefined when nothing is left. */
export function clean(text) {
  const token = (text ?? "").trim().replace(/^Bearer\s+/i, "");
  return token === "" ? undefined : token;
}

/** Whose token it is, for showing only: the server alone judges it. Undefined when it is no JWT. */
export function describe(token) {
  try {
    const base64 = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    const until = typeof claims.exp === "number" ? new Date(claims.exp * 1000) : undefined;
    return { subject: claims.sub, tenant: claims.tenant, until };
  } catch {
    return undefined;
  }
}

export function load(storage) {
  return clean(storage.getItem(KEY));
}

export function save(storage, token) {
  if (token === undefined) storage.removeItem(KEY);
  else storage.setItem(KEY, token);
}
