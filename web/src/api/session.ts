import { createStore, useStore } from "./store";

/** Who is signed in, as far as the token itself says; the server judges it. */
export interface Session {
  token: string | null;
  actor: string | null;
  tenant: string | null;
  /** Milliseconds since 1970. */
  expiresAt: number | null;
  /** Why the user must sign in again, in words. */
  ended: string | null;
}

const KEY = "sluice.token";
const NOBODY: Session = { token: null, actor: null, tenant: null, expiresAt: null, ended: null };

/** What the token says of itself; an opaque one says nothing. */
export function read(token: string): Session {
  const session = { ...NOBODY, token };
  const [, payload] = token.split(".");
  if (!payload) return session;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (it) => it.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return session;
    const text = (name: string) => {
      const value: unknown = Reflect.get(claims, name);
      return typeof value === "string" ? value : null;
    };
    const exp: unknown = Reflect.get(claims, "exp");
    return { ...session, actor: text("sub"), tenant: text("tenant"), expiresAt: typeof exp === "number" ? exp * 1000 : null };
  } catch {
    return session;
  }
}

/** Whether both tokens name the same person of the same tenant. */
export function samePerson(one: Session, other: Session): boolean {
  return one.actor !== null && one.actor === other.actor && one.tenant === other.tenant;
}

/** A token handed over in the address, as `#token=…`; it leaves the address at once. */
function fromAddress(): string | null {
  const found = /^#token=([^&]+)$/.exec(window.location.hash);
  if (!found?.[1]) return null;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return decodeURIComponent(found[1]);
}

function kept(): string | null {
  return window.sessionStorage.getItem(KEY) ?? window.localStorage.getItem(KEY);
}

function initial(): Session {
  const given = fromAddress();
  if (given) window.sessionStorage.setItem(KEY, given);
  const token = given ?? kept();
  return token ? read(token) : NOBODY;
}

export const session = createStore<Session>(initial());

/** Signs in; `remember` keeps the token when the browser is closed. */
export function signIn(token: string, remember: boolean): void {
  window.sessionStorage.setItem(KEY, token);
  // What was remembered before is another session: it must not come back.
  if (remember) window.localStorage.setItem(KEY, token);
  else window.localStorage.removeItem(KEY);
  session.set(read(token));
}

export function signOut(): void {
  window.sessionStorage.removeItem(KEY);
  window.localStorage.removeItem(KEY);
  session.set(NOBODY);
}

/** The server refused the token: the views stay, and a dialog asks to sign in again. */
export function endSession(why: string): void {
  const now = session.get();
  if (now.token && !now.ended) session.set({ ...now, ended: why });
}

/** The longest that a timer can wait, in milliseconds. */
const LONGEST = 2 ** 31 - 1;
let ending: ReturnType<typeof setTimeout> | undefined;

// The token says when it ends: the user is told then, and not only when something fails.
function watchEnd(): void {
  clearTimeout(ending);
  const { expiresAt, ended } = session.get();
  if (expiresAt === null || ended) return;
  const left = Math.max(0, expiresAt - Date.now());
  ending = setTimeout(() => (left > LONGEST ? watchEnd() : endSession("Your session has ended: the token was good until now.")), Math.min(left, LONGEST));
}

session.subscribe(watchEnd);
watchEnd();

// A link with a token that is opened where the page is open already changes the address alone.
window.addEventListener("hashchange", () => {
  const given = fromAddress();
  if (given) signIn(given, false);
});

export const useSession = (): Session => useStore(session);
