import { useEffect, useState } from "react";

import { signIn } from "@/api";

/** The identity provider that the server trusts, where it names a client for the dashboard. */
export interface Provider {
  issuer: string;
  clientId: string;
  audience: string;
}

const PENDING = "sluice.sign-in";

const isProvider = (value: unknown): value is Provider =>
  typeof value === "object" && value !== null && ["issuer", "clientId", "audience"].every((name) => typeof Reflect.get(value, name) === "string");

async function provider(): Promise<Provider | null> {
  const answer = await fetch("/dashboard.json");
  const settings: unknown = await answer.json();
  const found: unknown = typeof settings === "object" && settings !== null ? Reflect.get(settings, "signIn") : null;
  return isProvider(found) ? found : null;
}

async function endpoints({ issuer }: Provider): Promise<{ authorize: string; token: string }> {
  const answer = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const found: { authorization_endpoint?: unknown; token_endpoint?: unknown } = await answer.json();
  if (typeof found.authorization_endpoint !== "string" || typeof found.token_endpoint !== "string") throw new Error("the identity provider names no endpoints");
  return { authorize: found.authorization_endpoint, token: found.token_endpoint };
}

const encoded = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const secret = (): string => encoded(crypto.getRandomValues(new Uint8Array(32)));
const here = (): string => `${window.location.origin}/`;

/** Goes to the provider: authorization code with PKCE (RFC 7636). */
async function begin(at: Provider): Promise<void> {
  const { authorize } = await endpoints(at);
  const [verifier, state] = [secret(), secret()];
  window.sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, back: window.location.pathname + window.location.search }));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  const query = new URLSearchParams({
    response_type: "code", client_id: at.clientId, redirect_uri: here(), scope: "openid", audience: at.audience, state,
    code_challenge: encoded(digest), code_challenge_method: "S256",
  });
  window.location.assign(`${authorize}?${query}`);
}

// The provider sent the user back with a code, if the state is the one that was sent along, or says why not.
async function finish(at: Provider): Promise<void> {
  const query = new URLSearchParams(window.location.search);
  const [code, state] = [query.get("code"), query.get("state")];
  const pending: { verifier?: string; state?: string; back?: string } = JSON.parse(window.sessionStorage.getItem(PENDING) ?? "{}");
  if (!state || state !== pending.state || !pending.verifier) return;
  window.sessionStorage.removeItem(PENDING);
  if (!code) throw new Error(query.get("error_description") ?? query.get("error") ?? "it gave no reason");
  const { token } = await endpoints(at);
  const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: here(), client_id: at.clientId, code_verifier: pending.verifier });
  const answer = await fetch(token, { method: "POST", body });
  const found: { access_token?: unknown } = await answer.json();
  if (typeof found.access_token !== "string") throw new Error("the identity provider gave no token");
  window.history.replaceState(null, "", pending.back ?? "/");
  signIn(found.access_token, false);
}

const wordsOf = (error: unknown): string => `Signing in there failed: ${error instanceof Error ? error.message : String(error)}.`;

export interface ProviderSignIn {
  /** Null while it is not known, and where there is none. */
  provider: Provider | null;
  /** Why signing in there failed, in words. */
  trouble: string | null;
  /** Leaves the page for the provider's. */
  start: () => void;
}

/** The provider, once it is known; finishes a sign-in that comes back from it. */
export function useProvider(): ProviderSignIn {
  const [found, setFound] = useState<Provider | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => {
    const back = async () => {
      // A server that names no provider, or does not answer yet, leaves the way by token.
      const at = await provider().catch(() => null);
      setFound(at);
      if (at) await finish(at);
    };
    back().catch((error: unknown) => setTrouble(wordsOf(error)));
  }, []);
  const start = () => {
    setTrouble(null);
    if (found) begin(found).catch((error: unknown) => setTrouble(wordsOf(error)));
  };
  return { provider: found, trouble, start };
}
