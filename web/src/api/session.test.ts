import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const encoded = (value: unknown): string => btoa(JSON.stringify(value)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const tokenOf = (claims: Record<string, unknown>): string => `${encoded({ alg: "HS256" })}.${encoded(claims)}.signature`;

const listening: EventListenerOrEventListenerObject[] = [];
const add = window.addEventListener.bind(window);

/** The module as a fresh page has it. */
async function page(address = "/"): Promise<typeof import("./session")> {
  window.history.replaceState(null, "", address);
  vi.resetModules();
  // Each test is a page of its own: the ones before listen no longer.
  for (const old of listening.splice(0)) window.removeEventListener("hashchange", old);
  vi.spyOn(window, "addEventListener").mockImplementation((name: string, listener: EventListenerOrEventListenerObject) => {
    if (name === "hashchange") listening.push(listener);
    add(name, listener);
  });
  return await import("./session");
}

beforeEach(() => {
  window.sessionStorage.clear();
  window.localStorage.clear();
});
afterEach(() => vi.useRealTimers());

describe("the session", () => {
  it("takes a token from the address once, and out of the address", async () => {
    const token = tokenOf({ sub: "ada", tenant: "acme" });
    const { session } = await page(`/runs?status=FAILED#token=${token}`);
    expect(session.get()).toMatchObject({ token, actor: "ada", tenant: "acme", ended: null });
    expect(window.location.href).not.toContain("token");
    expect(window.location.search).toBe("?status=FAILED");
    const again = await page("/");
    expect(again.session.get().token).toBe(token);
  });

  it("takes a token from a link that is opened while the page is open", async () => {
    const { session } = await page("/releases");
    expect(session.get().token).toBeNull();
    window.location.hash = "#token=later";
    window.dispatchEvent(new Event("hashchange"));
    expect(session.get().token).toBe("later");
    expect(window.location.hash).toBe("");
  });

  it("keeps a token over the browser's end only when asked to", async () => {
    const first = await page();
    first.signIn("one", false);
    window.sessionStorage.clear();
    const second = await page();
    expect(second.session.get().token).toBeNull();
    second.signIn("two", true);
    window.sessionStorage.clear();
    const third = await page();
    expect(third.session.get().token).toBe("two");
    third.signOut();
    expect((await page()).session.get().token).toBeNull();
  });

  it("forgets the remembered token when another signs in for this session alone", async () => {
    const first = await page();
    first.signIn("one", true);
    first.signIn("two", false);
    window.sessionStorage.clear();
    expect((await page()).session.get().token).toBeNull();
  });

  it("reads names that are not ASCII, and takes opaque tokens as they are", async () => {
    const { read } = await page();
    const bytes = String.fromCharCode(...new TextEncoder().encode(JSON.stringify({ sub: "Zoë", exp: 2_000_000_000 })));
    expect(read(`e30.${btoa(bytes)}.s`)).toMatchObject({ actor: "Zoë", expiresAt: 2_000_000_000_000 });
    expect(read("opaque")).toMatchObject({ token: "opaque", actor: null, expiresAt: null });
    expect(read("a.not-base64!.c")).toMatchObject({ actor: null });
  });

  it("says so when the token ends", async () => {
    vi.useFakeTimers();
    const { session, signIn } = await page();
    signIn(tokenOf({ sub: "ada", exp: Math.floor(Date.now() / 1000) + 60 }), false);
    vi.advanceTimersByTime(30_000);
    expect(session.get().ended).toBeNull();
    vi.advanceTimersByTime(31_000);
    expect(session.get().ended).toContain("Your session has ended");
    expect(session.get().token).not.toBeNull();
  });

  it("takes two tokens of one person for the same person", async () => {
    const { read, samePerson } = await page();
    const one = read(tokenOf({ sub: "ada", tenant: "acme", iat: 1 }));
    expect(samePerson(one, read(tokenOf({ sub: "ada", tenant: "acme", iat: 2 })))).toBe(true);
    expect(samePerson(one, read(tokenOf({ sub: "ada", tenant: "other" })))).toBe(false);
    expect(samePerson(read("opaque"), read("opaque"))).toBe(false);
  });
});
