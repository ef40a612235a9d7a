import { useState } from "react";

import { signIn, signOut, useSession } from "@/api";
import { Button, Checkbox, Dialog, TextField, Time, Troubles } from "@/ui";

import { useProvider } from "./oidc";

function TokenForm() {
  const [token, setToken] = useState("");
  const [remember, setRemember] = useState(false);
  const given = token.trim();
  const wrong = given === "" ? "paste a token first" : /\s/.test(given) ? "a token has no blanks in it" : null;
  return (
    <form className="space-y-3" onSubmit={(event) => {
      event.preventDefault();
      if (!wrong) signIn(given, remember);
    }}>
      <TextField label="Token" type="password" value={token} onChange={setToken} />
      <Checkbox label="Stay signed in on this device" checked={remember} onChange={setRemember} />
      <p className="text-muted">The server prints one when it starts with the demo; <code className="font-mono">sluice token --tenant T --actor A</code> prints others.</p>
      <Button kind="primary" type="submit" reason={wrong}>Sign in</Button>
    </form>
  );
}

function Ways() {
  const { provider, trouble, start } = useProvider();
  return (
    <div className="space-y-4">
      {provider ? <Button kind="primary" onClick={start}>Sign in with {new URL(provider.issuer).host}</Button> : null}
      {trouble ? <Troubles errors={[{ code: "SIGN_IN", message: trouble }]} /> : null}
      {provider ? <details><summary className="text-muted">With a token instead</summary><div className="pt-3"><TokenForm /></div></details> : <TokenForm />}
    </div>
  );
}

export function SignIn() {
  return (
    <main className="mx-auto mt-[14vh] w-[min(26rem,92vw)] rounded-md border border-line bg-panel p-5">
      <h1 className="mb-1 text-xl font-semibold">Sluice</h1>
      <p className="mb-4 text-muted">The whole delivery chain at a glance, from a commit to what runs in production.</p>
      <Ways />
    </main>
  );
}

/** The session ended while the page was open: it stays as it is behind this dialog. */
export function EndedDialog() {
  const { ended } = useSession();
  return (
    <Dialog open={ended !== null} onClose={() => undefined} title="Sign in again" locked>
      <p className="mb-3">{ended} What you were looking at stays as it is.</p>
      <Ways />
    </Dialog>
  );
}

export function Viewer() {
  const { actor, tenant, expiresAt } = useSession();
  return (
    <span className="flex items-center gap-2 text-muted">
      <span>{actor ?? "signed in"}{tenant ? ` · ${tenant}` : ""}</span>
      {expiresAt && expiresAt - Date.now() < 900_000 ? <span className="text-warn"><Time at={expiresAt} prefix="token ends " /></span> : null}
      <Button kind="bare" onClick={signOut}>Sign out</Button>
    </span>
  );
}
